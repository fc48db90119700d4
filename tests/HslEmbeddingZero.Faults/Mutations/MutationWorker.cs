using System.Diagnostics;
using System.Globalization;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Faults;

/// <summary>Reads damaged inputs of one format. Prints a line before each input, and the result after it.</summary>
internal static class MutationWorker
{
    public static int Run(string format, int seed, int from, int count)
    {
        using TemporaryFolder folder = new();
        using DamagedFormat damaged = Formats.All.Single(known => known.Name == format).Create(folder.FullName);
        if (damaged.Read(new Undamaged()) is { } refusal)
            throw new InvalidOperationException($"{format}: good input is refused: {refusal}");
        for (int i = from; i < from + count; i++)
        {
            Console.WriteLine($"start {i}");
            Console.Out.Flush();
            var clock = Stopwatch.StartNew();
            long managed = GC.GetTotalAllocatedBytes();
            PeakMemory.Reset();
            long resident = PeakMemory.Now;
            string outcome;
            try
            {
                outcome = damaged.Read(new Random(HashCode(format, seed, i))) is { } message ? $"refused {OneLine(message)}" : "accepted";
            }
            catch (Exception error)
            {
                outcome = $"broken {error.GetType().Name}: {OneLine(error.Message)}";
            }

            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"end {i} {clock.Elapsed.TotalMilliseconds:F1} {GC.GetTotalAllocatedBytes() - managed} "
                    + $"{Math.Max(0, PeakMemory.Peak - resident)} {outcome}"));
        }

        return 0;
    }

    private static string OneLine(string message) =>
        message.Length <= 400 ? message.ReplaceLineEndings(" ") : message[..400].ReplaceLineEndings(" ");

    /// <summary>A hash that is equal on every machine and in every run, unlike string.GetHashCode.</summary>
    private static int HashCode(string format, int seed, int index)
    {
        uint hash = 2166136261;
        foreach (char c in string.Create(CultureInfo.InvariantCulture, $"{format} {seed} {index}")) hash = (hash ^ c) * 16777619;
        return (int)hash;
    }
}
