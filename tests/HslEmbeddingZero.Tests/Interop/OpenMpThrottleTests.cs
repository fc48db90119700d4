using System.Runtime.Versioning;
using static HslEmbeddingZero.OpenMpThrottle;

namespace HslEmbeddingZero.Tests.Interop;

[SupportedOSPlatform("linux")]
public sealed class OpenMpThrottleTests
{
    [Fact]
    public void A_program_beside_this_one_is_noticed_within_three_seconds_and_forgotten_as_soon()
    {
        Contention contention = new();
        Assert.InRange(Until(contention, 0.65, true), 5, 15); // observations, five a second
        for (int i = 0; i < 100; i++) Assert.True(contention.Observe(0.55)); // throttled threads wait less, and the throttle must stay on
        Assert.InRange(Until(contention, 0.02, false), 5, 15);
    }

    [Fact]
    public void A_short_spike_or_a_quiet_machine_is_no_contention()
    {
        Contention contention = new();
        for (int i = 0; i < 200; i++) Assert.False(contention.Observe(i % 25 == 0 ? 1.2 : 0.04));
        for (int i = 0; i < 7; i++) Assert.False(contention.Observe(0.5)); // start-up of a program, 1.4 s
    }

    [SkippableFact]
    public void The_kernel_tells_how_long_threads_wait()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && RunQueue.IsReadable, "This system has no /proc/self/task/*/schedstat.");
        RunQueue queue = new();
        using CancellationTokenSource stop = new();
        Thread[] threads = [.. Enumerable.Range(0, 2 * Environment.ProcessorCount + 2).Select(_ => new Thread(() =>
        {
            while (!stop.IsCancellationRequested) Thread.SpinWait(1000);
        }))];
        foreach (Thread thread in threads) thread.Start();
        Thread.Sleep(300);
        _ = queue.WaitingSinceLast();
        Thread.Sleep(500);
        double waiting = queue.WaitingSinceLast();
        stop.Cancel();
        foreach (Thread thread in threads) thread.Join();
        Assert.InRange(waiting, 0.5, 1000); // more threads than processors: one always waits
    }

    [SkippableFact]
    public void An_idle_team_has_a_thread_more_than_there_are_processors_and_ends()
    {
        TorchRuntime.EnsureLoaded();
        Skip.IfNot(OperatingSystem.IsLinux() && IdleTeam.IsAvailable(), "OpenMP is not libgomp here.");
        for (int round = 0; round < 3; round++)
        {
            int before = OpenMpThreads();
            using (IdleTeam team = new())
            {
                Assert.True(team.Threads > 1);
                Assert.True(SpinWait.SpinUntil(() => OpenMpThreads() >= before + team.Threads, 5000));
            }

            Assert.True(SpinWait.SpinUntil(() => OpenMpThreads() <= before, 5000), $"{OpenMpThreads()} threads, {before} before");
        }
    }

    /// <summary>Threads of this process that have the name of the thread that created them.</summary>
    private static int OpenMpThreads() => Directory.EnumerateDirectories("/proc/self/task").Count(task =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "comm")).StartsWith("HslEmbedding", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    });

    private static int Until(Contention contention, double waiting, bool wanted)
    {
        int count = 1;
        while (contention.Observe(waiting) != wanted && count < 1000) count++;
        return count;
    }
}
