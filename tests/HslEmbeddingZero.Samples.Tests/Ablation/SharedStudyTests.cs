using System.Diagnostics;
using System.Text.Json.Nodes;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Samples.Tests.Ablation;

/// <summary>Processes that share the folder of a study, of one machine and of others.</summary>
public sealed class SharedStudyTests : IDisposable
{
    private const string Assembly = "Ablation.dll";
    private const int Steps = 16;

    /// <summary>The scores of the study, trained by one process.</summary>
    private static readonly Lazy<string[]> Alone = new(() =>
    {
        using TemporaryFolder folder = new();
        (int exitCode, _, string error) = SampleProcess.Run(Assembly, Arguments(folder));
        Assert.True(exitCode == 0, error);
        return Scores(folder);
    });

    private readonly TemporaryFolder _folder = new();

    private string Study => _folder.PathOf("out/mine");

    private string ClaimOfFirst => Path.Combine(Study, $"zero-k8-{Steps}steps-rate0.001-seed0.claim");

    public void Dispose() => _folder.Dispose();

    /// <summary>The variable stands for a file system without locks, on which .NET goes on without one.</summary>
    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    public void Processes_that_share_a_study_train_each_run_once_and_get_the_results_of_one_process(string withoutLocks)
    {
        Dictionary<string, string> environment = new() { ["DOTNET_SYSTEM_IO_DISABLEFILELOCKING"] = withoutLocks };
        SampleProcess[] processes =
            [.. Enumerable.Range(0, 3).Select(_ => SampleProcess.StartWith(environment, Assembly, Arguments(_folder)))];
        (int ExitCode, string Output, string Error)[] ends = [.. processes.Select(process => process.Finish())];
        foreach (SampleProcess process in processes) process.Dispose();
        string errors = string.Concat(ends.Select(end => end.Error));
        Assert.All(ends, end => Assert.True(end.ExitCode == 0, errors));
        Assert.Equal(Alone.Value, Scores(_folder));
        Assert.Equal(Alone.Value.Length, errors.Split($"step {Steps}/{Steps}").Length - 1);
        Assert.Matches("another process|process [0-9]+ on .+ is training this run; waiting for it", errors);
        Assert.Empty(Directory.GetFiles(Study, "*.claim*"));
    }

    [SkippableFact]
    public void The_run_of_a_killed_process_is_taken_over_at_once_from_its_checkpoint()
    {
        Skip.If(OperatingSystem.IsWindows(), "A process is killed by its signal.");
        using SampleProcess killed = new(Assembly, [.. Arguments(_folder), "--checkpoint-minutes", "0.0005"]);
        string checkpoint = Path.ChangeExtension(ClaimOfFirst, ".checkpoint.safetensors");
        killed.WaitUntil(() => File.Exists(checkpoint) && killed.Error.Contains($"step 6/{Steps}", StringComparison.Ordinal));
        killed.Kill();
        Assert.True(File.Exists(ClaimOfFirst));

        (int exitCode, _, string error) = SampleProcess.Run(Assembly, [.. Arguments(_folder), "--claim-minutes", "1440"]);
        Assert.True(exitCode == 0, error);
        Assert.DoesNotContain($"seed 0  step 2/{Steps}", error, StringComparison.Ordinal); // not from its start
        Assert.Equal(Alone.Value, Scores(_folder));
        Assert.Empty(Directory.GetFiles(Study, "*.claim*"));
    }

    [SkippableFact]
    public void A_process_that_waits_takes_over_when_the_other_is_killed()
    {
        Skip.If(OperatingSystem.IsWindows(), "A process is killed by its signal.");
        using SampleProcess killed = new(Assembly, Arguments(_folder));
        killed.WaitUntil(() => ClaimFile.Read(ClaimOfFirst) is { } text && ClaimLine.Parse(text) is not null);
        killed.Send("STOP"); // It holds its run, and is too slow for the other.
        using SampleProcess other = new(Assembly, [.. Arguments(_folder), "--claim-minutes", "1440"]);
        other.WaitUntil(() => other.Error.Contains("waiting for it", StringComparison.Ordinal));
        Assert.Contains($"seed 0: process {killed.Id} on {Environment.MachineName} is training this run; waiting for it.", other.Error,
            StringComparison.Ordinal);
        killed.Kill();
        (int exitCode, _, string error) = other.Finish();
        Assert.True(exitCode == 0, error);
        Assert.Equal(Alone.Value, Scores(_folder));
        Assert.Equal(1, error.Split("waiting for it").Length - 1); // told once
    }

