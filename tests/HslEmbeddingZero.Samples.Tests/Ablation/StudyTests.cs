using HslEmbeddingZero.Tests;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples.Tests.Ablation;

public sealed class StudyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Shipped => [.. StudyFile.Names];

    [Theory]
    [MemberData(nameof(Shipped))]
    public void Every_study_of_the_program_loads_with_runs_and_a_prediction(string name)
    {
        var study = Study.Load(StudyFile.Find(name));
        Assert.NotEmpty(study.Runs());
        Assert.NotEmpty(study.Prediction);
    }

    [Fact]
    public void What_the_file_leaves_out_comes_from_the_budget()
    {
        Study study = Load("""{ "question": "?", "arms": ["zero"], "seeds": [3] }""");
        Assert.Equal([new RunKey("zero", 8, 800, 3, 2e-3)], study.Runs());
        Assert.Equal(TrainingBudget.Quick.Training with { Seed = 3 }, study.TrainingOf(study.Runs().Single()));
    }

    [Fact]
    public void Every_combination_is_a_run_and_seeds_go_round_last()
    {
        Study study = Load("""
            { "question": "?", "arms": ["zero", "projection"], "channels": ["all", "delta"], "bytesPerSlot": [4, 8], "seeds": [0, 1], "steps": [10, 20],
              "peakLearningRates": [0.001, 0.002], "dimPerByte": 32 }
            """);
        RunKey[] runs = [.. study.Runs()];
        Assert.Equal(64, runs.Distinct().Count());
        Assert.Equal(32, runs.TakeWhile(run => run.Seed == 0).Count());
        Assert.Equal((128, 2), (study.BodyFor(4).Dim, study.BodyFor(4).Heads));
        Assert.Equal((256, 4), (study.BodyFor(8).Dim, study.BodyFor(8).Heads));
        TrainerOptions slow = study.TrainingOf(runs.First(run => run.PeakLearningRate == 0.001));
        Assert.Equal((0.001, 5e-5, 5), (slow.PeakLearningRate, Math.Round(slow.FinalLearningRate, 12), slow.WarmupSteps));
    }

    [Theory]
    [InlineData("""{ "arms": ["zero"], "seeds": [0] }""", "question")]
    [InlineData("""{ "question": "?", "arms": ["zero"], "seeds": [0], "colour": 3 }""", "colour")]
    [InlineData("""{ "question": "?", "arms": ["mlp"], "seeds": [0] }""", "mlp")]
    [InlineData("""{ "question": "?", "arms": [], "seeds": [0] }""", "arms")]
    [InlineData("""{ "question": "?", "arms": ["zero", "zero"], "seeds": [0] }""", "zero twice")]
    [InlineData("""{ "question": "?", "arms": ["zero"], "seeds": [-1] }""", "-1")]
    [InlineData("""{ "question": "?", "arms": ["zero"], "seeds": [0], "steps": [0] }""", "got 0")]
    [InlineData("""{ "question": "?", "arms": ["zero"], "seeds": [0], "peakLearningRates": [2] }""", "got 2")]
    [InlineData("""{ "question": "?", "arms": ["zero"], "seeds": [0], "bytesPerSlot": [10] }""", "at most 9")]
    [InlineData("""{ "question": "?", "arms": ["zero"], "seeds": [0], "budget": "huge" }""", "huge")]
    [InlineData("""{ "question": "?", "arms": ["zero"], "seeds": [0], "baselines": ["projection"] }""", "projection")]
    [InlineData("""{ "question": "?", "arms": null, "seeds": [0] }""", "arms")]
    [InlineData("[1]", "JSON")]
    [InlineData("", "JSON")]
    public void What_cannot_be_run_is_refused_with_the_file_and_the_value(string text, string named)
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Load(text));
        Assert.Contains("study.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_study_is_named_with_the_known_ones()
    {
        string message = Assert.Throws<FileNotFoundException>(() => StudyFile.Find("dores")).Message;
        Assert.Contains("'dores'", message, StringComparison.Ordinal);
        Assert.Contains("doors", message, StringComparison.Ordinal);
    }

    private Study Load(string text) => Study.Load(_folder.Write("study.json", System.Text.Encoding.UTF8.GetBytes(text)));
}
