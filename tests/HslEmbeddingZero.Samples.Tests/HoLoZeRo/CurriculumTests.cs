using System.Text.Json.Nodes;
using HslEmbeddingZero.Tests;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples.Tests.HoLoZeRo;

public sealed class CurriculumTests : IDisposable
{
    private const string Assembly = "HoLoZeRo.dll";

    /// <summary>Two stages that ask few questions. The second one has steps enough to be interrupted.</summary>
    private const string TwoStages = """
        {
          "bytesPerSlot": 1, "body": { "dim": 32, "layers": 1, "heads": 2, "dropout": 0 },
          "stages": [
            {
              "name": "one", "sources": { "text": { "weight": 1, "context": 16, "target": 8 } },
              "training": { "steps": 1, "warmupSteps": 0, "batchSize": 1, "gradientAccumulationSteps": 1 }
            },
            {
              "name": "two",
              "sources": { "copy": { "weight": 1, "context": 16, "target": 8 }, "text": { "weight": 1, "context": 16, "target": 8 } },
              "training": { "steps": 400, "batchSize": 1, "gradientAccumulationSteps": 1, "reportEverySteps": 1 }
            }
          ]
        }
        """;

    private readonly TemporaryFolder _folder = new();

    private string Out => _folder.PathOf("out");

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Presets => new(CurriculumCommand.Presets);

    [Theory]
    [MemberData(nameof(Presets))]
    public void A_preset_has_a_door_that_fits_and_sources_that_there_are(string preset)
    {
        var curriculum = Curriculum.Load(Path.Combine(AppContext.BaseDirectory, "curricula", $"{preset}.json"));
        string again = _folder.Write("again.json", curriculum.ToJson());
        Assert.Equal(curriculum.ToJson(), Curriculum.Load(again).ToJson());
        using InputDoor door = DoorArms.Create(
            curriculum.Door, curriculum.BytesPerSlot, curriculum.Body.Dim, ngrams: curriculum.Ngrams);
        Assert.Equal(["text", "knowledge", "windows"], curriculum.Stages.Select(stage => stage.Name).Except(["reading"]));
        foreach (CurriculumStage stage in curriculum.Stages)
        {
            Assert.Subset(CurriculumSources.Names.Keys.ToHashSet(), stage.Sources.Keys.ToHashSet());
            if (stage.Sources.TryGetValue("caption", out StageSource? caption))
            {
                Assert.Equal(WindowRecord.CaptionOffset, caption.Context);
                Assert.Equal(WindowRecord.Size - WindowRecord.CaptionOffset, caption.Target);
            }
        }
    }

