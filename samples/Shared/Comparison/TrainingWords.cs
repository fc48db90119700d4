using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>Training options under the names that committed runs and tables have, which stay when a property gets another name.</summary>
internal static class TrainingWords
{
    public static object Of(TrainerOptions options) => new
    {
        options.Steps,
        options.WarmupSteps,
        options.PeakLearningRate,
        options.FinalLearningRate,
        options.Optimizer.Beta1,
        options.Optimizer.Beta2,
        options.Optimizer.Epsilon,
        options.Optimizer.WeightDecay,
        ClipNorm = options.Optimizer.MaxGradientNorm,
        options.BatchSize,
        Accumulation = options.GradientAccumulationSteps,
        options.Mix,
        options.Seed,
        options.Precision,
        LogEvery = options.ReportEverySteps,
    };
}
