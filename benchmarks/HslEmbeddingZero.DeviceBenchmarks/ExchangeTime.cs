using System.Diagnostics;
using System.Globalization;
using HslEmbeddingZero.Training;
using MathNet.Numerics.Statistics;
using static TorchSharp.torch;

namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>
/// The time in which the ranks of one machine add their numbers, as training does once a step. It is compared with a copy and with a sum of
/// the same size in the memory of each rank, which all ranks do at the same time.
/// </summary>
/// <remarks>
/// The floor: every rank reads its own share of the sum from all N ranks and writes it, then reads the other shares and writes them. For S
/// bytes these are S (3 - 1/N) bytes moved by each rank. A copy moves 2 S.
/// </remarks>
internal static class ExchangeTime
{
    private const string Exchange = "AllReduce";
    private const int MostCalls = 1000;

    /// <summary>Size from which bytes per second mean something: 1 MB.</summary>
    private const double LeastGigabytes = 1e-3;

    /// <summary>Duration of one timing at least, unless that takes more than <see cref="MostCalls"/>.</summary>
    private const double TimingMilliseconds = 10;

    /// <summary>The gradients of the paper body and the quick body, and two small messages.</summary>
    private static readonly int[] Sizes = [25_357_576, 2_173_700, 1000, 2];

    /// <param name="args">Any of floats=25357576,2173700,1000,2 (float32 numbers in an exchange), rounds=9.</param>
    public static void Run(string[] args)
    {
        GivenOptions given = new(args);
        int[] sizes = given.Numbers("floats", Sizes);
        int rounds = given.Number("rounds", 9);
        given.RequireNoOther();
        if (ProcessGroup.LaunchedSize == 1)
        {
            throw new ArgumentException(
                "exchange needs 2 processes or more; this one is alone. Start it with mpirun -n 2 dotnet "
                    + "HslEmbeddingZero.DeviceBenchmarks.dll exchange.");
        }

        using IProcessGroup group = BenchmarkRanks.Join()!;
        using Collective ranks = new(group, new DistributedOptions(), CPU);
        if (ranks.IsFirst)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{group.Size} ranks on the CPU, threads of each: {get_num_threads()}; medians of {rounds} rounds, the calls "
                    + $"in turn; a round takes as long as its slowest rank; the floor moves {Floor(group.Size) * 2:F2} times the bytes, "
                    + $"a copy 2 times"));
            Console.WriteLine();
            Console.WriteLine("| floats | call | ms | least | most | GB/s | times the floor |");
            Console.WriteLine("| ---: | --- | ---: | ---: | ---: | ---: | ---: |");
        }

        foreach (int size in sizes) Measure(group, ranks, size, rounds);
        group.Complete();
    }

    /// <summary>The least time of an exchange, in copies of the same size.</summary>
    private static double Floor(int ranks) => (3 - (1.0 / ranks)) / 2;

    private static void Measure(IProcessGroup group, Collective ranks, int size, int rounds)
    {
        using Tensor values = full([size], group.Rank + 1, ScalarType.Float32, CPU), other = full([size], 0, ScalarType.Float32, CPU);
        RequireRightSum(group, values);
        values.fill_(0); // sums of sums stay finite
        Candidate copy = new("copy_ in every rank", () => other.copy_(values));
        Candidate[] candidates =
        [
            new(Exchange, () => group.AllReduce(values)),
            new($"{Exchange}, inRankOrder", () => group.AllReduce(values, inRankOrder: true)),
            copy,
            new("add_ in every rank", () => other.add_(values)),
        ];
        foreach (Candidate candidate in candidates) Prepare(candidate, ranks);
        for (int round = 0; round < rounds; round++)
        {
            foreach (Candidate candidate in candidates) candidate.Milliseconds.Add(Time(candidate, ranks));
        }

        foreach (Candidate candidate in candidates) candidate.Slowest(ranks);
        if (!ranks.IsFirst) return;
        double gigabytes = size * (double)sizeof(float) / 1e9;
        double floor = Floor(group.Size) * copy.Milliseconds.Median();
        foreach (Candidate candidate in candidates)
        {
            double median = candidate.Milliseconds.Median();
            string digits = median < 1 ? "F4" : "F2";

            // The time of a small message is latency, and its bytes are moved in the caches.
            bool isLarge = gigabytes >= LeastGigabytes, isExchange = candidate.Name.StartsWith(Exchange, StringComparison.Ordinal);
            Console.WriteLine($"| {size} | {candidate.Name} | {Text(median, digits)} | {Text(candidate.Milliseconds.Min(), digits)} | "
                + $"{Text(candidate.Milliseconds.Max(), digits)} | {(isLarge ? Text(gigabytes / median * 1e3, "F2") : "")} | "
                + $"{(isLarge && isExchange ? Text(median / floor, "F2") : "")} |");
        }

        static string Text(double number, string digits) => number.ToString(digits, CultureInfo.InvariantCulture);
    }

    /// <summary>A fast sum is worth nothing if it is wrong.</summary>
    private static void RequireRightSum(IProcessGroup group, Tensor values)
    {
        float expected = group.Size * (group.Size + 1) / 2; // exact in float32
        foreach (bool inRankOrder in (bool[])[false, true])
        {
            values.fill_(group.Rank + 1);
            group.AllReduce(values, inRankOrder);
            using Tensor equal = values.eq(expected), all = equal.all();
            if (!all.item<bool>())
                throw new ProcessGroupException($"The sum of 1 to {group.Size} over all ranks must be {expected}; AllReduce gave another.");
        }
    }

    /// <summary>Warms up, and finds how many calls one timing needs to be long enough. All ranks make as many.</summary>
    private static void Prepare(Candidate candidate, Collective ranks)
    {
        candidate.Call();
        double once = Time(candidate, ranks);
        candidate.Calls = (int)ranks.OfFirst([(long)Math.Clamp(Math.Ceiling(TimingMilliseconds / Math.Max(once, 1e-3)), 1, MostCalls)])[0];
        Time(candidate, ranks);
    }

    /// <summary>Milliseconds of one call on this rank. All ranks begin together.</summary>
    private static double Time(Candidate candidate, Collective ranks)
    {
        ranks.Sum([0]);
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < candidate.Calls; i++) candidate.Call();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / candidate.Calls;
    }

    private sealed class Candidate(string name, Action call)
    {
        public string Name { get; } = name;

        public Action Call { get; } = call;

        public int Calls { get; set; } = 1;

        public List<double> Milliseconds { get; } = [];

        /// <summary>Replaces each round's time by that of the slowest rank.</summary>
        public void Slowest(Collective ranks)
        {
            int rounds = Milliseconds.Count;
            double[] all = new double[ranks.Size * rounds];
            Milliseconds.CopyTo(all, ranks.Rank * rounds);
            ranks.Sum(all);
            for (int round = 0; round < rounds; round++)
                Milliseconds[round] = Enumerable.Range(0, ranks.Size).Max(rank => all[(rank * rounds) + round]);
        }
    }
}
