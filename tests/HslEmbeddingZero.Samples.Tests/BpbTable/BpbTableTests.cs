using System.Text.Json.Nodes;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Samples.Tests.BpbTable;

public sealed class BpbTableTests(FinishedTable finished) : IClassFixture<FinishedTable>, IDisposable
{
    private const string Assembly = "BpbTable.dll";
    private static readonly string[] ScoreNames = ["textBpb", "videoBpb", "captionBpb", "bindingGap", "sceneGap"];

    /// <summary>12 steps of two doors without an interruption: the scores, and the metrics of the first without their times.</summary>
    private static readonly Lazy<(string Scores, string[] Steps)> Whole = new(() =>
    {
        using TemporaryFolder folder = new();
        Assert.Equal(0, Smoke(folder.PathOf("whole"), "--steps", "12", "--arms", "zero,projection").ExitCode);
        return (Scores(folder.PathOf("whole")), LogFile.WithoutTimes(Path.Combine(folder.PathOf("whole"), "zero-k8-seed0.metrics.jsonl")));
    });

    private readonly TemporaryFolder _folder = new();

    private string Out => _folder.PathOf("out");

    public void Dispose() => _folder.Dispose();

    internal static (int ExitCode, string Output, string Error) Smoke(string output, params string[] arguments) =>
        SampleProcess.Run(Assembly, ["--preset", "smoke", "--device", "cpu", "--precision", "float32", "--out", output, .. arguments]);

    private static JsonObject Table(string output) => JsonNode.Parse(File.ReadAllText(Path.Combine(output, "table.json")))!.AsObject();

    /// <summary>All scores of a table, without times.</summary>
    internal static string Scores(string output) => string.Join('\n', Table(output)["rows"]!.AsArray().Select(row =>
        $"{row!["arm"]} {row["bytesPerSlot"]} {string.Join(' ', ScoreNames.Select(name => row[name]!.ToJsonString()))}"));

    private static string[] Keys(JsonNode? node) => [.. node!.AsObject().Select(pair => pair.Key)];

