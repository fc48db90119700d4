using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>A model to train: body, bytes per slot, training budget, held-out samples, and how often the model is scored.</summary>
internal sealed record TrainPreset(
    string Name,
    ByteTransformerOptions Body,
    int BytesPerSlot,
    TrainerOptions Training,
    MixWeights Mix,
    HeldOutWindows HeldOut,
    int EvaluateEvery)
{
    /// <summary>Takes seconds. Shows that everything works.</summary>
    private static readonly TrainPreset Smoke = Of(TrainingBudget.Smoke, evaluateEvery: 2);

    /// <summary>4,280,582 parameters, 8.2 MiB in bfloat16. Trains in an hour or two on two CPU cores.</summary>
    private static readonly TrainPreset Small = new(
        "small",
        new ByteTransformerOptions { Dim = 256, Layers = 4, Heads = 4, Dropout = 0 },
        8,
        new TrainerOptions
        {
            Steps = 12000,
            WarmupSteps = 200,
            PeakLearningRate = 1.5e-3,
            FinalLearningRate = 5e-5,
            BatchSize = 4,
            GradientAccumulationSteps = 1,
            ReportEverySteps = 20,
        },
        new MixWeights(Text: 3),
        new HeldOutWindows(),
        EvaluateEvery: 1000);

    /// <summary>The published body of 25,357,576 parameters and its 30,000 steps. Meant for a GPU.</summary>
    private static readonly TrainPreset Full = new(
        "full",
        new ByteTransformerOptions(),
        8,
        new TrainerOptions { Steps = 30000, WarmupSteps = 300 },
        new MixWeights(),
        new HeldOutWindows(),
        EvaluateEvery: 1000);

    public static IReadOnlyList<TrainPreset> All { get; } = [Smoke, Small, Full];

    private static TrainPreset Of(TrainingBudget budget, int evaluateEvery) =>
        new(budget.Name, budget.Body, 8, budget.Training, budget.Mix, budget.HeldOut, evaluateEvery);
}
