using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace HslEmbeddingZero.Training.Tests.Distributed;

/// <summary>
/// Something goes wrong in one of two ranks. All ranks end within 30 seconds, mpirun fails, the last checkpoint is whole, and the same
/// command goes on from it to the end of an uninterrupted run.
/// </summary>
[Collection(MpiRun.Collection)]
public sealed partial class RankFaultTests
{
    private static readonly string[] Steps = ["--steps", "6"];

    /// <summary>After a hang, the time beyond the limit of the step. The default limit is 25 seconds.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30), BeyondHang = Limit - new DistributedOptions().HangTimeout;

    private static readonly Lazy<string[]> Uninterrupted = new(() =>
    {
        using RankedRun run = new(Steps);
        return run.Alone().Result;
    });

    /// <summary>mpirun, the fault, and the line of error: that of the rank, or for a killed one that of mpirun.</summary>
    public static TheoryData<string, string, string> Faults => new()
    {
        { MpiRun.OpenMpi, "kill@3:1", "process rank 1 with PID" },
        { MpiRun.OpenMpi, "kill@3:0", "process rank 0 with PID" },
        { MpiRun.OpenMpi, "throw@3:1", "error: rank 1: A fault was asked for after step 3." },
        { MpiRun.OpenMpi, "throw@3:0", "error: rank 0: A fault was asked for after step 3." },
        { MpiRun.OpenMpi, "exit0@3:1", "error: rank 1 of 2 ends before the work of the group is complete. All ranks end." },
        { MpiRun.OpenMpi, "diverge@3:1", "error: rank 1: The weights of rank 1 differ from those of rank 0 at step 3: " },
        { MpiRun.Mpich, "kill@3:1", "BAD TERMINATION" },
        { MpiRun.Mpich, "throw@3:1", "error: rank 1: A fault was asked for after step 3." },
        { MpiRun.Mpich, "exit0@3:1", "error: rank 1 of 2 ends before the work of the group is complete. All ranks end." },
    };

    [SkippableTheory]
    [MemberData(nameof(Faults))]
    public void A_failed_rank_ends_all_and_the_run_goes_on(string mpirun, string fault, string message)
    {
        using RankedRun run = new(Steps);
        using MpiRun failing = run.Start(mpirun, 2, "--fault", fault);
        (MpiResult result, TimeSpan took) = FinishAfterFault(failing);
        Assert.True(took < Limit, $"It took {took}.");
        AssertFailed(failing, result, message);
        AssertGoesOn(run, result, mpirun);
    }

    [SkippableTheory]
    [InlineData(MpiRun.OpenMpi, "stop@3:1", 0)]
    [InlineData(MpiRun.OpenMpi, "sleep@3:0", 1)]
    [InlineData(MpiRun.Mpich, "sleep@3:1", 0)]
    public void A_rank_that_hangs_is_noticed_by_the_other(string mpirun, string fault, int noticing)
    {
        using RankedRun run = new(Steps);
        // Longer than mpirun takes from its first signal to SIGKILL. Else the other rank, which is alone by then, says that it waits too.
        using MpiRun failing = run.Start(mpirun, 2, "--fault", fault, "--hang-seconds", "3");
        (MpiResult result, TimeSpan took) = FinishAfterFault(failing);
        AssertFailed(failing, result, $"error: rank {noticing} of 2: step 4 took longer than ");
        var limit = TimeSpan.FromSeconds(int.Parse(HangLine().Match(result.Text).Groups["limit"].Value, CultureInfo.InvariantCulture));
        Assert.True(took - limit < BeyondHang, $"It took {took}, and a step may take {limit}.");
        AssertGoesOn(run, result, mpirun);
    }

    [SkippableTheory]
    [InlineData(MpiRun.OpenMpi, "TERM")]
    [InlineData(MpiRun.OpenMpi, "INT")]
    [InlineData(MpiRun.Mpich, "TERM")]
    [InlineData(MpiRun.Mpich, "INT")]
    public void A_signal_to_mpirun_interrupts_all_and_the_run_goes_on(string mpirun, string signal)
    {
        using RankedRun run = new(Steps);
        using MpiRun stopped = run.Start(mpirun, 2, "--fault", "slow@2:1");
        stopped.WaitUntil(() => stopped.Output.Contains("Checkpoint of step 2:", StringComparison.Ordinal));
        stopped.Send(signal);
        var clock = Stopwatch.StartNew();
        MpiResult result = stopped.Finish();
        Assert.True(clock.Elapsed < Limit, $"It took {clock.Elapsed}.");
        Assert.NotEqual(0, result.ExitCode);
        AssertNoneLeft(stopped);
        Assert.Empty(ErrorLines(result));
        AssertGoesOn(run, result, mpirun);
    }

