using System.Diagnostics;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Faults;

/// <summary>
/// Kills a training run at random moments, including start-up and end, and resumes it. Weights, scores and metrics (without times) must
/// equal those of an uninterrupted run, bit for bit.
/// </summary>
internal static class KillRuns
{
    public static int Run(int count, int seed, int steps)
    {
        using TemporaryFolder folder = new();
        var clock = Stopwatch.StartNew();
        string whole = folder.Make("whole");
        RunToEnd(whole, steps);
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
            double after = random.NextDouble() * life.TotalSeconds;
            using (Process process = ChildProcess.Start(ChildProcess.Self, "train", "--out", path, "--steps", $"{steps}"))
            {
                if (!process.WaitForExit(TimeSpan.FromSeconds(after))) process.Kill();
                process.WaitForExit();
            }

            string moment = Moment(path, steps);
            moments[moment] = moments.GetValueOrDefault(moment) + 1;
            RunToEnd(path, steps);
            string[] unequal =
                [.. Result(path).Where(file => !file.Value.AsSpan().SequenceEqual(expected[file.Key])).Select(file => file.Key)];
            string[] left = [.. Directory.GetFiles(path, "*.tmp").Concat(Directory.GetFiles(path, ".*")).Select(
                Path.GetFileName).OfType<string>().Distinct()];
            if (unequal.Length + left.Length > 0) different++;
            Console.WriteLine(
                $"kill {i + 1} after {after:F2} s, {moment}: "
                    + $"{(unequal.Length == 0 ? "equal" : "DIFFERENT: " + string.Join(", ", unequal))}"
                    + $"{(left.Length == 0 ? "" : "; left behind: " + string.Join(", ", left))}");
            Directory.Delete(path, recursive: true);
        }

        Console.WriteLine($"{count} kills: {count - different} equal, {different} different; {clock.Elapsed.TotalSeconds:F0} s");
        foreach ((string moment, int times) in moments) Console.WriteLine($"  {moment}: {times}");
        return different == 0 ? 0 : 1;
    }

    private static void RunToEnd(string path, int steps)
    {
        (int exitCode, string output, string error) = ChildProcess.Run(ChildProcess.Self, "train", "--out", path, "--steps", $"{steps}");
        if (exitCode != 0) throw new InvalidOperationException($"Training ended with {exitCode}: {output}{error}");
    }

    /// <summary>The state of the folder after the kill.</summary>
    private static string Moment(string path, int steps) =>
        File.Exists(Path.Combine(path, SmallTraining.Scores)) ? "after the end"
        : File.Exists(Path.Combine(path, $".{SmallTraining.Checkpoint}.tmp")) ? "while a checkpoint was being written"
        : !File.Exists(Path.Combine(path, SmallTraining.Checkpoint)) ? "before the first checkpoint"
        : Safetensors.ReadHeader(Path.Combine(path, SmallTraining.Checkpoint))
            .Metadata["step"] == $"{steps}" ? "after the last step"
        : "between two checkpoints";

    private static Dictionary<string, byte[]> Result(string path) => new()
    {
        [SmallTraining.Weights] = File.ReadAllBytes(Path.Combine(path, SmallTraining.Weights)),
        [SmallTraining.Scores] = File.ReadAllBytes(Path.Combine(path, SmallTraining.Scores)),
        [SmallTraining.Metrics] = System.Text.Encoding.UTF8.GetBytes(
            string.Join('\n', LogFile.WithoutTimes(Path.Combine(path, SmallTraining.Metrics)))),
    };
}
