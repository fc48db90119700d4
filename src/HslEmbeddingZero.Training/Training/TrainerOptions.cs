namespace HslEmbeddingZero.Training;

/// <summary>How a model is trained. The defaults are the published ones.</summary>
public sealed record TrainerOptions
{
    /// <summary>Number of optimizer steps.</summary>
    public int Steps { get; init; } = 3000;

    /// <summary>Steps over which the learning rate rises linearly from 0 to its peak.</summary>
    public int WarmupSteps { get; init; } = 100;

    /// <summary>Learning rate after the warm-up.</summary>
    public double PeakLearningRate { get; init; } = 3e-4;

    /// <summary>Learning rate at the last step, reached along a cosine.</summary>
    public double FinalLearningRate { get; init; } = 3e-5;

    /// <summary>AdamW's decay of the first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>AdamW's decay of the second moment.</summary>
    public double Beta2 { get; init; } = 0.95;

    /// <summary>AdamW's term against division by zero.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay of matrices; vectors and scalars (norms, biases, gates) are not decayed.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Largest norm of the whole gradient; longer ones are scaled down to it. 0 turns clipping off.</summary>
    public double ClipNorm { get; init; } = 1.0;

    /// <summary>Samples in a micro-batch, all of one modality.</summary>
    public int BatchSize { get; init; } = 12;

    /// <summary>Micro-batches whose gradients are averaged in one step.</summary>
    public int Accumulation { get; init; } = 3;

    /// <summary>Share of the micro-batches that each modality gets.</summary>
    public ModalityMix Mix { get; init; } = new(1, 1, 1);

    /// <summary>Seed of the weights, of the batches and of dropout.</summary>
    public int Seed { get; init; }

    /// <summary>Arithmetic of the model; weights, moments, softmax statistics and loss are float32 in any case.</summary>
    public Precision Precision { get; init; } = Precision.Float32;

    /// <summary>Steps between two lines of metrics and two progress reports.</summary>
    public int LogEvery { get; init; } = 10;

    /// <summary>Throws where a value is out of its range or two contradict each other.</summary>
    /// <exception cref="ArgumentException">Names the option, its value and the limit.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Steps, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(WarmupSteps);
        Require(PeakLearningRate > 0 && double.IsFinite(PeakLearningRate), nameof(PeakLearningRate), PeakLearningRate, "above 0 and finite");
        Require(FinalLearningRate >= 0, nameof(FinalLearningRate), FinalLearningRate, "0 or more");
        Require(WeightDecay >= 0 && double.IsFinite(WeightDecay), nameof(WeightDecay), WeightDecay, "0 or more, and finite");
        Require(ClipNorm >= 0 && double.IsFinite(ClipNorm), nameof(ClipNorm), ClipNorm, "0 or more, and finite");
        Require(Epsilon > 0 && double.IsFinite(Epsilon), nameof(Epsilon), Epsilon, "above 0 and finite");
        Require(Enum.IsDefined(Precision), nameof(Precision), Precision, string.Join(", ", Enum.GetNames<Precision>()));
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Accumulation, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(LogEvery, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(Seed);
        Require(Beta1 >= 0 && Beta1 < 1, nameof(Beta1), Beta1, "0 to below 1");
        Require(Beta2 >= 0 && Beta2 < 1, nameof(Beta2), Beta2, "0 to below 1");
        if (FinalLearningRate > PeakLearningRate)
            throw new ArgumentException($"FinalLearningRate {FinalLearningRate} is above PeakLearningRate {PeakLearningRate}.");
    }

    private static void Require(bool holds, string name, object value, string range)
    {
        if (!holds) throw new ArgumentOutOfRangeException(name, value, $"{name} must be {range}.");
    }
}