    /// <summary>The system says that the disk is full to who writes to the file that the checkpoint is written to first.</summary>
    [SkippableFact]
    public void A_full_disk_ends_all_with_the_message_of_rank_0()
    {
        using RankedRun run = new(Steps);
        using MpiRun failing = run.Start(MpiRun.OpenMpi, 2, "--fault", "slow@2:1");
        failing.WaitUntil(() => failing.Output.Contains("Checkpoint of step 2:", StringComparison.Ordinal));
        string temporary = Path.Combine(run.Out, ".checkpoint.safetensors.tmp");
        failing.WaitUntil(() => TryLink(temporary, "/dev/full"));
        var clock = Stopwatch.StartNew();
        MpiResult result = failing.Finish();
        Assert.True(clock.Elapsed < Limit, $"It took {clock.Elapsed}.");
        AssertFailed(failing, result, "error: rank 0: No space left on device");
        AssertGoesOn(run, result, MpiRun.OpenMpi);
    }

    [SkippableTheory]
    [InlineData(MpiRun.OpenMpi)]
    [InlineData(MpiRun.Mpich)]
    public void A_rank_that_cannot_read_its_corpus_ends_all(string mpirun)
    {
        using RankedRun run = new(Steps);
        using MpiRun failing = run.Start(mpirun, 2, "--fault", "corpus@0:1");
        MpiResult result = failing.Finish();
        Assert.True(result.Elapsed < Limit, $"It took {result.Elapsed}.");
        AssertFailed(failing, result, "error: rank 1: no-corpus/corpus.bin: there is no such file.");
        Assert.False(File.Exists(run.CheckpointPath));
    }

    private static (MpiResult Result, TimeSpan Took) FinishAfterFault(MpiRun run)
    {
        run.WaitUntil(() => run.Output.Contains("fault: ", StringComparison.Ordinal));
        var clock = Stopwatch.StartNew();
        return (run.Finish(), clock.Elapsed);
    }

    private static void AssertFailed(MpiRun run, MpiResult result, string message)
    {
        Assert.NotEqual(0, result.ExitCode);
        AssertNoneLeft(run);
        Assert.Contains(message, result.Text, StringComparison.Ordinal);
        if (message.StartsWith("error: ", StringComparison.Ordinal)) Assert.StartsWith(message, Assert.Single(ErrorLines(result)));
        else Assert.Empty(ErrorLines(result));
    }

    /// <summary>MPICH's mpirun ends a moment before the ranks that it kills.</summary>
    private static void AssertNoneLeft(MpiRun run)
    {
        SpinWait.SpinUntil(() => !run.Left.Any(), BeyondHang);
        Assert.Empty(run.Left);
    }

    private static void AssertGoesOn(RankedRun run, MpiResult result, string mpirun)
    {
        long said = SavedLine().Matches(result.Output).Max(match => long.Parse(match.Groups["step"].Value, CultureInfo.InvariantCulture));
        Assert.InRange(run.VerifyCheckpoint(), said, said + 1); // It may be written, but not said any more.
        if (mpirun != MpiRun.OpenMpi) return; // The files do not know what ended the ranks.
        Assert.Equal(Uninterrupted.Value, run.With(mpirun, 2).Result);
        Assert.Empty(Directory.GetFiles(run.Out, ".*"));
    }

    private static string[] ErrorLines(MpiResult result) =>
        [.. result.Text.Split('\n').Where(line => line.StartsWith("error: ", StringComparison.Ordinal) || line.Contains("Unhandled"))];

    private static bool TryLink(string path, string target)
    {
        try
        {
            File.CreateSymbolicLink(path, target);
            return true;
        }
        catch (IOException)
        {
            return false; // A checkpoint is being written.
        }
    }

    [GeneratedRegex(@"(Checkpoint of|Interrupted at) step (?<step>\d+)")]
    private static partial Regex SavedLine();

    [GeneratedRegex(@"took longer than (?<limit>\d+) s")]
    private static partial Regex HangLine();
}
