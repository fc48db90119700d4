using HslEmbeddingZero.Samples.Tests.HoLoZeRo;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Samples.Tests.Common;

/// <summary>What a user, a shell, a service manager or a closed terminal sends to a program that works.</summary>
public sealed class StopSignalsTests : IDisposable
{
    private static readonly string[] Steps = ["--steps", "30", "--seed", "4"];

    /// <summary>The weights and scores of a run without an interruption.</summary>
    private static readonly Lazy<(byte[] Weights, string[] Scores)> Whole = new(() =>
    {
        using TemporaryFolder folder = new();
        Assert.Equal(0, TrainedModel.Train(folder.PathOf("whole"), Steps).ExitCode);
        return Result(folder.PathOf("whole"));
    });

    private readonly TemporaryFolder _folder = new();

    private string Out => _folder.PathOf("out");

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// One signal, the same twice and more, and different ones; with checkpoints every two minutes, and after every step. Each process goes
    /// on where the one before it was stopped, and the last one ends like a run without an interruption.
    /// </summary>
    [SkippableFact]
    public void A_run_writes_its_checkpoint_whatever_comes_after_the_first_signal()
    {
        SampleProcess.SkipUnlessInterruptible();
        (string Minutes, string[] Signals)[] interruptions =
        [
            ("2", ["TERM"]),
            ("2", ["TERM", "TERM"]),
            ("2", ["INT", "INT", "INT"]),
            ("2", ["HUP"]),
            ("2", ["HUP", "TERM", "INT"]),
            ("0.00001", ["TERM", "TERM", "TERM", "TERM"]), // in the middle of a checkpoint
            ("0.00001", ["INT", "TERM"]),
        ];
        string[] resume = [];
        foreach ((string minutes, string[] signals) in interruptions)
        {
            string[] arguments = [.. Steps, "--checkpoint-minutes", minutes, .. resume];
            using SampleProcess process = new(TrainedModel.Assembly, TrainedModel.TrainArguments(Out, arguments));
            process.WaitUntil(() => process.Error.Contains("step ", StringComparison.Ordinal));
            foreach (string signal in signals) process.Send(signal);
            (int exitCode, string output, string error) = process.Finish();
            string sent = $"{string.Join(' ', signals)} with --checkpoint-minutes {minutes}, exit code {exitCode}: {error}";
            // Signals that are sent at once may arrive in another order.
            Assert.True(signals.Select(signal => signal switch { "HUP" => 129, "INT" => 130, _ => 143 }).Contains(exitCode), sent);
            Assert.True(error.Contains($"Interrupted. The checkpoint is {Path.Combine(Out, "checkpoint.safetensors")}; the same command "
                + "with --resume", StringComparison.Ordinal), sent);
            Assert.False(error.Contains("   at ", StringComparison.Ordinal), sent); // no stack trace
            Assert.True(resume.Length == output.Split("going on from step ").Length - 1, sent + output);
            Assert.Empty(Directory.GetFiles(Out, ".*"));
            resume = ["--resume"];
        }

        (int ExitCode, _, string Error) = TrainedModel.Train(Out, [.. Steps, "--resume"]);
        Assert.True(ExitCode == 0, Error);
        Assert.Equal(Whole.Value.Weights, Result(Out).Weights);
        Assert.Equal(Whole.Value.Scores, Result(Out).Scores);
    }

    /// <summary>Each program speaks of itself.</summary>
    [SkippableTheory]
    [InlineData("HoLoZeRo.dll", "evaluate --device cpu", "scoring", "Interrupted. The weights were not scored")]
    [InlineData("HoLoZeRo.dll", "generate --weights {1} --device cpu --prompt In_the_beginning_ --bytes 1000000", "generating",
        "Interrupted. The text ends here.")]
    [InlineData("HoLoZeRo.dll", "generate --weights {1} --device cpu --raw --prompt In_the_beginning_ --bytes 1000000", "generating",
        "Interrupted. The text ends here.")]
    [InlineData("Ablation.dll", "knockout --device cpu --out {0}", "scoring", "Interrupted. The rows so far are in {0}")]
    public void An_interruption_ends_in_the_commands_own_sentence(string assembly, string command, string begun, string sentence)
    {
        SampleProcess.SkipUnlessInterruptible();
        string endless = _folder.PathOf("endless.safetensors");
        if (command.Contains("{1}", StringComparison.Ordinal))
            TrainedModel.SaveEndless(Path.Combine(AppContext.BaseDirectory, "weights", "holo-zero-small.safetensors"), endless);
        using SampleProcess process = new(assembly, [
            .. command.Split(' ').Select(word => word.Replace('_', ' ').Replace("{0}", Out, StringComparison.Ordinal)
                .Replace("{1}", endless, StringComparison.Ordinal)),
        ]);
        process.WaitUntil(() => process.Error.Contains(begun, StringComparison.Ordinal));
        process.Interrupt();
        (int exitCode, _, string error) = process.Finish();
        Assert.Equal(130, exitCode);
        Assert.Contains(sentence.Replace("{0}", Out, StringComparison.Ordinal), error, StringComparison.Ordinal);
        Assert.DoesNotContain("--resume", error, StringComparison.Ordinal);
    }