    [Fact]
    public void Every_curriculum_of_the_program_is_a_preset() => Assert.Equal(
        CurriculumCommand.Presets.Order(),
        Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "curricula")).Select(Path.GetFileNameWithoutExtension).Order());

    [Fact]
    public void A_curriculum_leaves_a_model_a_table_and_a_curve()
    {
        (int exitCode, string output, string error) = Run("smoke");
        Assert.True(exitCode == 0, error + output);
        Assert.Contains("Retrieval, 1,000 questions about held-out persons: ", output, StringComparison.Ordinal);
        foreach (string stage in (string[])["text", "knowledge", "windows"])
            Assert.Contains($"{stage} at step 4: text ", output, StringComparison.Ordinal);

        string[] table = File.ReadAllLines(Path.Combine(Out, "results.md"));
        string[][] rows = [.. table[..5].Select(line => line.Trim('|').Split('|', StringSplitOptions.TrimEntries))];
        Assert.Equal(["after stage", "text", "knowledge", "windows"], ((string[][])[rows[0], .. rows[2..]]).Select(row => row[0]));
        int exact = Array.IndexOf(rows[0], "exact"), grounding = Array.IndexOf(rows[0], "grounding gap");
        Assert.Equal("-", rows[2][exact]);
        Assert.All(rows[3..], row => Assert.Matches(@"^\d+\.\d %$", row[exact]));
        Assert.All(rows[3..], row => Assert.Matches(@"^[+-]\d+\.\d{3}$", row[grounding]));
        Assert.Contains(table, line => line.StartsWith("Retrieval, 1,000 questions", StringComparison.Ordinal));

        Assert.Equal([0x89, .. "PNG"u8], File.ReadAllBytes(Path.Combine(Out, "curve.png"))[..4]);
        string weights = Path.Combine(Out, "model.safetensors");
        using (var model = ByteLanguageModel.Load(weights)) Assert.Equal((1, 64), (model.Door.BytesPerSlot, model.Body.Dim));
        Assert.NotEmpty(ByteDecoder.Load(weights).GenerateText("a", 1, new() { Temperature = 0 }));
        IReadOnlyDictionary<string, string> metadata = Safetensors.ReadHeader(weights).Metadata;
        Assert.Equal(("windows", "0", "288"), (metadata["stage"], metadata["seed"], metadata["prompt_bytes"]));
        Assert.Equal("CC-BY-SA-3.0", metadata["licence"]); // of the embedded corpus
        Assert.Equal(
            ["text.en.txt", "text.ko.txt", "windows.bin"], JsonNode.Parse(metadata["corpus"])!.AsObject().Select(file => file.Key));
        JsonNode last = JsonNode.Parse(File.ReadLines(Path.Combine(Out, "windows.evaluations.jsonl")).Last())!;
        Assert.Equal(
            ["text", "knowledge", "swapped", "recall", "video", "caption"],
            JsonNode.Parse(metadata["scores"])!.AsObject().Select(source => source.Key));
        Assert.Equal(["knowledge", "swapped", "recall"], last["exact"]!.AsObject().Select(source => source.Key));
        Assert.Equal(["grounding", "no-facts"], last["gaps"]!["knowledge"]!.AsObject().Select(gap => gap.Key));
    }

    [SkippableFact]
    public void An_interrupted_curriculum_goes_on_only_when_it_is_told_to()
    {
        SampleProcess.SkipUnlessInterruptible();
        string file = _folder.Write("two.json", TwoStages), metrics = Path.Combine(Out, "two.metrics.jsonl");
        using (SampleProcess process = new(Assembly, Arguments(file)))
        {
            process.WaitUntil(() => File.Exists(metrics) && new FileInfo(metrics).Length > 0);
            process.Interrupt();
            (int interrupted, _, string message) = process.Finish();
            Assert.Equal(130, interrupted);
            Assert.Contains("The same command with --resume goes on where it was.", message, StringComparison.Ordinal);
        }

        int done = File.ReadLines(metrics).Count();
        Assert.InRange(done, 1, 399);
        byte[] first = File.ReadAllBytes(Path.Combine(Out, "one.weights.safetensors"));
        Dictionary<string, DateTime> before = Written();
        (int exitCode, string output, string error) = Run(file);
        Assert.Equal(1, exitCode);
        Assert.Matches(@"\.safetensors exists from an earlier run: resume it with --resume, or choose another --out", error);
        Assert.Equal(before, Written());

        (exitCode, output, error) = Run(file, "--resume");
        Assert.True(exitCode == 0, error + output);
        Assert.DoesNotContain("one at step", output, StringComparison.Ordinal);
        Assert.Equal(first, File.ReadAllBytes(Path.Combine(Out, "one.weights.safetensors")));
        Assert.Equal(Enumerable.Range(1, 400), File.ReadLines(metrics).Select(line => (int)JsonNode.Parse(line)!["step"]!));
        using var model = ByteLanguageModel.Load(Path.Combine(Out, "model.safetensors"));
        Assert.Contains("| two |", File.ReadAllText(Path.Combine(Out, "results.md")), StringComparison.Ordinal);

        Dictionary<string, DateTime> Written() => Directory.GetFiles(Out).ToDictionary(path => path, File.GetLastWriteTimeUtc);
    }

    /// <summary>Before the first stage is trained, though the last one is wrong.</summary>
    [Theory]
    [InlineData("copies", "Stage 'two': there is no source 'copies'; there are text, copy, ")]
    [InlineData("swapped", "Source 'swapped' is only scored: its weight must be 0, not 1.")]
    public void A_wrong_source_of_any_stage_is_refused_before_the_first(string source, string message)
    {
        string changed = TwoStages.Replace("\"copy\"", $"\"{source}\"", StringComparison.Ordinal);
        Assert.NotEqual(TwoStages, changed);
        (int exitCode, _, string error) = Run(_folder.Write("wrong.json", changed));
        Assert.Equal(1, exitCode);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Out, "one.*"));
    }

    [Theory]
    [InlineData("medium", "'medium' is no curriculum (smoke, small, full), and no such file exists.")]
    [InlineData("{0}", "{0}: Stage 'one': text.context must be 1 or more.")]
    public void A_wrong_curriculum_is_refused(string name, string message)
    {
        string file = _folder.Write("bad.json", TwoStages.Replace("\"context\": 16", "\"context\": 0", StringComparison.Ordinal));
        (int exitCode, _, string error) = Run(name.Replace("{0}", file, StringComparison.Ordinal));
        Assert.Equal(1, exitCode);
        Assert.Contains(message.Replace("{0}", file, StringComparison.Ordinal), error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Out));
    }

    private (int ExitCode, string Output, string Error) Run(string curriculum, params string[] arguments) =>
        SampleProcess.Run(Assembly, Arguments(curriculum, arguments));

    private string[] Arguments(string curriculum, params string[] arguments) =>
    [
        "curriculum", curriculum, "--persons", "20", "--held-out-persons", "20", "--device", "cpu", "--precision", "float32",
        "--out", Out, .. arguments,
    ];
}
