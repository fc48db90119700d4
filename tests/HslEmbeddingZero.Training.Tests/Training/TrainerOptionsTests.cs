namespace HslEmbeddingZero.Training.Tests.Training;

public sealed class TrainerOptionsTests
{
    public static TheoryData<string, string, TrainerOptions> Wrong => new()
    {
        { "Steps", "0", new() { Steps = 0 } },
        { "WarmupSteps", "-1", new() { WarmupSteps = -1 } },
        { "PeakLearningRate", "0", new() { PeakLearningRate = 0 } },
        { "PeakLearningRate", "NaN", new() { PeakLearningRate = double.NaN } },
        { "PeakLearningRate", "NaN", new() { PeakLearningRate = -double.NaN } },
        { "PeakLearningRate", "∞", new() { PeakLearningRate = double.PositiveInfinity } },
        { "FinalLearningRate", "-0.1", new() { FinalLearningRate = -0.1 } },
        { "FinalLearningRate", "NaN", new() { FinalLearningRate = double.NaN } },
        { "FinalLearningRate", "NaN", new() { FinalLearningRate = -double.NaN } },
        { "FinalLearningRate", "0.5", new() { FinalLearningRate = 0.5 } },
        { "Beta1", "1", new() { Beta1 = 1 } },
        { "Beta1", "-0.5", new() { Beta1 = -0.5 } },
        { "Beta2", "NaN", new() { Beta2 = double.NaN } },
        { "Beta2", "1", new() { Beta2 = 1 } },
        { "Epsilon", "0", new() { Epsilon = 0 } },
        { "Epsilon", "NaN", new() { Epsilon = -double.NaN } },
        { "Epsilon", "∞", new() { Epsilon = double.PositiveInfinity } },
        { "WeightDecay", "-1", new() { WeightDecay = -1 } },
        { "WeightDecay", "NaN", new() { WeightDecay = -double.NaN } },
        { "WeightDecay", "∞", new() { WeightDecay = double.PositiveInfinity } },
        { "ClipNorm", "-1", new() { ClipNorm = -1 } },
        { "ClipNorm", "NaN", new() { ClipNorm = -double.NaN } },
        { "BatchSize", "0", new() { BatchSize = 0 } },
        { "Accumulation", "0", new() { Accumulation = 0 } },
        { "LogEvery", "0", new() { LogEvery = 0 } },
        { "Seed", "-1", new() { Seed = -1 } },
        { "Precision", "7", new() { Precision = (Precision)7 } },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_value_out_of_range_is_named(string option, string value, TrainerOptions options)
    {
        var error = Assert.ThrowsAny<ArgumentException>(options.Validate);
        Assert.Contains(option, error.Message, StringComparison.Ordinal);
        Assert.Contains(value.Replace("∞", double.PositiveInfinity.ToString(), StringComparison.Ordinal), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_published_options_are_valid() => new TrainerOptions().Validate();

    [Fact]
    public void The_trainer_refuses_them_too() =>
        Assert.Contains("Accumulation", Assert.ThrowsAny<ArgumentException>(() => new TinyRun(TinyRun.Options with { Accumulation = 0 })).Message, StringComparison.Ordinal);

    /// <summary>Batch size and mix stand in the options and in the sampler; a checkpoint names the options', so they must agree.</summary>
    [Fact]
    public void A_sampler_that_contradicts_the_options_is_refused()
    {
        using ByteLanguageModel model = new(new ZeroDoor(2, 64), new(new() { Dim = 64, Layers = 1, Heads = 2 }));
        var sampler = TinyRun.Sampler(TinyRun.Options);
        var size = Assert.Throws<ArgumentException>(() => new Trainer(model, sampler, TinyRun.Options with { BatchSize = 3 }));
        Assert.Contains("3", size.Message, StringComparison.Ordinal);
        Assert.Contains("2", size.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new Trainer(model, sampler, TinyRun.Options with { Mix = new(2, 1, 1) }));
    }
}
