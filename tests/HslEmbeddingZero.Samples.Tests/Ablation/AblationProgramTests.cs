using System.Text.Json.Nodes;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Samples.Tests.Ablation;

public sealed class AblationProgramTests(FinishedStudy finished) : IClassFixture<FinishedStudy>, IDisposable
{
    internal const string Assembly = "Ablation.dll";

    private readonly TemporaryFolder _folder = new();

    private string Out => _folder.PathOf("out");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_study_is_trained_once_and_told_in_a_table_a_figure_and_its_runs()
    {
        string study = WriteStudy("""["zero", "zero-standardized+gain"]""", 4);
        (int exitCode, string output, string error) = finished.Result;
        Assert.True(exitCode == 0, error + output);
        finished.CopyTo(Out);

        JsonNode[] runs = Runs();
        Assert.Equal([("zero", 0), ("zero-standardized+gain", 0), ("zero", 1), ("zero-standardized+gain", 1)],
            runs.Select(run => ((string)run["key"]!["arm"]!, (int)run["key"]!["seed"]!)));
        Assert.All(runs, run => Assert.Equal(2, (int)Assert.Single(run["curve"]!.AsArray())!["step"]!));
        Assert.All(runs, run => Assert.InRange((double)run["scores"]!["textBitsPerByte"]!, 1, 12));
        Assert.All(runs, run => Assert.Equal(TextNovelty.Kinds.Count, run["novelty"]!.AsArray().Count));
        string table = Table();
        Assert.Contains("## Text by source, and by what training showed of it", table, StringComparison.Ordinal);
        double[] zero =
            [.. runs.Where(run => (string)run["key"]!["arm"]! == "zero").Select(run => (double)run["scores"]!["textBitsPerByte"]!)];
        Assert.Contains($"| zero | {zero.Average():F3} ±{Math.Abs(zero[0] - zero[1]) / Math.Sqrt(2):F3} |", table,
            StringComparison.Ordinal);
        Assert.Contains("| zero-standardized+gain | zero |", table, StringComparison.Ordinal);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(InStudy("figure.png"))[..4]);
        Assert.Empty(Directory.GetFiles(InStudy(""), "*.checkpoint*"));
        Assert.Empty(Directory.GetFiles(InStudy(""), "*.curve.json"));

        string[] lines = File.ReadAllLines(InStudy("runs.jsonl"));
        (int ExitCode, string Output, string Error) again = Run(study);
        Assert.True(again.ExitCode == 0, again.Error);
        Assert.DoesNotContain("step 4/4", again.Error, StringComparison.Ordinal); // nothing is trained twice
        Assert.Equal(lines, File.ReadAllLines(InStudy("runs.jsonl")));

