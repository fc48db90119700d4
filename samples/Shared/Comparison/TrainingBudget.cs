using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>The conditions that all doors of a comparison share: body, training options, mix and held-out samples.</summary>
internal sealed record TrainingBudget(
    string Name,
    ByteTransformerOptions Body,
    TrainerOptions Training,
    MixWeights Mix,
    HeldOutWindows HeldOut)
{
    /// <summary>Takes seconds. Shows that everything works; the scores mean nothing.</summary>
    public static TrainingBudget Smoke { get; } = new(
        "smoke",
        new ByteTransformerOptions { Dim = 216, Layers = 1, Heads = 4, Dropout = 0 },
        new TrainerOptions
        {
            Steps = 6,
            WarmupSteps = 2,
            PeakLearningRate = 1e-3,
            FinalLearningRate = 1e-4,
            BatchSize = 1,
            GradientAccumulationSteps = 2, // two processes can share a step
            ReportEverySteps = 2,
        },
        new MixWeights(),
        new HeldOutWindows(TextWindows: 2, VideoWindows: 2, CaptionWindows: 4));

    /// <summary>Takes about a minute per door on two CPU cores.</summary>
    public static TrainingBudget Quick { get; } = new(
        "quick",
        new ByteTransformerOptions { Dim = 256, Layers = 2, Heads = 4, Dropout = 0 },
        new TrainerOptions
        {
            Steps = 800,
            WarmupSteps = 40,
            PeakLearningRate = 2e-3,
            FinalLearningRate = 1e-4,
            BatchSize = 4,
            GradientAccumulationSteps = 1,
            ReportEverySteps = 10,
        },
        new MixWeights(Text: 3),
        new HeldOutWindows(TextWindows: 128, VideoWindows: 24, CaptionWindows: 128));

    /// <summary>The published budget. Meant for a GPU.</summary>
    public static TrainingBudget Paper { get; } =
        new("paper", new ByteTransformerOptions(), new TrainerOptions(), new MixWeights(), new HeldOutWindows());

    public static IReadOnlyList<TrainingBudget> All { get; } = [Smoke, Quick, Paper];
}
