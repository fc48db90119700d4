using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Training.Tests.Runs;

public sealed class CurriculumTests : IDisposable
{
    private const string Stage = """
        { "name": "text", "sources": { "text": { "weight": 1, "context": 8, "target": 4 } }, "training": { "steps": 5 } }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_is_read_with_the_defaults_of_the_records()
    {
        Curriculum curriculum = Load($$"""
            {
              // A comment, and commas at ends.
              "door": "zero-standardized", "bytesPerSlot": 2, "body": { "dim": 64, "layers": 3 },
              "stages": [
                {{Stage}},
                {
                  "name": "facts-2",
                  "sources": {
                    "facts": { "weight": 0.5, "context": 100, "target": 10 },
                    "text": { "weight": 0, "context": 9, "target": 3 },
                  },
                  "training": { "steps": 7, "precision": "BFloat16", "optimizer": { "weightDecay": 0.2 } },
                  "frozen": ["head.", "norm."], "evaluateEverySteps": 3,
                },
              ],
            }
            """);
        Assert.Equal(("zero-standardized", 2), (curriculum.Door, curriculum.BytesPerSlot));
        Assert.Equal(new ByteTransformerOptions { Dim = 64, Layers = 3 }, curriculum.Body);
        CurriculumStage first = curriculum.Stages[0], second = curriculum.Stages[1];
        Assert.Equal(("text", 1000), (first.Name, first.EvaluateEverySteps));
        Assert.Equal(new TrainerOptions { Steps = 5 }, first.Training);
        Assert.Empty(first.Frozen);
        Assert.Equal(("facts-2", 3), (second.Name, second.EvaluateEverySteps));
        Assert.Equal(
            new TrainerOptions { Steps = 7, Precision = Precision.BFloat16, Optimizer = new() { WeightDecay = 0.2 } }, second.Training);
        Assert.Equal(["head.", "norm."], second.Frozen);
        Assert.Equal(["facts", "text"], second.Sources.Keys); // their order is part of the schedule
        Assert.Equal(new StageSource(0.5, 100, 10), second.Sources["facts"]);
        Assert.Equal(new SampleShape(9, 3), second.Sources["text"].Shape);
        Curriculum least = Load($$"""{ "stages": [{{Stage}}] }""");
        Assert.Equal(("zero", 8, new ByteTransformerOptions()), (least.Door, least.BytesPerSlot, least.Body));
        Assert.Null(least.Ngrams);
    }

    [Fact]
    public void Its_json_is_read_as_the_same_curriculum()
    {
        Curriculum curriculum = new()
        {
            Door = "zero-ngram",
            BytesPerSlot = 3,
            Ngrams = new() { Orders = [2, 5], ColumnsPerOrder = 4, Amplitude = 0.25f, InSlots = true, WithPrevious = true },
            Body = new() { Dim = 96, Layers = 2, Heads = 4, Dropout = 0.25 },
            Stages =
            [
                new()
                {
                    Name = "a", Sources = new Dictionary<string, StageSource> { ["b"] = new(0.1, 3, 4), ["a"] = new(0, 1, 1) },
                    Training = TinyRun.Options with { Precision = Precision.BFloat16 }, Frozen = ["self_blocks.0."],
                },
                new()
                {
                    Name = "b", Sources = new Dictionary<string, StageSource> { ["c"] = new(1e-3, 9, 8) }, Training = new(),
                    EvaluateEverySteps = 17,
                },
            ],
        };
        string json = curriculum.ToJson();
        Curriculum read = Load(json);
        Assert.Equal(json, read.ToJson());
        Assert.Equal(
            (curriculum.Door, curriculum.BytesPerSlot, curriculum.Ngrams, curriculum.Body),
            (read.Door, read.BytesPerSlot, read.Ngrams, read.Body));
        foreach ((CurriculumStage expected, CurriculumStage found) in curriculum.Stages.Zip(read.Stages))
        {
            Assert.Equal(expected.Sources.AsEnumerable(), found.Sources);
            Assert.Equal(expected.Frozen, found.Frozen);
            Assert.Equal(
                (expected.Name, expected.Training, expected.EvaluateEverySteps), (found.Name, found.Training, found.EvaluateEverySteps));
        }
    }

    /// <summary>A change of the good curriculum: what it replaces, by what, and what the message says.</summary>
    public static TheoryData<string, string, string[]> Wrong => new()
    {
        { "\"stages\"", "\"steps\": 3, \"stages\"", ["steps"] },
        { "\"weight\": 1", "\"wieght\": 1", ["wieght"] },
        { "\"steps\": 5", "\"step\": 5", ["step"] },
        { "\"weight\": 1, ", "", ["weight"] },
        { ", \"target\": 4", "", ["target"] },
        { "\"target\": 4", "\"target\": 4, \"target\": 5", ["target"] },
        { "\"weight\": 1", "\"weight\": \"much\"", ["weight"] },
        { "\"weight\": 1", "\"weight\": -0.5", ["'text'", "text.weight", "-0.5", "0 or more"] },
        { "\"weight\": 1", "\"weight\": 0", ["'text'", "No source has a weight above 0"] },
        { "\"context\": 8", "\"context\": 0", ["'text'", "text.context", "0", "1 or more"] },
        { "\"target\": 4", "\"target\": -4", ["'text'", "text.target", "-4", "1 or more"] },
        { "{ \"weight\": 1, \"context\": 8, \"target\": 4 }", "null", ["'text'", "null"] },
        { "\"steps\": 5", "\"steps\": 0", ["'text'", "Steps", "0"] },
        { "\"steps\": 5", "\"steps\": 5, \"precision\": \"Float8\"", ["precision"] },
        { "\"steps\": 5 }", "\"steps\": 5 }, \"evaluateEverySteps\": 0", ["'text'", "EvaluateEverySteps", "0"] },
        { "\"steps\": 5 }", "\"steps\": 5 }, \"frozen\": [\"\"]", ["'text'", "frozen key"] },
        { "\"steps\": 5 }", "\"steps\": 5 }, \"frozen\": null", ["frozen"] },
        { "\"name\": \"text\"", "\"name\": \"../text\"", ["'../text'", "1 to 64 characters"] },
        { "\"name\": \"text\"", "\"name\": \"\"", ["''", "1 to 64 characters"] },
        { "\"name\": \"text\", ", "", ["name"] },
        { Stage, "", ["at least one stage"] },
        { Stage, "null", ["Stage 0 is null"] },
        { Stage, $"{Stage}, {Stage}", ["Two stages have the name 'text'"] },
        { "\"door\": \"zero\"", "\"door\": \"open\"", ["'open'", "zero-standardized"] },
        { "\"door\": \"zero\"", "\"bytesPerSlot\": 0", ["BytesPerSlot", "0"] },
        { "\"door\": \"zero\"", "\"ngrams\": { \"orders\": [2, 9] }", ["2..8", "9"] },
        { "\"door\": \"zero\"", "\"ngrams\": { \"order\": [2] }", ["order"] },
        { "\"door\": \"zero\"", "\"door\": \"embedding\", \"ngrams\": {}", ["'embedding'", "no n-gram codes"] },
        { "\"door\": \"zero\"", "\"body\": { \"dim\": 65 }", ["Dim 65", "Heads 8"] },
        { "\"door\": \"zero\"", "\"body\": { \"dropout\": 1 }", ["Dropout", "1", "below 1"] },
        { "\"door\": \"zero\"", "\"body\": null", ["body"] },
        { "]", "", [] },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_refused_with_the_file(string good, string bad, string[] named)
    {
        string json = $$"""{ "door": "zero", "stages": [{{Stage}}] }""";
        Assert.Equal("text", Load(json).Stages[0].Name);
        string changed = json.Replace(good, bad, StringComparison.Ordinal);
        Assert.NotEqual(json, changed);
        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Load(changed));
        Assert.StartsWith($"{_folder.PathOf("curriculum.json")}: ", refused.Message, StringComparison.Ordinal);
        Assert.All(named, part => Assert.Contains(part, refused.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_without_a_curriculum_is_refused()
    {
        Assert.Contains("curriculum.json", Assert.Throws<InvalidDataException>(() => Load("null")).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => Load(""));
        Assert.Throws<FileNotFoundException>(() => Curriculum.Load(_folder.PathOf("missing.json")));
    }

    [Fact]
    public void A_name_of_64_characters_is_the_longest()
    {
        string name = new('a', 64);
        Assert.Equal(name, Load($$"""{ "stages": [{{Named(name)}}] }""").Stages[0].Name);
        Assert.Contains(name + "a", Assert.Throws<InvalidDataException>(() => Load($$"""{ "stages": [{{Named(name + "a")}}] }""")).Message,
            StringComparison.Ordinal);

        static string Named(string name) => Stage.Replace("\"name\": \"text\"", $"\"name\": \"{name}\"", StringComparison.Ordinal);
    }

    [Fact]
    public void Its_model_has_its_door_its_body_and_the_weights_of_the_seed()
    {
        Curriculum curriculum = Load($$"""
            { "door": "zero-standardized", "bytesPerSlot": 2, "body": { "dim": 64, "layers": 1, "heads": 2 }, "stages": [{{Stage}}] }
            """);
        using ByteLanguageModel one = curriculum.CreateModel(3), same = curriculum.CreateModel(3), other = curriculum.CreateModel(4);
        Assert.Equal(2, one.Door.BytesPerSlot);
        Assert.Equal(curriculum.Body, ((ByteTransformer)one.Body).Options);
        Assert.Equal(TinyRun.Bytes(one), TinyRun.Bytes(same));
        Assert.NotEqual(TinyRun.Bytes(one), TinyRun.Bytes(other));
        ArgumentException refused = Assert.ThrowsAny<ArgumentException>(() => (curriculum with { BytesPerSlot = 3 }).CreateModel(0));
        Assert.Contains("64", refused.Message, StringComparison.Ordinal);
        NgramCodes ngrams = new() { ColumnsPerOrder = 5, WithPrevious = true };
        using ByteLanguageModel coded = (curriculum with { Ngrams = ngrams }).CreateModel(0);
        Assert.Equal(("zero-standardized", ngrams), (coded.Door.Arm, coded.Door.Ngrams));
    }

    private Curriculum Load(string json) => Curriculum.Load(_folder.Write("curriculum.json", json));
}