    /// <summary>nohup, and shells that leave a job running, ask for it.</summary>
    [SkippableFact]
    public void A_signal_that_the_caller_ignores_stays_ignored()
    {
        SampleProcess.SkipUnlessInterruptible();
        (int exitCode, _, string error) = SampleProcess.RunInShell(
            _folder.FullName, TrainedModel.Assembly,
            "trap '' HUP; {0} train --preset smoke --device cpu --precision float32 --out out & "
                + "until [ -e out/metrics.jsonl ]; do sleep 0.05; done; kill -HUP $!; wait $!");
        Assert.True(exitCode == 0, error);
        Assert.True(File.Exists(Path.Combine(Out, "model.safetensors")));
    }

    /// <summary>The lines of progress and the table are lost, the run is not.</summary>
    [SkippableTheory]
    [InlineData("2>&1 | head -1", "0")]
    [InlineData("> /dev/full", "1")]
    [InlineData("2> /dev/full", "0")]
    public void A_run_whose_output_has_gone_is_done_to_its_end(string redirection, string exitCode)
    {
        SampleProcess.SkipWithoutShell();
        Skip.IfNot(File.Exists("/dev/full"), "This system has no /dev/full.");
        (_, byte[] output, string error) = SampleProcess.RunInShell(
            _folder.FullName, "BpbTable.dll",
            $"{{ {{0}} --preset smoke --device cpu --precision float32 --steps 2 --arms zero --out out; echo $? > code; }} {redirection}");
        Assert.Equal(exitCode, File.ReadAllText(_folder.PathOf("code")).Trim());
        Assert.True(File.Exists(Path.Combine(Out, "table.md")), error);
        if (exitCode == "1") Assert.Contains("error: standard output could not be written", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error + System.Text.Encoding.UTF8.GetString(output), StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_process_on_a_folder_is_refused_at_once()
    {
        using SampleProcess first = new(TrainedModel.Assembly, TrainedModel.TrainArguments(Out, "--steps", "100000"));
        first.WaitUntil(() => first.Error.Contains("step", StringComparison.Ordinal));
        if (!OperatingSystem.IsWindows()) first.Send("STOP"); // It leaves the processor to the others, and keeps the folder.
        foreach ((string assembly, string[] arguments) in (ReadOnlySpan<(string, string[])>)[
            (TrainedModel.Assembly, TrainedModel.TrainArguments(Out, "--resume")), ("BpbTable.dll", ["--preset", "smoke", "--out", Out]),
            ("Ablation.dll", ["knockout", "--out", Out]), (TrainedModel.Assembly, ["generate", "--window", "0", "--out", Out])])
        {
            (int exitCode, _, string error) = SampleProcess.Run(assembly, arguments);
            Assert.Equal(1, exitCode);
            Assert.Equal($"error: --out {Out} is in use by another process. Wait for it to end, or choose another --out.\n", error);
        }

        first.Kill();
        Assert.Equal(0, SampleProcess.Run("BpbTable.dll", "--preset", "smoke", "--device", "cpu", "--steps", "1", "--arms", "zero",
            "--out", Out).ExitCode);
    }

    private static (byte[] Weights, string[] Scores) Result(string folder) => (
        File.ReadAllBytes(Path.Combine(folder, "model.safetensors")), LogFile.WithoutTimes(Path.Combine(folder, "evaluations.jsonl")));
}
