using System.Text.Json.Serialization;

namespace HslEmbeddingZero.Training;

/// <summary>Options of training. The defaults are the published values.</summary>
public sealed record TrainerOptions
{
    /// <summary>Number of optimizer steps.</summary>
    /// <value>3,000 by default; 1 or more.</value>
    public int Steps { get; init; } = 3000;

    /// <summary>Steps over which the learning rate rises linearly from 0 to its peak.</summary>
    /// <value>100 by default; 0 or more.</value>
    public int WarmupSteps { get; init; } = 100;

    /// <summary>Learning rate after the warm-up.</summary>
    /// <value>3e-4 by default; above 0 and finite.</value>
    public double PeakLearningRate { get; init; } = 3e-4;

    /// <summary>Learning rate at the last step, reached along a cosine.</summary>
    /// <value>3e-5 by default; 0 to the peak.</value>
    public double FinalLearningRate { get; init; } = 3e-5;

    /// <summary>AdamW's hyperparameters.</summary>
    /// <value>The defaults of <see cref="AdamWOptions"/>.</value>
    public AdamWOptions Optimizer { get; init; } = new();

    /// <summary>Samples in a micro-batch, all of one source, 1 or more.</summary>
    /// <value>12 by default.</value>
    public int BatchSize { get; init; } = 12;

    /// <summary>Micro-batches whose gradients are averaged in one step, 1 or more.</summary>
    /// <value>3 by default.</value>
    public int GradientAccumulationSteps { get; init; } = 3;

    /// <summary>Seed of the samples and of dropout, 0 or more.</summary>
    /// <value>0 by default.</value>
    public int Seed { get; init; }

    /// <summary>Arithmetic of the model. Weights, moments, softmax statistics and loss are float32 in any case.</summary>
    /// <value>Float32 by default.</value>
    public Precision Precision { get; init; } = Precision.Float32;

    /// <summary>Steps between two progress reports, 1 or more.</summary>
    /// <value>10 by default.</value>
    public int ReportEverySteps { get; init; } = 10;

    /// <summary>How several processes share the work, if the trainer has a group of them. It is no property of the run.</summary>
    /// <value>The defaults of <see cref="DistributedOptions"/>.</value>
    [JsonIgnore] // The fingerprint of a run is JSON, and a checkpoint fits any number of processes.
    public DistributedOptions Distributed { get; init; } = new();

    internal LearningRateSchedule Schedule => new(Steps, WarmupSteps, PeakLearningRate, FinalLearningRate);

    /// <summary>Throws if a value is out of its range or two values contradict each other.</summary>
    /// <exception cref="ArgumentException">Names the option, its value and the limit.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Steps, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(WarmupSteps);
        OptionRange.Require(
            PeakLearningRate > 0 && double.IsFinite(PeakLearningRate), nameof(PeakLearningRate), PeakLearningRate, "above 0 and finite");
        OptionRange.Require(FinalLearningRate >= 0, nameof(FinalLearningRate), FinalLearningRate, "0 or more");
        ArgumentNullException.ThrowIfNull(Optimizer);
        Optimizer.Validate();
        ArgumentNullException.ThrowIfNull(Distributed);
        Distributed.Validate();
        OptionRange.Require(Enum.IsDefined(Precision), nameof(Precision), Precision, string.Join(", ", Enum.GetNames<Precision>()));
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(GradientAccumulationSteps, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ReportEverySteps, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(Seed);
        if (FinalLearningRate > PeakLearningRate)
            throw new ArgumentException($"FinalLearningRate {FinalLearningRate} is above PeakLearningRate {PeakLearningRate}.");
    }
}
