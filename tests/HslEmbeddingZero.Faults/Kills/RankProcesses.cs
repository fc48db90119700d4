using System.Globalization;
using System.Text;

namespace HslEmbeddingZero.Faults;

/// <summary>The processes that mpirun of OpenMPI has started, as /proc shows them.</summary>
internal static class RankProcesses
{
    private const string Rank = "OMPI_COMM_WORLD_RANK=";

    /// <summary>The process of each rank, in the order of the ranks. Ranks that have ended or not yet begun are not in it.</summary>
    public static SortedDictionary<int, int> Of(int launcher)
    {
        SortedDictionary<int, int> processes = [];
        foreach (string folder in Directory.GetDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out int process) && ParentOf(process) == launcher && RankOf(process) is { } rank)
                processes[rank] = process;
        }

        return processes;
    }

    /// <summary>Whether a process of the launcher, or one that has outlived it, still runs a rank.</summary>
    public static bool IsLeft(int process) => RankOf(process) is not null;

    /// <summary>Fields after the name, which is in brackets: the state, then the parent.</summary>
    private static int? ParentOf(int process) => Read(process, "stat") is { } stat && stat.LastIndexOf(')') is > 0 and var end
        ? int.Parse(stat[(end + 2)..].Split(' ')[1], CultureInfo.InvariantCulture) : null;

    /// <summary>A process that has ended has no environment any more, even if nobody has asked about its end.</summary>
    private static int? RankOf(int process) => Read(process, "environ")?.Split('\0')
        .FirstOrDefault(variable => variable.StartsWith(Rank, StringComparison.Ordinal)) is { } found
        ? int.Parse(found.AsSpan(Rank.Length), CultureInfo.InvariantCulture) : null;

    private static string? Read(int process, string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{process}/{file}"));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