    /// <summary>Its claim goes stale, and it finds out when it goes on. On this machine it still holds its lock.</summary>
    [SkippableFact]
    public void A_process_that_stands_still_for_the_stated_time_loses_its_run_and_spoils_nothing()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no signal that stops a process.");
        string[] arguments = [.. Arguments(_folder), "--claim-minutes", "0.1", "--checkpoint-minutes", "0.0005"];
        using SampleProcess stopped = new(Assembly, arguments);
        stopped.WaitUntil(() => stopped.Error.Contains($"step 2/{Steps}", StringComparison.Ordinal));
        stopped.Send("STOP");
        using SampleProcess other = new(Assembly, arguments);
        (int exitCode, _, string error) = other.Finish();
        Assert.True(exitCode == 0, error);
        string[] scores = Scores(_folder);
        Assert.Equal(Alone.Value, scores);
        Assert.Contains($"seed 0  step {Steps}/{Steps}", error, StringComparison.Ordinal);
        string[] results = [.. Directory.GetFiles(Study, "*.result.json").Order().Select(File.ReadAllText)];

        stopped.Send("CONT");
        (int ExitCode, string Output, string Error) end = stopped.Finish();
        Assert.True(end.ExitCode == 0, end.Error);
        Assert.DoesNotContain($"step {Steps}/{Steps}", end.Error, StringComparison.Ordinal);
        Assert.Equal(results, Directory.GetFiles(Study, "*.result.json").Order().Select(File.ReadAllText));
        Assert.Empty(Directory.GetFiles(Study, "*.checkpoint*"));
    }

    [Fact]
    public void The_claim_of_another_machine_is_respected_while_it_changes_and_taken_over_when_it_stops()
    {
        Directory.CreateDirectory(Study);
        ClaimLine line = new("theirs", new ClaimHolder("elsewhere", "boot", "pid:[1]", 7, 1), LastsSeconds: 6);
        File.WriteAllText(ClaimOfFirst, line.ToText());
        using SampleProcess process = new(Assembly, [.. Arguments(_folder), "--claim-minutes", "0.1"]);
        var changing = Stopwatch.StartNew();
        bool waits = false;
        for (int beat = 1; !waits || changing.Elapsed < TimeSpan.FromSeconds(8); beat++, Thread.Sleep(100))
        {
            Assert.True(ClaimFile.TryBeat(ClaimOfFirst, line with { Beats = beat }), process.Error);
            if (waits || !process.Error.Contains("waiting for it", StringComparison.Ordinal)) continue;
            waits = true;
            changing.Restart();
        }

        Assert.Contains("seed 0: process 7 on elsewhere is training this run; waiting for it.", process.Error, StringComparison.Ordinal);
        (int exitCode, _, string error) = process.Finish();
        Assert.True(exitCode == 0, error);
        Assert.Equal(Alone.Value, Scores(_folder));
    }

    [SkippableFact]
    public void A_claim_that_is_stolen_stops_its_holder_who_writes_nothing_more_and_later_gets_the_run_back()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no signal that stops a process.");
        using SampleProcess process = new(Assembly, [.. Arguments(_folder), "--claim-minutes", "0.1", "--checkpoint-minutes", "0"]);
        process.WaitUntil(() => process.Error.Contains($"step 2/{Steps}", StringComparison.Ordinal));
        process.Send("STOP"); // On a fast machine, the run would be over before the next beat.
        AtomicFile.WriteText(ClaimOfFirst, new ClaimLine("theirs", new ClaimHolder("elsewhere", "boot", "pid:[1]", 7, 1), 6).ToText());
        process.Send("CONT");
        process.WaitUntil(() => process.Error.Contains("seed 1  step", StringComparison.Ordinal)); // It goes on with the next run.
        Assert.Empty(Directory.GetFiles(Study, "*seed0.checkpoint*"));
        Assert.Empty(Directory.GetFiles(Study, "*seed0.result.json"));
        Assert.Equal("theirs", ClaimLine.Parse(File.ReadAllText(ClaimOfFirst))!.Id);

        (int exitCode, _, string error) = process.Finish(); // The thief never beats.
        Assert.True(exitCode == 0, error);
        Assert.Contains("seed 0: process 7 on elsewhere is training this run; waiting for it.", error, StringComparison.Ordinal);
        Assert.Equal(Alone.Value, Scores(_folder));
        Assert.Empty(Directory.GetFiles(Study, "*.claim*"));
    }

    private static string[] Arguments(TemporaryFolder folder) =>
    [
        "run",
        folder.Write("mine.json",
            $$"""{ "question": "?", "budget": "smoke", "arms": ["zero"], "seeds": [0, 1], "steps": [{{Steps}}], "evaluateAt": [2] }"""),
        "--device", "cpu", "--precision", "float32", "--out", folder.PathOf("out"),
    ];

    /// <summary>The runs of the study, without their times.</summary>
    private static string[] Scores(TemporaryFolder folder) =>
    [
        .. File.ReadLines(folder.PathOf("out/mine/runs.jsonl")).Select(line => JsonNode.Parse(line)!)
            .Select(run => run["key"]!.ToJsonString() + run["scores"]!.ToJsonString() + run["curve"]!.ToJsonString()),
    ];
}
