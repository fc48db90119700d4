using System.Diagnostics;
using System.Globalization;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Faults;

/// <summary>
/// Kills a training run at random moments, including start-up and end, and resumes it. Weights, scores and metrics (without times) must
/// equal those of an uninterrupted run, bit for bit. Of several ranks, a random one is killed, and all must end soon.
/// </summary>
internal static class KillRuns
{
    private const string Broken = "BROKEN";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static int Run(int count, int seed, int steps, int ranks)
    {
        using TemporaryFolder folder = new();
        var clock = Stopwatch.StartNew();
        string whole = folder.Make("whole");
        RunToEnd(whole, steps, ranks);
        TimeSpan life = clock.Elapsed;
        Dictionary<string, byte[]> expected = Result(whole);
        Console.WriteLine(
            $"uninterrupted: {life.TotalSeconds:F1} s, {expected[SmallTraining.Metrics].Length} bytes of metrics, "
                + $"{expected[SmallTraining.Weights].Length} of weights");

        Random random = new(seed);
        SortedDictionary<string, int> moments = new(StringComparer.Ordinal);
        int different = 0;
        for (int i = 0; i < count; i++)
        {
            string path = folder.Make($"kill-{i}");
            string how = ranks == 1 ? Kill(path, steps, random.NextDouble() * life) : KillRank(path, steps, ranks, random);

            string moment = Moment(path, steps);
            moments[moment] = moments.GetValueOrDefault(moment) + 1;
            RunToEnd(path, steps, ranks);
            string[] unequal =
                [.. Result(path).Where(file => !file.Value.AsSpan().SequenceEqual(expected[file.Key])).Select(file => file.Key)];
            string[] left = [.. Directory.GetFiles(path, "*.tmp").Concat(Directory.GetFiles(path, ".*")).Select(
                Path.GetFileName).OfType<string>().Distinct()];
            if (unequal.Length + left.Length > 0 || how.Contains(Broken, StringComparison.Ordinal)) different++;
            Console.WriteLine(
                $"kill {i + 1} {how}, {moment}: "
                    + $"{(unequal.Length == 0 ? "equal" : "DIFFERENT: " + string.Join(", ", unequal))}"
                    + $"{(left.Length == 0 ? "" : "; left behind: " + string.Join(", ", left))}");
            Directory.Delete(path, recursive: true);
        }

        Console.WriteLine($"{count} kills: {count - different} equal, {different} different; {clock.Elapsed.TotalSeconds:F0} s");
        foreach ((string moment, int times) in moments) Console.WriteLine($"  {moment}: {times}");
        return different == 0 ? 0 : 1;
    }

    private static Process Start(string path, int steps, int ranks)
    {
        string[] arguments = ["train", "--out", path, "--steps", $"{steps}"];
        SmallCorpus.Write(Path.Combine(path, "corpus"));
        return ranks == 1 ? ChildProcess.Start(ChildProcess.Self, arguments) : ChildProcess.StartRanks(ranks, arguments);
    }

    private static void RunToEnd(string path, int steps, int ranks)
    {
        (int exitCode, string output, string error) = ChildProcess.Finish(Start(path, steps, ranks));
        if (exitCode != 0) throw new InvalidOperationException($"Training ended with {exitCode}: {output}{error}");
    }

    /// <summary>Kills the run after some time, unless it ends before.</summary>
    /// <returns>What is to be said about the end.</returns>
    private static string Kill(string path, int steps, TimeSpan after)
    {
        using Process process = Start(path, steps, ranks: 1);
        if (!process.WaitForExit(after)) process.Kill();
        process.WaitForExit();
        return $"after {after.TotalSeconds:F2} s";
    }

    /// <summary>Kills one rank. mpirun must end the others, and fail.</summary>
    private static string KillRank(string path, int steps, int ranks, Random random)
    {
        int rank = random.Next(ranks);
        using Process launcher = Start(path, steps, ranks);
        AwaitMoment(launcher, path, steps, random);
        SortedDictionary<int, int> processes = RankProcesses.Of(launcher.Id);
        for (; !launcher.HasExited && !processes.ContainsKey(rank); processes = RankProcesses.Of(launcher.Id)) Thread.Sleep(1);
        if (!processes.TryGetValue(rank, out int victim)) return "too late";
        var clock = Stopwatch.StartNew();
        ChildProcess.Kill(victim);
        bool hasEnded = launcher.WaitForExit(Limit);
        string end = $"of rank {rank}, all ended in {clock.Elapsed.TotalSeconds:F1} s";
        int[] left = [.. processes.Values.Where(RankProcesses.IsLeft)];
        if (!hasEnded) launcher.Kill(entireProcessTree: true);
        launcher.WaitForExit();
        return end + (!hasEnded || left.Length > 0 ? $", {Broken}: mpirun or {left.Length} ranks go on"
            : launcher.ExitCode == 0 && !File.Exists(Path.Combine(path, SmallTraining.Scores)) ? $", {Broken}: mpirun does not fail" : "");
    }

    /// <summary>
    /// Of five kills, one comes while the ranks start. The others come at a random step: how long a step takes depends on what else the
    /// machine does.
    /// </summary>
    private static void AwaitMoment(Process launcher, string path, int steps, Random random)
    {
        if (random.Next(5) == 0)
        {
            launcher.WaitForExit(3 * random.NextDouble() * TimeSpan.FromSeconds(1));
            return;
        }

        double step = random.NextDouble() * steps;
        while (!launcher.WaitForExit(TimeSpan.FromMilliseconds(1)) && !(StepIn(path) >= step))
        {
        }

        launcher.WaitForExit(random.NextDouble() * TimeSpan.FromSeconds(0.2)); // about two steps
    }

    /// <summary>The step of the checkpoint; null before the first one.</summary>
    private static long? StepIn(string path) => Path.Combine(path, SmallTraining.Checkpoint) is var checkpoint && File.Exists(checkpoint)
        ? long.Parse(Safetensors.ReadHeader(checkpoint).Metadata["step"], CultureInfo.InvariantCulture) : null;

    /// <summary>The state of the folder after the kill.</summary>
    private static string Moment(string path, int steps) =>
        File.Exists(Path.Combine(path, SmallTraining.Scores)) ? "after the end"
        : File.Exists(Path.Combine(path, $".{SmallTraining.Checkpoint}.tmp")) ? "while a checkpoint was being written"
        : !File.Exists(Path.Combine(path, SmallTraining.Checkpoint)) ? "before the first checkpoint"
        : StepIn(path) == steps ? "after the last step"
        : "between two checkpoints";

    private static Dictionary<string, byte[]> Result(string path) => new()
    {
        [SmallTraining.Weights] = File.ReadAllBytes(Path.Combine(path, SmallTraining.Weights)),
        [SmallTraining.Scores] = File.ReadAllBytes(Path.Combine(path, SmallTraining.Scores)),
        [SmallTraining.Metrics] = System.Text.Encoding.UTF8.GetBytes(
            string.Join('\n', LogFile.WithoutTimes(Path.Combine(path, SmallTraining.Metrics)))),
    };
}
