using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace HslEmbeddingZero.Samples;

/// <summary>The process that holds a claim, so that another process on the same machine can tell whether it still runs.</summary>
/// <param name="Machine">Name of the machine.</param>
/// <param name="Boot">Identifies the machine since its last start; empty where the system has no such number.</param>
/// <param name="PidNamespace">Where the process id counts: containers on one machine number their processes independently.</param>
/// <param name="ProcessId">Process id.</param>
/// <param name="Started">When the process started, in the system's own unit. Process ids are reused.</param>
internal sealed record ClaimHolder(string Machine, string Boot, string PidNamespace, int ProcessId, long Started)
{
    private const int LongestName = 64;
    private const long NoProcess = -1;

    /// <summary>This process.</summary>
    public static ClaimHolder Current { get; } = new(
        Environment.MachineName,
        OperatingSystem.IsLinux() ? ReadOrEmpty("/proc/sys/kernel/random/boot_id") : "",
        OperatingSystem.IsLinux() ? new FileInfo("/proc/self/ns/pid").LinkTarget ?? "" : "",
        Environment.ProcessId,
        StartOf(Environment.ProcessId) ?? 0);

    /// <summary>Whether the process is known to have ended. False for a process of another machine or container.</summary>
    public bool HasEnded => this with { ProcessId = Current.ProcessId, Started = Current.Started } == Current
        && StartOf(ProcessId) is { } started && started != Started;

    /// <summary>For a line of progress. The name comes from a file, so it is cut and has no control characters.</summary>
    public override string ToString()
    {
        string name = string.Concat(Machine.Where(letter => !char.IsControl(letter)).Take(LongestName));
        return $"process {ProcessId} on {name}";
    }

    /// <returns>When a process started, <see cref="NoProcess"/> where it has ended, null where that is unknown.</returns>
    private static long? StartOf(int processId)
    {
        try
        {
            return OperatingSystem.IsLinux() ? StartByProc(processId) : StartBySystem(processId);
        }
        catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException or Win32Exception
            or InvalidOperationException or NotSupportedException)
        {
            return null;
        }
    }

    private static long? StartByProc(int processId)
    {
        string path = $"/proc/{processId}/stat";
        // The option hidepid of /proc hides the processes of other users, and then also the first process.
        if (!File.Exists(path)) return Directory.Exists("/proc/1") ? NoProcess : null;
        string stat = File.ReadAllText(path);
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' '); // the name before may hold blanks
        const int state = 3 - 3, start = 22 - 3; // fields 3 and 22 of proc(5)
        // A zombie has ended; only its parent has not asked yet.
        return fields[state] is "Z" or "X" ? NoProcess : long.Parse(fields[start], CultureInfo.InvariantCulture);
    }

    private static long StartBySystem(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return process.HasExited ? NoProcess : process.StartTime.ToUniversalTime().Ticks;
        }
        catch (ArgumentException)
        {
            return NoProcess;
        }
    }

    private static string ReadOrEmpty(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception missing) when (missing is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
