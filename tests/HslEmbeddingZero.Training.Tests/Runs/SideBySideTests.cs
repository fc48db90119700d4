using System.Collections.Concurrent;

namespace HslEmbeddingZero.Training.Tests.Runs;

/// <summary>Several runs in one process, each on its own thread, give the same results as each run alone.</summary>
public sealed class SideBySideTests
{
    private static readonly TrainerOptions Options = TinyRun.Options with { Steps = 10, ReportEverySteps = 5 };

    /// <summary>With dropout, to show that random streams are separate too.</summary>
    [Fact]
    public void Models_that_train_at_the_same_time_become_what_they_become_alone()
    {
        (string Arm, int Seed)[] runs = [("zero", 1), ("zero", 2), ("embedding", 1), ("learned", 3)];
        Outcome[] alone = [.. runs.Select(run => Train(run.Arm, run.Seed))];
        Assert.NotEqual(alone[0].Weights, alone[1].Weights);

        var together = new Outcome[runs.Length];
        using Barrier start = new(runs.Length);
        ConcurrentBag<Exception> failures = [];
        Thread[] threads = [.. runs.Select((run, i) => new Thread(() =>
        {
            try
            {
                start.SignalAndWait();
                together[i] = Train(run.Arm, run.Seed);
            }
            catch (Exception failure)
            {
                failures.Add(failure);
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();

        Assert.Empty(failures);
        for (int i = 0; i < runs.Length; i++)
        {
            Assert.Equal(alone[i].Weights, together[i].Weights);
            Assert.Equal(alone[i].Reports, together[i].Reports);
        }
    }

    private static Outcome Train(string arm, int seed)
    {
        using TinyRun run = new(Options with { Seed = seed }, arm);
        Reports reports = new();
        run.Trainer.Run(reports);
        return new(run.Weights, reports.Lines);
    }

    private sealed record Outcome(SortedDictionary<string, byte[]> Weights, List<TrainingProgress> Reports);
}
