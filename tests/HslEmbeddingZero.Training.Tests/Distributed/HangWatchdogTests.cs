using System.Diagnostics;

namespace HslEmbeddingZero.Training.Tests.Distributed;

/// <summary>A rank that waits for another without end is noticed.</summary>
public sealed class HangWatchdogTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(600);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    [Fact]
    public void A_step_that_takes_too_long_is_ended()
    {
        using ManualResetEventSlim ended = new();
        string said = "";
        using HangWatchdog watchdog = new(Short, message =>
        {
            said = message;
            ended.Set();
        });
        watchdog.WatchStep("step 1", () => { });
        watchdog.WatchStep("step 2", () => Assert.True(ended.Wait(Long)));
        Assert.StartsWith("step 2 took longer than", said);
    }

    [Fact]
    public void An_exchange_after_a_step_is_ended_too()
    {
        using ManualResetEventSlim ended = new();
        using HangWatchdog watchdog = new(Short, _ => ended.Set());
        watchdog.WatchStep("step 1", () => { });
        watchdog.WatchExchange("an exchange", () => Assert.True(ended.Wait(Long)));
    }

    [Fact]
    public void Slow_steps_have_ten_times_the_longest_before()
    {
        using ManualResetEventSlim ended = new();
        using HangWatchdog watchdog = new(TimeSpan.FromMilliseconds(1), _ => ended.Set());
        var longest = Stopwatch.StartNew();
        watchdog.WatchStep("step 1", () => Thread.Sleep(300));
        longest.Stop();
        watchdog.WatchStep("step 2", () => Thread.Sleep(1200)); // above the timeout and four checks, below ten times
        Assert.False(ended.IsSet);
    }

    /// <summary>Otherwise a start of some seconds would give every later step minutes.</summary>
    [Fact]
    public void A_slow_first_step_counts_only_until_there_is_a_second()
    {
        using ManualResetEventSlim ended = new();
        using HangWatchdog watchdog = new(Short, _ => ended.Set());
        watchdog.WatchStep("step 1", () => Thread.Sleep(TimeSpan.FromSeconds(3)));
        watchdog.WatchStep("step 2", () => { });
        var clock = Stopwatch.StartNew();
        watchdog.WatchStep("step 3", () => Assert.True(ended.Wait(Long)));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15), $"It took {clock.Elapsed}.");
    }

    /// <summary>A first step has no step before it. Its time is in the tests' favour: ten minutes.</summary>
    [Fact]
    public void The_first_step_and_work_of_unknown_duration_have_patience()
    {
        using ManualResetEventSlim ended = new();
        using HangWatchdog watchdog = new(TimeSpan.FromMilliseconds(1), _ => ended.Set());
        watchdog.WatchExchange("start", () => Thread.Sleep(700));
        watchdog.WatchStep("step 1", () => Thread.Sleep(700));
        watchdog.WatchLong("checkpoint", () => watchdog.WatchExchange("vote", () => Thread.Sleep(700)));
        Assert.False(ended.IsSet);
    }

    [Fact]
    public void Time_between_steps_is_not_watched()
    {
        using ManualResetEventSlim ended = new();
        using HangWatchdog watchdog = new(TimeSpan.FromMilliseconds(1), _ => ended.Set());
        watchdog.WatchStep("step 1", () => { });
        Thread.Sleep(700);
        Assert.Throws<InvalidOperationException>(() => watchdog.WatchStep("step 2", () => throw new InvalidOperationException()));
        Thread.Sleep(700);
        Assert.False(ended.IsSet);
    }
}
