using System.Diagnostics;
using System.Globalization;

namespace HslEmbeddingZero.Faults;

/// <summary>
/// Gives damaged inputs to every reader. Each reader runs in a separate process, so that a crash, a hang or too much memory is noticed and
/// does not end the run. Required: accepted correctly or refused with a clear error, within five seconds and 1 GiB.
/// </summary>
internal static class MutationRuns
{
    private const double MostMilliseconds = 5000;
    private const long MostBytes = 1L << 30;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20); // A new worker first loads libtorch.

    public static int Run(int count, int seed, string only)
    {
        var clock = Stopwatch.StartNew();
        List<Tally> tallies = [];
        foreach ((string name, int perTenThousand, _) in Formats.All)
        {
            if (only.Length > 0 && name != only) continue;
            Tally tally = new(name, only.Length > 0 ? count : Math.Max(1, (int)((long)count * perTenThousand / 10_000)));
            tallies.Add(tally);
            while (tally.Next < tally.Count) Work(tally, seed);
        }

        Console.WriteLine(
            "| input | mutations | accepted | refused | broken | slowest, ms | most managed memory, MiB | most resident growth, MiB |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (Tally tally in tallies) Console.WriteLine(tally);
        int broken = tallies.Sum(tally => tally.Broken);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{tallies.Sum(tally => tally.Count)} mutations of seed {seed}, {broken} broken promises, {clock.Elapsed.TotalSeconds:F0} s"));
        return broken == 0 ? 0 : 1;
    }

    /// <summary>Runs one worker until it has finished or died.</summary>
    private static void Work(Tally tally, int seed)
    {
        using Process worker = ChildProcess.Start(
            ChildProcess.Self, "read", "--format", tally.Name, "--seed", $"{seed}", "--from", $"{tally.Next}", "--count",
            $"{tally.Count - tally.Next}");
        Task<string> errors = worker.StandardError.ReadToEndAsync();
        int begun = -1;
        while (true)
        {
            Task<string?> reading = worker.StandardOutput.ReadLineAsync();
            if (!reading.Wait(Patience))
            {
                worker.Kill();
                worker.WaitForExit();
                tally.Break(begun, $"no answer in {Patience.TotalSeconds} s");
                return;
            }

            if (reading.Result is not { } line) break;
            string[] words = line.Split(' ', 6);
            if (words[0] == "start") begun = int.Parse(words[1]);
            else if (words[0] == "end")
                tally.Add(int.Parse(words[1]), double.Parse(words[2], CultureInfo.InvariantCulture), long.Parse(words[3]),
                    long.Parse(words[4]), words[5]);
        }

        worker.WaitForExit();
        if (tally.Next < tally.Count) tally.Break(begun, $"the process ended with {worker.ExitCode}: {errors.Result}");
    }

    private sealed class Tally(string name, int count)
    {
        private int _accepted;
        private int _refused;
        private double _slowest;
        private long _managed;
        private long _resident;

        public string Name => name;

        public int Count => count;

        public int Next { get; private set; }

        public int Broken { get; private set; }

        public void Add(int index, double milliseconds, long managed, long resident, string outcome)
        {
            Next = index + 1;
            _slowest = Math.Max(_slowest, milliseconds);
            _managed = Math.Max(_managed, managed);
            _resident = Math.Max(_resident, resident);
            if (milliseconds > MostMilliseconds) Tell(index, $"took {milliseconds} ms");
            else if (Math.Max(managed, resident) > MostBytes) Tell(index, $"took {managed} managed and {resident} resident bytes");
            else if (outcome == "accepted") _accepted++;
            else if (outcome.StartsWith("refused", StringComparison.Ordinal)) _refused++;
            else Tell(index, outcome);
        }

        public void Break(int index, string what)
        {
            if (index < Next) throw new InvalidOperationException($"{name}: the worker fails by itself: {what}");
            Next = index + 1;
            Tell(index, what);
        }

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {count} | {_accepted} | {_refused} | {Broken} | {_slowest:F0} | {_managed / 1048576.0:F1} | "
                + $"{_resident / 1048576.0:F1} |");

        private void Tell(int index, string what)
        {
            Broken++;
            Console.WriteLine($"BROKEN {name} {index}: {what}");
        }
    }
}
