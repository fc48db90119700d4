namespace HslEmbeddingZero.Training.Tests.Runs;

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
        { "Beta1", "1", new() { Optimizer = new() { Beta1 = 1 } } },
        { "Beta1", "-0.5", new() { Optimizer = new() { Beta1 = -0.5 } } },
        { "Beta2", "NaN", new() { Optimizer = new() { Beta2 = double.NaN } } },
        { "Beta2", "1", new() { Optimizer = new() { Beta2 = 1 } } },
        { "Epsilon", "0", new() { Optimizer = new() { Epsilon = 0 } } },
        { "Epsilon", "NaN", new() { Optimizer = new() { Epsilon = -double.NaN } } },
        { "Epsilon", "∞", new() { Optimizer = new() { Epsilon = double.PositiveInfinity } } },
        { "WeightDecay", "-1", new() { Optimizer = new() { WeightDecay = -1 } } },
        { "WeightDecay", "NaN", new() { Optimizer = new() { WeightDecay = -double.NaN } } },
        { "WeightDecay", "∞", new() { Optimizer = new() { WeightDecay = double.PositiveInfinity } } },
        { "MaxGradientNorm", "-1", new() { Optimizer = new() { MaxGradientNorm = -1 } } },
        { "MaxGradientNorm", "NaN", new() { Optimizer = new() { MaxGradientNorm = -double.NaN } } },
        { "BatchSize", "0", new() { BatchSize = 0 } },
        { "GradientAccumulationSteps", "0", new() { GradientAccumulationSteps = 0 } },
        { "ReportEverySteps", "0", new() { ReportEverySteps = 0 } },
        { "Seed", "-1", new() { Seed = -1 } },
        { "Precision", "7", new() { Precision = (Precision)7 } },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_value_out_of_range_is_named(string option, string value, TrainerOptions options)
    {
        ArgumentException error = Assert.ThrowsAny<ArgumentException>(options.Validate);
        Assert.Contains(option, error.Message, StringComparison.Ordinal);
        Assert.Contains(value.Replace("∞", double.PositiveInfinity.ToString(), StringComparison.Ordinal), error.Message,
            StringComparison.Ordinal);
    }

    /// <summary>The published defaults: 3,000 steps of 3 × 12 samples, AdamW (0.9, 0.95), decay 0.1, clipped at 1.</summary>
    [Fact]
    public void The_defaults_are_the_published_ones()
    {
        TrainerOptions options = new();
        options.Validate();
        Assert.Equal((3000, 3, 12), (options.Steps, options.GradientAccumulationSteps, options.BatchSize));
        Assert.Equal((3e-4, 3e-5, 100), (options.PeakLearningRate, options.FinalLearningRate, options.WarmupSteps));
        Assert.Equal(new AdamWOptions { Beta1 = 0.9, Beta2 = 0.95, Epsilon = 1e-8, WeightDecay = 0.1, MaxGradientNorm = 1 },
            options.Optimizer);
    }

    [Fact]
    public void The_trainer_refuses_them_too() =>
        Assert.Contains("GradientAccumulationSteps", Assert.ThrowsAny<ArgumentException>(() =>
            new TinyRun(TinyRun.Options with { GradientAccumulationSteps = 0 })).Message, StringComparison.Ordinal);

    [Fact]
    public void Sources_that_cannot_be_trained_on_are_refused()
    {
        using ByteLanguageModel model = new(new ZeroDoor(2, 64), new(new() { Dim = 64, Layers = 1, Heads = 2 }));
        Assert.Throws<ArgumentNullException>(() => new Trainer(model, null!, TinyRun.Options));
        Assert.Throws<ArgumentException>(() => new Trainer(model, [], TinyRun.Options));
        Assert.Throws<ArgumentException>(() => new Trainer(model, [new TextSource(TinyRun.Text, weight: 0)], TinyRun.Options));
        ArgumentException twice =
            Assert.Throws<ArgumentException>(() => new Trainer(model, [TinyRun.TextOf(), TinyRun.TextOf()], TinyRun.Options));
        Assert.Contains("'text'", twice.Message, StringComparison.Ordinal);
    }
}