    [Fact]
    public void The_table_is_written_in_the_published_schema()
    {
        (int exitCode, string output, string error) = Smoke(Out, "--steps", "2", "--arms", "zero,embedding-pooled", "--seeds", "0,1");
        Assert.True(exitCode == 0, error + output);
        Assert.All(Lines(error).Where(line => !IsLoading(line)),
            line => Assert.Matches(@"K=8 seed [01]  (step \d+/2 |scoring )", line)); // only the progress
        Assert.Contains("text bpb", output, StringComparison.Ordinal);

        JsonObject table = Table(Out);
        string[] fields = ["preset", "device", "libtorch", "steps", "seeds", "body", "corpus", "rows"];
        Assert.Empty(fields.Except(Keys(table)));
        Assert.Equal(["dim", "layers", "heads", "parameters"], Keys(table["body"]));
        Assert.Equal(("smoke", 2), ((string?)table["preset"], (int)table["steps"]!));
        Assert.Equal([0, 1], table["seeds"]!.AsArray().Select(seed => (int)seed!));
        Assert.Equal(["zero", "embedding-pooled"], table["rows"]!.AsArray().Select(row => (string)row!["arm"]!));
        foreach (JsonNode? row in table["rows"]!.AsArray())
        {
            string[] columns = ["arm", "bytesPerSlot", "learnedInputParameters", .. ScoreNames, "trainBytesPerSecond", "wallSeconds"];
            Assert.Empty(columns.Except(Keys(row)));
            Assert.Equal(8, (int)row!["bytesPerSlot"]!);
            Assert.Equal((string)row["arm"]! == "zero" ? 0 : 258 * 216, (int)row["learnedInputParameters"]!);
            Assert.True((double)row["trainBytesPerSecond"]! > 0 && (double)row["wallSeconds"]! > 0);
            foreach (string name in ScoreNames)
            {
                Assert.Equal(["mean", "std", "values"], Keys(row[name]));
                double[] values = row[name]!["values"]!.AsArray().Select(value => (double)value!).ToArray();
                Assert.Equal(2, values.Length);
                Assert.Equal(values.Average(), (double)row[name]!["mean"]!, 1e-12);
                Assert.Equal(Math.Abs(values[0] - values[1]) / Math.Sqrt(2), (double)row[name]!["std"]!, 1e-12);
                Assert.All(values, value => Assert.InRange(value, name.EndsWith("Gap", StringComparison.Ordinal) ? -10 : 1, 12));
            }
        }

        Assert.Contains("| zero | 8 |", File.ReadAllText(Path.Combine(Out, "table.md")), StringComparison.Ordinal);
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10], File.ReadAllBytes(Path.Combine(Out, "curves.png"))[..8]);
        Assert.Equal(4, Directory.GetFiles(Out, "*.metrics.jsonl").Length);
        Assert.Empty(Directory.GetFiles(Out, "*.checkpoint*"));
        Assert.Empty(Directory.GetFiles(Out, ".*"));
    }

    [Fact]
    public void Several_schedules_are_rows_of_their_own_and_a_figure()
    {
        (int exitCode, string output, string error) = Smoke(Out, "--steps", "2,3", "--arms", "zero,projection", "--seeds", "0,1");
        Assert.True(exitCode == 0, error + output);
        Assert.Contains("schedules.png", output, StringComparison.Ordinal);
        Assert.Equal(
            [("zero", 2), ("projection", 2), ("zero", 3), ("projection", 3)],
            Table(Out)["rows"]!.AsArray().Select(row => ((string)row!["arm"]!, (int)row["steps"]!)));
        Assert.Contains("| zero | 3 | 8 |", File.ReadAllText(Path.Combine(Out, "table.md")), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Out, "schedules.png")));
        Assert.Equal(2, File.ReadLines(Path.Combine(Out, "zero-k8-3steps-seed0.metrics.jsonl")).Count());
    }

    /// <summary>The choice depends on the processor only, so it is the same under any load and in a resumed run.</summary>
    [Fact]
    public void The_precision_is_that_of_the_processor_and_stands_in_the_table()
    {
        string expected = Training.RecommendedPrecision.For().ToString().ToLowerInvariant();
        string words = Training.RecommendedPrecision.Describe(Training.RecommendedPrecision.For());
        string[] arguments = ["--preset", "smoke", "--device", "cpu", "--steps", "2", "--arms", "zero", "--out", Out];
        foreach (string[] more in (string[][])[[], ["--resume"]])
        {
            (int exitCode, string output, string error) = SampleProcess.Run(Assembly, [.. arguments, .. more]);
            Assert.True(exitCode == 0, error);
            Assert.Contains($"precision: {words}, on CPU", output, StringComparison.Ordinal);
            Assert.Contains($"precision: {expected} ({words})", File.ReadAllText(Path.Combine(Out, "table.md")), StringComparison.Ordinal);
            Assert.Equal((expected, words), ((string?)Table(Out)["precision"], (string?)Table(Out)["arithmetic"]));
        }

        Assert.Empty(Directory.GetFiles(Out, "precision*"));
        string other = _folder.PathOf("bfloat16");
        Assert.Equal(0, SampleProcess.Run(Assembly, [.. arguments[..^1], other, "--precision", "bfloat16"]).ExitCode);
        Assert.Equal("bfloat16", (string?)Table(other)["precision"]);
    }

    [Fact]
    public void The_published_doors_come_first_and_the_table_is_shown_when_they_are_done()
    {
        (int exitCode, string output, string error) = Smoke(Out, "--steps", "2");
        Assert.True(exitCode == 0, error);
        Assert.Equal(
            ["zero", "projection", "embedding", "zero-standardized", "embedding-pooled"],
            Table(Out)["rows"]!.AsArray().Select(row => (string)row!["arm"]!));
        int early = output.IndexOf("3 of 5 runs are trained; the table grows.", StringComparison.Ordinal);
        Assert.True(early > 0, output);
        Assert.Contains("embedding", output[..early], StringComparison.Ordinal);
        Assert.DoesNotContain("embedding-pooled", output[..early], StringComparison.Ordinal);
        Assert.Equal(2, output.Split("text bpb").Length - 1);
        Assert.DoesNotContain("the table grows", File.ReadAllText(Path.Combine(Out, "table.md")), StringComparison.Ordinal);
        Assert.Equal((5, 5), ((int)Table(Out)["runs"]!["finished"]!, (int)Table(Out)["runs"]!["planned"]!));
    }

    [Fact]
    public void The_same_seed_gives_the_identical_table_and_finished_rows_are_taken_over()
    {
        Assert.Equal(0, Smoke(Out, "--steps", "2", "--arms", "zero").ExitCode);
        string again = _folder.PathOf("again");
        finished.CopyTo(again);
        Assert.Equal(Scores(again).Split('\n')[0], Scores(Out));
        Assert.Null(Table(Out)["rows"]![0]!["textBpb"]!["std"]); // one seed: no spread is known

        string metrics = Path.Combine(Out, "zero-k8-seed0.metrics.jsonl");
        (DateTime before, double wall) = (File.GetLastWriteTimeUtc(metrics), (double)Table(Out)["rows"]![0]!["wallSeconds"]!);
        Assert.Equal(0, Smoke(Out, "--steps", "2", "--arms", "zero,projection", "--resume").ExitCode);
        Assert.Equal(2, Table(Out)["rows"]!.AsArray().Count);
        Assert.Equal(Scores(again), Scores(Out));
        Assert.Equal(before, File.GetLastWriteTimeUtc(metrics));
        Assert.Equal(wall, (double)Table(Out)["rows"]![0]!["wallSeconds"]!);
    }

    /// <summary>Trained on with other options, the earlier result would be lost.</summary>
    [Theory]
    [InlineData("--steps is 2 there and 3 here", "--steps", "3")]
    [InlineData("--precision is float32 there and bfloat16 here", "--precision", "bfloat16")]
    [InlineData("body.dim is 216 there and 256 here", "--preset", "quick")]
    public void A_resume_with_other_options_names_them_and_changes_nothing(string difference, params string[] other)
    {
        string[] arguments = ["--preset", "smoke", "--device", "cpu", "--precision", "float32", "--steps", "2"];
        finished.CopyTo(Out);
        string result = Path.Combine(Out, "zero-k8-seed0.result.json"), before = File.ReadAllText(result);
        arguments[Array.IndexOf(arguments, other[0]) + 1] = other[1];
        (int exitCode, _, string error) = SampleProcess.Run(Assembly, [.. arguments, "--arms", "zero", "--out", Out, "--resume"]);
        Assert.Equal(1, exitCode);
        Assert.Contains(result, ErrorLine(error), StringComparison.Ordinal);
        Assert.Contains(difference, error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(result));

        (_, _, string missing) = SampleProcess.Run(Assembly, [.. arguments, "--arms", "zero", "--out", Out, "--report-only"]);
        Assert.Contains("holds no finished run of these options: zero K=8 seed 0 (", missing, StringComparison.Ordinal);
        Assert.Contains(difference, missing, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("2")]
    [InlineData("0")] // a checkpoint only at an interruption
    public void An_interrupted_run_goes_on_to_the_same_scores(string minutes)
    {
        SampleProcess.SkipUnlessInterruptible();
        string[] arguments = ["--steps", "12", "--arms", "zero", "--checkpoint-minutes", minutes];
        string metrics = Path.Combine(Out, "zero-k8-seed0.metrics.jsonl");
        using (SampleProcess process = new(Assembly,
            ["--preset", "smoke", "--device", "cpu", "--precision", "float32", "--out", Out, .. arguments]))
        {
            process.WaitUntil(() => File.Exists(metrics) && new FileInfo(metrics).Length > 0);
            process.Interrupt();
            (int exitCode, _, string error) = process.Finish();
            Assert.Equal(130, exitCode);
            Assert.Contains("--resume", error, StringComparison.Ordinal);
        }

        Assert.Single(Directory.GetFiles(Out, "*.checkpoint.safetensors"));
        Assert.False(File.Exists(Path.Combine(Out, "table.json")));
        Assert.Empty(Directory.GetFiles(Out, ".*"));

        Assert.Equal(0, Smoke(Out, [.. arguments, "--resume"]).ExitCode);
        Assert.Empty(Directory.GetFiles(Out, "*.checkpoint*"));
        Assert.Equal(Whole.Value.Scores.Split('\n')[0], Scores(Out));
        Assert.Equal(Whole.Value.Steps, LogFile.WithoutTimes(metrics));
    }

    /// <summary>
    /// A kill leaves no time to write. The run resumes from the last periodic checkpoint, with the rows that the table already had.
    /// </summary>
    [SkippableFact]
    public void A_killed_run_goes_on_from_the_checkpoint_that_was_due()
    {
        Skip.If(OperatingSystem.IsWindows(), "A process is killed by its signal.");
        string[] arguments = ["--steps", "12", "--arms", "zero,projection", "--checkpoint-minutes", "0.0005"];
        string checkpoint = Path.Combine(Out, "projection-k8-seed0.checkpoint.safetensors");
        using (SampleProcess process = new(Assembly,
            ["--preset", "smoke", "--device", "cpu", "--precision", "float32", "--out", Out, .. arguments]))
        {
            process.WaitUntil(() => File.Exists(checkpoint));
            process.Kill();
        }

        Assert.Equal(["zero"], Table(Out)["rows"]!.AsArray().Select(row => (string)row!["arm"]!)); // one door is done and in the table
        Assert.Contains("1 of 2 runs are trained", File.ReadAllText(Path.Combine(Out, "table.md")), StringComparison.Ordinal);
        Assert.Equal(0, Smoke(Out, [.. arguments, "--resume"]).ExitCode);
        Assert.Equal(Whole.Value.Scores, Scores(Out));
        Assert.Empty(Directory.GetFiles(Out, "*.checkpoint*"));
    }

    [Fact]
    public void Processes_that_resume_the_same_table_share_its_runs_and_wait_for_each_other()
    {
        string[] arguments =
        [
            "--preset", "smoke", "--device", "cpu", "--precision", "float32", "--out", Out, "--steps", "12", "--arms", "zero,projection",
            "--resume",
        ];
        using SampleProcess first = new(Assembly, arguments), second = new(Assembly, arguments);
        ((int ExitCode, string Output, string Error) one, (int ExitCode, string Output, string Error) two) =
            (first.Finish(), second.Finish());
        Assert.True(one.ExitCode == 0 && two.ExitCode == 0, one.Error + two.Error);
        Assert.Equal(2, (one.Error + two.Error).Split("step 12/12").Length - 1);
        Assert.Equal(Whole.Value.Scores, Scores(Out));
        Assert.All([one, two], end => Assert.Contains("| projection", end.Output.Replace('│', '|'), StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(Out, "*.claim*"));
    }

    [Fact]
    public void A_report_alone_trains_nothing_and_writes_the_table_of_what_is_finished()
    {
        finished.CopyTo(Out);
        string scores = Scores(Out);
        Assert.Equal("CPU", ((string)Table(Out)["device"]!)[..3]);
        foreach (string file in new[] { "table.md", "table.json", "curves.png" }) File.Delete(Path.Combine(Out, file));
        string[] runs = Directory.GetFiles(Out);

        (int exitCode, string output, string error) = Smoke(Out, "--steps", "2", "--arms", "zero,projection", "--seeds", "0,1", "--report-only");
        Assert.True(exitCode == 0, error);
        Assert.Contains("not finished: zero K=8 seed 1, projection K=8 seed 1", output, StringComparison.Ordinal);
        Assert.Equal(scores, Scores(Out));
        Assert.Contains("2 of 4 runs are trained", File.ReadAllText(Path.Combine(Out, "table.md")), StringComparison.Ordinal);
        Assert.Equal(runs.Length + 3, Directory.GetFiles(Out).Length);
    }

    [Fact]
    public void A_report_of_nothing_is_refused()
    {
        (int exitCode, _, string error) = Smoke(Out, "--arms", "zero", "--report-only");
        Assert.Equal(1, exitCode);
        Assert.Contains($"{Out} holds no finished run of these options: zero K=8 seed 0", error, StringComparison.Ordinal);
    }

    /// <summary>Trained on a GPU, reported on any machine.</summary>
    [Fact]
    public void The_committed_table_of_a_gpu_is_what_its_runs_give()
    {
        string committed = Path.Combine(AppContext.BaseDirectory, "Committed", "h200");
        Directory.CreateDirectory(Out);
        foreach (string file in Directory.GetFiles(committed, "*-seed*")) File.Copy(file, Path.Combine(Out, Path.GetFileName(file)));
        (int exitCode, _, string error) = SampleProcess.Run(
            Assembly,
            [
                "--preset", "paper", "--device", "cuda", "--precision", "bfloat16", "--bytes-per-slot", "8", "--seeds", "0,1", "--out", Out,
                "--arms", "zero,projection,embedding,embedding-pooled,zero-standardized", "--report-only",
            ]);
        Assert.True(exitCode == 0, error);
        Assert.Equal(File.ReadAllText(Path.Combine(committed, "table.md")), File.ReadAllText(Path.Combine(Out, "table.md")));
        Assert.Equal(File.ReadAllText(Path.Combine(committed, "table.json")), File.ReadAllText(Path.Combine(Out, "table.json")));
        Assert.Contains("- device: NVIDIA H200, libtorch 2.11.0+cu130;", File.ReadAllText(Path.Combine(Out, "table.md")),
            StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> Wrong => new()
    {
        { "--bogus", "--bogus", "" },
        { "extra", "extra", "" },
        { "--arms zero,foo", "'foo'", "embedding-pooled" },
        { "--arms @zero", "'@zero'", "embedding-pooled" }, // not a response file
        { "--arms zero --bytes-per-slot 16", "432", "216" }, // 27 · 16 channels
        { "--bytes-per-slot 0", "'0'", "from 1" },
        { "--bytes-per-slot 8,x", "'x'", "from 1" },
        { "--seeds -1", "'-1'", "from 0" },
        { "--seeds 1,1", "'1,1'", "twice" },
        { "--steps 0", "0", "1" },
        { "--steps many", "many", "1" },
        { "--steps 99999999999", "99999999999", "2147483647" },
        { "--device tpu", "'tpu'", "auto, cpu or cuda" },
        { "--preset huge", "'huge'", "smoke, quick or paper" },
        { "--precision float8", "'float8'", "bfloat16" },
        { "--checkpoint-minutes -1", "'-1'", "minutes from 0" },
        { "--checkpoint-minutes NaN", "'NaN'", "minutes from 0" },
        { "--claim-minutes 0", "'0'", "minutes from 0.1 to 1440" },
        { "--claim-minutes 1441", "'1441'", "minutes from 0.1 to 1440" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_option_is_refused(string options, string value, string limit) => AssertRefused(value, limit, options.Split(' '));

    [SkippableFact]
    public void Cuda_is_refused_where_there_is_none()
    {
        Skip.If(TorchSharp.torch.cuda.is_available(), "There is a CUDA device.");
        AssertRefused("--device cuda", "-p:TorchBackend", "--device", "cuda");
    }

    [Fact]
    public void A_bad_text_file_is_refused()
    {
        AssertRefused("missing.txt", "no such file", "--text", _folder.PathOf("missing.txt"));
        AssertRefused("empty.txt", "at least 1", "--text", _folder.Write("empty.txt", []));
        AssertRefused("short.txt", "768", "--text", _folder.Write("short.txt", new byte[900]));
    }

    [Fact]
    public void A_bad_window_file_is_refused()
    {
        AssertRefused("missing.bin", "no such file", "--windows", _folder.PathOf("missing.bin"));
        AssertRefused("1000 bytes", "539", "--windows", _folder.Write("size.bin", new byte[1000]));
        AssertRefused("record 0", "254", "--windows", _folder.Write("separators.bin", new byte[2 * 539]));
    }

    /// <summary>A path below a regular file: nobody, not even root, can write there.</summary>
    [Fact]
    public void An_unwritable_folder_is_refused()
    {
        string file = _folder.Write("file", [1]);
        (int exitCode, _, string error) = Smoke(Path.Combine(file, "below"), "--steps", "2", "--arms", "zero");
        Assert.Equal(1, exitCode);
        Assert.Contains("--out", ErrorLine(error), StringComparison.Ordinal);
        Assert.Contains(file, error, StringComparison.Ordinal);
        Assert.Equal([1], File.ReadAllBytes(file));
    }

    [Fact]
    public void An_empty_folder_name_is_refused()
    {
        (int exitCode, _, string error) = Smoke("");
        Assert.Equal(1, exitCode);
        Assert.Contains("--out must name a folder; got ''", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_runs_checkpoint_is_refused()
    {
        Directory.CreateDirectory(Out);
        File.WriteAllText(Path.Combine(Out, "zero-k8-seed0.checkpoint.safetensors"), "no checkpoint");
        (int exitCode, _, string error) = Smoke(Out, "--steps", "2", "--arms", "zero", "--resume");
        Assert.Equal(1, exitCode);
        Assert.Contains("zero-k8-seed0.checkpoint.safetensors", error, StringComparison.Ordinal);
        Assert.Equal(["zero-k8-seed0.checkpoint.safetensors", "zero-k8-seed0.lock"],
            Directory.GetFiles(Out).Select(Path.GetFileName).Order());
        Assert.Equal("no checkpoint", File.ReadAllText(Path.Combine(Out, "zero-k8-seed0.checkpoint.safetensors")));
    }

    [Fact]
    public void Help_names_every_option()
    {
        (int exitCode, string output, _) = SampleProcess.Run(Assembly, "--help");
        Assert.Equal(0, exitCode);
        Assert.All(
            ["--preset", "--arms", "--bytes-per-slot", "--seeds", "--steps", "--device", "--precision", "--checkpoint-minutes",
                "--claim-minutes", "--text", "--windows", "--out", "--resume", "--help"],
            option => Assert.Contains(option, output, StringComparison.Ordinal));
    }

    /// <summary>Refused with one line that names value and limit, and no folder is created.</summary>
    private void AssertRefused(string value, string limit, params string[] options)
    {
        string[] preset = options.Contains("--preset") ? [] : new[] { "--preset", "smoke" };
        (int exitCode, _, string error) = SampleProcess.Run(Assembly, [.. preset, "--out", Out, .. options]);
        Assert.Equal(1, exitCode);
        string line = ErrorLine(error);
        Assert.Contains(value, line, StringComparison.Ordinal);
        Assert.Contains(limit, line, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Out));
    }

    /// <summary>The only line, except for those of a slow machine that loads the corpus.</summary>
    private static string ErrorLine(string error) => Assert.Single(Lines(error), line => !IsLoading(line));

    private static bool IsLoading(string line) =>
        line.StartsWith("reading ", StringComparison.Ordinal) || line.StartsWith("counting ", StringComparison.Ordinal);

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Without --resume, hours of training would be lost.</summary>
    [Theory]
    [InlineData("zero-k8-seed0.result.json")]
    [InlineData("zero-k8-seed0.checkpoint.safetensors")]
    public void An_earlier_run_is_not_overwritten(string file)
    {
        Directory.CreateDirectory(Out);
        File.WriteAllText(Path.Combine(Out, file), "earlier");
        (int exitCode, _, string error) = Smoke(Out, "--steps", "2", "--arms", "zero");
        Assert.Equal(1, exitCode);
        Assert.Contains($"{file} exists from an earlier run: keep it with --resume", error, StringComparison.Ordinal);
        Assert.Equal("earlier", File.ReadAllText(Path.Combine(Out, file)));
    }
}
