using System.Diagnostics;
using HslEmbeddingZero.Tests;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples.Tests.Common;

public sealed class RunClaimTests : IDisposable
{
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTime _time = new();

    private string Claim => _folder.PathOf("run.claim");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_claim_is_held_by_one_and_its_file_goes_with_it()
    {
        ClaimWatch other = Watch();
        using (RunClaim held = RunClaim.TryTake(Claim, Watch())!)
        {
            Assert.False(held.WasTakenOver);
            held.Confirm();
            Assert.Null(RunClaim.TryTake(Claim, other));
            Assert.Equal($"process {Environment.ProcessId} on {Environment.MachineName}", other.HolderOf(Claim));
        }

        Assert.Empty(Directory.GetFiles(_folder.FullName));
        _time.Pass(10); // the next reading is due
        using RunClaim again = RunClaim.TryTake(Claim, other)!;
        Assert.False(again.WasTakenOver);
    }

    [Fact]
    public void A_beat_every_ten_seconds_changes_the_file_and_not_its_length()
    {
        using RunClaim held = RunClaim.TryTake(Claim, Watch())!;
        HashSet<string> texts = [File.ReadAllText(Claim)];
        for (int beat = 1; beat <= 20; beat++)
        {
            _time.Pass(9.5);
            Assert.Contains(File.ReadAllText(Claim), texts);
            _time.Pass(0.5);
            Assert.True(texts.Add(File.ReadAllText(Claim)));
        }

        Assert.Single(texts.Select(text => text.Length).Distinct());
        Assert.EndsWith("\n", texts.First(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_claim_of_another_machine_is_respected_while_it_changes_and_taken_over_after_the_stated_time()
    {
        ClaimWatch watch = Watch();
        for (int beat = 0; beat <= 30; beat++) // five minutes
        {
            _time.Pass(10);
            File.WriteAllText(Claim, (Elsewhere() with { Beats = beat }).ToText());
            Assert.Null(RunClaim.TryTake(Claim, watch));
        }

        Assert.Equal("process 7 on elsewhere", watch.HolderOf(Claim));
        (double waited, RunClaim taken) = WaitFor(watch);
        using (taken)
        {
            Assert.InRange(waited, 120, 132); // a reading every ten seconds
            Assert.True(taken.WasTakenOver);
            Assert.Equal(ClaimHolder.Current, ClaimLine.Parse(File.ReadAllText(Claim))!.Holder);
        }

        Assert.Empty(Directory.GetFiles(_folder.FullName));
    }

    /// <summary>So that two processes with other options agree.</summary>
    [Fact]
    public void The_stated_time_is_that_of_the_claim()
    {
        File.WriteAllText(Claim, (Elsewhere() with { LastsSeconds = 300 }).ToText());
        (double waited, RunClaim taken) = WaitFor(Watch());
        taken.Dispose();
        Assert.InRange(waited, 300, 312);
    }

    /// <summary>A suspended cluster, or a server without an answer: the holder could not write either.</summary>
    [Fact]
    public void Time_in_which_the_waiting_process_stood_still_does_not_count()
    {
        File.WriteAllText(Claim, Elsewhere().ToText());
        ClaimWatch watch = Watch();
        Assert.Null(RunClaim.TryTake(Claim, watch));
        for (int i = 0; i < 5; i++)
        {
            _time.Jump(3600);
            Assert.Null(RunClaim.TryTake(Claim, watch));
        }
    }

    [Fact]
    public void The_claim_of_a_dead_process_of_this_machine_is_taken_over_at_once()
    {
        using Process dead = Process.Start(new ProcessStartInfo("dotnet", "--version") { RedirectStandardOutput = true })!;
        dead.WaitForExit();
        foreach (ClaimHolder holder in (ClaimHolder[])
            [ClaimHolder.Current with { ProcessId = dead.Id }, ClaimHolder.Current with { Started = ClaimHolder.Current.Started - 1 }])
        {
            Assert.True(holder.HasEnded);
            File.WriteAllText(Claim, new ClaimLine("x", holder, 120).ToText());
            using RunClaim taken = RunClaim.TryTake(Claim, Watch())!;
            Assert.True(taken.WasTakenOver);
        }
    }

    [Fact]
    public void A_process_id_says_nothing_in_another_container_after_another_start_or_on_another_machine()
    {
        ClaimHolder ended = ClaimHolder.Current with { Started = ClaimHolder.Current.Started - 1 };
        Assert.True(ended.HasEnded);
        Assert.False(ClaimHolder.Current.HasEnded);
        Assert.All(
            [ended with { PidNamespace = "pid:[1]" }, ended with { Boot = "another" }, ended with { Machine = "elsewhere" }],
            holder => Assert.False(holder.HasEnded));
    }

    /// <summary>Killed between creating and writing the file, or a full disk: the holder is unknown.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"id":"x","lastsSeconds":120,"beats":1}""")]
    [InlineData("""{"id":"x","holder":{"processId":1},"lastsSeconds":120}""")]
    [InlineData("""{"id":"","holder":{"machine":"a","boot":"","pidNamespace":""},"lastsSeconds":120}""")]
    [InlineData("""{"id":"x","holder":{"machine":"a","boot":"","pidNamespace":""},"lastsSeconds":1e300}""")]
    [InlineData("""{"id":"x","holder":{"machine":"a","boot":"","pidNamespace":""},"lastsSeconds":"NaN"}""")]
    public void A_damaged_claim_is_taken_over_after_the_stated_time(string text)
    {
        File.WriteAllText(Claim, text);
        ClaimWatch watch = Watch();
        Assert.Null(RunClaim.TryTake(Claim, watch));
        Assert.Equal("another process", watch.HolderOf(Claim));
        (double waited, RunClaim taken) = WaitFor(watch);
        taken.Dispose();
        Assert.InRange(waited, 120, 132);
    }

    [Fact]
    public void A_claim_of_any_bytes_is_a_damaged_one()
    {
        Random random = new(1);
        byte[] bytes = new byte[100_000];
        for (int i = 0; i < 20; i++)
        {
            random.NextBytes(bytes);
            File.WriteAllBytes(Claim, bytes);
            WaitFor(Watch()).Taken.Dispose();
        }
    }

    [Fact]
    public void A_name_from_a_file_is_cut_and_has_no_control_characters()
    {
        ClaimHolder holder = Elsewhere().Holder with { Machine = "\e[2K" + new string('x', 999) };
        Assert.Equal($"process 7 on [2K{new string('x', 61)}", holder.ToString());
    }

    [Fact]
    public void A_holder_that_finds_another_claim_has_lost_and_leaves_it()
    {
        RunClaim held = RunClaim.TryTake(Claim, Watch())!;
        string other = Elsewhere().ToText();
        Replace(other);
        Assert.False(held.Lost.IsCancellationRequested);
        _time.Pass(10);
        Assert.True(held.Lost.IsCancellationRequested);
        Assert.Contains(Claim, Assert.Throws<RunInUseException>(held.Confirm).Message, StringComparison.Ordinal);
        held.Dispose();
        Assert.Equal(other, File.ReadAllText(Claim));
    }

    [Fact]
    public void A_holder_learns_of_its_loss_before_it_writes()
    {
        using RunClaim held = RunClaim.TryTake(Claim, Watch())!;
        held.Confirm();
        Replace(Elsewhere().ToText());
        Assert.Throws<RunInUseException>(held.Confirm); // no beat in between
        Assert.False(held.IsHeld());
    }

    [Fact]
    public void A_holder_whose_claim_is_gone_has_lost()
    {
        using RunClaim held = RunClaim.TryTake(Claim, Watch())!;
        File.Delete(Claim);
        _time.Pass(10);
        Assert.True(held.Lost.IsCancellationRequested);
        Assert.False(File.Exists(Claim));
    }

    /// <summary>A beat that has already checked the file goes to the stale file, wherever that is.</summary>
    [SkippableFact]
    public void A_beat_does_not_touch_the_claim_of_a_process_that_takes_over_in_the_middle_of_it()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows does not rename over an open file.");
        ClaimLine line = Elsewhere();
        for (int i = 0; i < 200; i++)
        {
            File.WriteAllText(Claim, line.ToText());
            string other = (Elsewhere() with { Id = $"other{i}" }).ToText();
            var beats = Task.Run(() =>
            {
                for (int beat = 0; ClaimFile.TryBeat(Claim, line with { Beats = beat }); beat++)
                {
                }
            });
            Replace(other);
            beats.Wait();
            Assert.Equal(other, File.ReadAllText(Claim));
        }
    }

    /// <summary>Such as Ctrl-Z and fg hours later, with nobody else there.</summary>
    [Fact]
    public void A_holder_that_stood_still_keeps_a_claim_that_nobody_took()
    {
        using RunClaim held = RunClaim.TryTake(Claim, Watch())!;
        _time.Jump(7200);
        held.Confirm();
        _time.Pass(10);
        Assert.False(held.Lost.IsCancellationRequested);
    }

    /// <summary>A folder in the file's place fails every access, also for root.</summary>
    [Theory]
    [InlineData(100, true)]
    [InlineData(120, false)]
    public void A_disk_that_fails_beats_is_endured_until_others_may_find_the_claim_stale(double seconds, bool isKept)
    {
        using RunClaim held = RunClaim.TryTake(Claim, Watch())!;
        _time.Pass(10); // a beat
        string text = File.ReadAllText(Claim);
        File.Delete(Claim);
        Directory.CreateDirectory(Claim);
        _time.Pass(seconds);
        Directory.Delete(Claim);
        File.WriteAllText(Claim, text);
        Assert.Equal(isKept, held.IsHeld());
        _time.Pass(10);
        Assert.Equal(isKept, text != File.ReadAllText(Claim)); // it beats again
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // a process was killed in the middle of a take-over
    public void One_of_many_processes_takes_a_stale_claim(bool isLeftBehind)
    {
        const int processes = 8, rounds = 100;
        ClaimHolder ended = ClaimHolder.Current with { Started = ClaimHolder.Current.Started - 1 };
        for (int round = 0; round < rounds; round++)
        {
            File.WriteAllText(Claim, new ClaimLine("stale", ended, 120).ToText());
            if (isLeftBehind)
            {
                File.WriteAllText(Claim + ".next", new ClaimLine("killed", ended, 120).ToText());
                if (round % 2 == 0) File.WriteAllText(Claim + ".next.next", new ClaimLine("killed too", ended, 120).ToText());
            }

            using Barrier start = new(processes);
            var taken = new RunClaim?[processes];
            Thread[] threads =
            [
                .. Enumerable.Range(0, processes).Select(i => new Thread(() =>
                {
                    ClaimWatch watch = new(Lasts);
                    start.SignalAndWait();
                    for (int times = 0; times < 5 && taken[i] is null; times++) taken[i] = RunClaim.TryTake(Claim, watch);
                })),
            ];
            foreach (Thread thread in threads) thread.Start();
            foreach (Thread thread in threads) thread.Join();
            RunClaim winner = Assert.Single(taken.OfType<RunClaim>());
            winner.Confirm();
            winner.Dispose();
            Assert.Empty(Directory.GetFiles(_folder.FullName));
        }
    }

    [Fact]
    public void A_short_claim_is_taken_by_all_one_after_another()
    {
        int inside = 0, most = 0, times = 0;
        Thread[] threads =
        [
            .. Enumerable.Range(0, 6).Select(_ => new Thread(() =>
            {
                using var claim = RunClaim.Take(Claim, new ClaimWatch(Lasts), CancellationToken.None);
                most = Math.Max(most, Interlocked.Increment(ref inside));
                Thread.Sleep(5);
                Interlocked.Increment(ref times);
                Interlocked.Decrement(ref inside);
            })),
        ];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.Equal((1, 6), (most, times));
    }

    [Fact]
    public void Waiting_for_a_short_claim_can_be_cancelled()
    {
        using RunClaim held = RunClaim.TryTake(Claim, Watch())!;
        using CancellationTokenSource stop = new(TimeSpan.FromMilliseconds(50));
        Assert.Throws<OperationCanceledException>(() => RunClaim.Take(Claim, Watch(), stop.Token));
    }

    /// <summary>A path below a file: nobody, not even root, can write there.</summary>
    [Fact]
    public void A_folder_that_cannot_be_written_is_an_error_and_no_claim_of_another()
    {
        string file = _folder.Write("file", "x");
        Assert.ThrowsAny<IOException>(() => RunClaim.TryTake(Path.Combine(file, "run.claim"), Watch()));
    }

    [SkippableFact]
    public void A_read_only_folder_refuses_a_claim_and_keeps_the_one_that_it_holds()
    {
        Skip.If(OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess, "Root writes to any folder.");
        using RunClaim held = RunClaim.TryTake(Claim, Watch())!;
        try
        {
            ReadOnly(true);
            Assert.ThrowsAny<UnauthorizedAccessException>(() => RunClaim.TryTake(_folder.PathOf("other.claim"), Watch()));
            string before = File.ReadAllText(Claim);
            _time.Pass(10);
            held.Confirm();
            Assert.NotEqual(before, File.ReadAllText(Claim)); // a beat needs no new file
        }
        finally
        {
            ReadOnly(false);
        }

        void ReadOnly(bool isReadOnly)
        {
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(_folder.FullName,
                    UnixFileMode.UserRead | UnixFileMode.UserExecute | (isReadOnly ? 0 : UnixFileMode.UserWrite));
        }
    }

    private static ClaimLine Elsewhere() => new("theirs", new ClaimHolder("elsewhere", "boot", "pid:[1]", 7, 1), Lasts.TotalSeconds);

    private ClaimWatch Watch() => new(Lasts, _time);

    /// <summary>Puts another claim in the place of a claim, as a process does that takes over.</summary>
    private void Replace(string text) => AtomicFile.WriteText(Claim, text);

    /// <summary>Looks every two seconds until a claim is taken.</summary>
    private (double Waited, RunClaim Taken) WaitFor(ClaimWatch watch)
    {
        for (double waited = 0; waited < 1000; waited += 2)
        {
            if (RunClaim.TryTake(Claim, watch) is { } taken) return (waited, taken);
            _time.Pass(2);
        }

        throw new TimeoutException("The claim is never stale.");
    }
}