        // Another study of the same file name would replace these runs.
        (int ExitCode, string Output, string Error) other = Run(WriteStudy("""["zero", "projection"]""", 4));
        Assert.Equal(1, other.ExitCode);
        Assert.Contains("a run of another study", other.Error, StringComparison.Ordinal);
        Assert.Equal(lines, File.ReadAllLines(InStudy("runs.jsonl")));
        Assert.Equal(table, Table());
    }

    [Fact]
    public void Table_and_figure_are_made_again_from_the_runs_alone()
    {
        finished.CopyTo(Out);
        string kept = _folder.PathOf("kept"), table = Table();
        Directory.CreateDirectory(kept);
        foreach (string name in new[] { "study.json", "runs.jsonl" }) File.Copy(InStudy(name), Path.Combine(kept, name));
        (int exitCode, string output, string error) = SampleProcess.Run(Assembly, "report", kept);
        Assert.True(exitCode == 0, error + output);
        Assert.Equal(table, File.ReadAllText(Path.Combine(kept, "table.md")));
        Assert.Equal(File.ReadAllBytes(InStudy("figure.png")), File.ReadAllBytes(Path.Combine(kept, "figure.png")));

        string runs = Path.Combine(kept, "runs.jsonl");
        File.WriteAllLines(runs, File.ReadAllLines(runs)[1..]);
        (int ExitCode, string Output, string Error) cut = SampleProcess.Run(Assembly, "report", kept);
        Assert.Equal(1, cut.ExitCode);
        Assert.Contains("1 runs of the study are missing", cut.Error, StringComparison.Ordinal);
        Assert.Equal(table, File.ReadAllText(Path.Combine(kept, "table.md")));

        (int ExitCode, string Output, string Error) incomplete = SampleProcess.Run(Assembly, "report", kept, "--incomplete");
        Assert.True(incomplete.ExitCode == 0, incomplete.Error);
        Assert.Equal(3, File.ReadLines(runs).Count());
        Assert.Contains("- incomplete: 3 of 4 runs;", File.ReadAllText(Path.Combine(kept, "table.md")), StringComparison.Ordinal);

        foreach (string result in Directory.GetFiles(InStudy(""), "*.result.json"))
            File.Copy(result, Path.Combine(kept, Path.GetFileName(result)));
        Assert.Equal(0, SampleProcess.Run(Assembly, "report", kept, "--incomplete").ExitCode);
        Assert.Equal(table, File.ReadAllText(Path.Combine(kept, "table.md")));
    }

    [Fact]
    public void A_study_of_which_no_run_is_finished_has_no_report()
    {
        finished.CopyTo(Out);
        foreach (string file in Directory.GetFiles(InStudy("")).Where(file => !file.EndsWith("study.json", StringComparison.Ordinal)))
            File.Delete(file);
        (int exitCode, _, string error) = SampleProcess.Run(Assembly, "report", InStudy(""), "--incomplete");
        Assert.Equal(1, exitCode);
        Assert.Contains("no run of the study is finished", error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void An_interrupted_study_goes_on_and_ends_as_if_it_had_not_been()
    {
        SampleProcess.SkipUnlessInterruptible();
        string study = WriteStudy("""["zero"]""", 12, evaluateAt: 10);
        using (SampleProcess process = new(Assembly, Arguments(study)))
        {
            process.WaitUntil(() => process.Error.Contains("step 2/12", StringComparison.Ordinal));
            process.Interrupt();
            Assert.NotEqual(0, process.Finish().ExitCode);
        }

        Assert.False(File.Exists(InStudy("table.md")));
        Assert.Equal(0, Run(study).ExitCode);
        string[] resumed = [.. Runs().Select(Scores)];
        Directory.Delete(Out, recursive: true);
        Assert.Equal(0, Run(study).ExitCode);
        Assert.Equal(Runs().Select(Scores), resumed);
    }

    [Fact]
    public void Two_processes_share_a_study()
    {
        string study = WriteStudy("""["zero", "projection"]""", 4);
        using SampleProcess first = new(Assembly, Arguments(study)), second = new(Assembly, Arguments(study));
        ((int ExitCode, string Output, string Error) one, (int ExitCode, string Output, string Error) two) =
            (first.Finish(), second.Finish());
        Assert.True(one.ExitCode == 0 && two.ExitCode == 0, one.Error + two.Error);
        Assert.Equal(4, Runs().Length);
        // Every run was trained by exactly one of the two processes.
        Assert.Equal(4, (one.Error + two.Error).Split("step 4/4").Length - 1);
    }

    [Fact]
    public void Results_of_another_study_are_not_overwritten()
    {
        finished.CopyTo(Out);
        string result = Directory.GetFiles(InStudy(""), "zero-k8-*seed0.result.json").Single(), before = File.ReadAllText(result);
        string study = WriteStudy("""["zero", "zero-standardized+gain"]""", 4, evaluateAt: 3);
        (int exitCode, _, string error) = Run(study);
        Assert.Equal(1, exitCode);
        Assert.Contains(Path.GetFileName(result), error, StringComparison.Ordinal);
        Assert.Contains("evaluateAt is [2] there and [3] here", error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(result));
    }

    [Fact]
    public void A_knockout_is_a_matrix_and_goes_on_where_it_stopped()
    {
        string[] arguments = ["knockout", "--held-out", "smoke", "--device", "cpu", "--out", Out, "--silence"];
        (int exitCode, string output, string error) = SampleProcess.Run(Assembly, [.. arguments, "mean"]);
        Assert.True(exitCode == 0, error + output);
        string rowsPath = Path.Combine(Out, "knockout.jsonl"), matrix = File.ReadAllText(Path.Combine(Out, "knockout.md"));
        string[] rows = File.ReadAllLines(rowsPath);
        Assert.Equal(1 + 7 + 26, rows.Length); // unchanged model, seven groups, every channel except the boundary, which is a group
        double Text(string? channels) => (double)rows.Select(row => JsonNode.Parse(row)!).Single(
            row => (string?)row["channels"] == channels)["scores"]!["textBitsPerByte"]!;
        Assert.True(Text("value") > Text(null) + 1, "without its values a byte cannot be read");
        Assert.Contains($"| value | 18 | +{Text("value") - Text(null):F4} |", matrix, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Out, "knockout.png")));

        File.WriteAllLines(rowsPath, rows[..^2]);
        (int ExitCode, string Output, string Error) again = SampleProcess.Run(Assembly, [.. arguments, "mean"]);
        Assert.True(again.ExitCode == 0, again.Error);
        Assert.DoesNotContain("1/34 ", again.Output, StringComparison.Ordinal);
        Assert.Contains("34/34 ", again.Output, StringComparison.Ordinal);
        Assert.Equal(rows, File.ReadAllLines(rowsPath));

        (int ExitCode, string Output, string Error) other = SampleProcess.Run(Assembly, [.. arguments, "zero"]);
        Assert.Equal(1, other.ExitCode);
        Assert.Contains("knockout.jsonl", other.Error, StringComparison.Ordinal);
        Assert.Contains("--silence is mean there and zero here", other.Error, StringComparison.Ordinal);
        Assert.Equal(rows, File.ReadAllLines(rowsPath));
    }

    internal static string Write(TemporaryFolder folder, string arms, int steps, int evaluateAt = 2) => folder.Write("mine.json",
        $$"""{ "question": "?", "budget": "smoke", "arms": {{arms}}, "seeds": [0, 1], "steps": [{{steps}}], "evaluateAt": [{{evaluateAt}}], "baselines": ["zero"] }""");

    internal static string[] Arguments(string study, string output) =>
        ["run", study, "--device", "cpu", "--precision", "float32", "--out", output];

    private string WriteStudy(string arms, int steps, int evaluateAt = 2) => Write(_folder, arms, steps, evaluateAt);

    private string[] Arguments(string study) => Arguments(study, Out);

    private (int ExitCode, string Output, string Error) Run(string study) => SampleProcess.Run(Assembly, Arguments(study));

    private string InStudy(string name) => Path.Combine(Out, "mine", name);

    private string Table() => File.ReadAllText(InStudy("table.md"));

    private JsonNode[] Runs() => [.. File.ReadLines(InStudy("runs.jsonl")).Select(line => JsonNode.Parse(line)!)];

    /// <summary>A run without its times.</summary>
    private static string Scores(JsonNode run) => run["key"]!.ToJsonString() + run["scores"]!.ToJsonString() + run["curve"]!.ToJsonString();
}
