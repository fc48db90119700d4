using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>One run of a comparison: the door, its training, and the place of its files.</summary>
internal sealed record RunPlan
{
    public required RunKey Key { get; init; }

    /// <summary>Common path of the run's files, without extension.</summary>
    public required string Stem { get; init; }

    public required Func<InputDoor> CreateDoor { get; init; }

    public required ByteTransformerOptions Body { get; init; }

    /// <summary>Training options. Steps, learning rate and seed equal those of the key.</summary>
    public required TrainerOptions Training { get; init; }

    public required HeldOutWindows HeldOut { get; init; }

    /// <summary>Time between two checkpoints; null writes one only when the run is interrupted.</summary>
    public required TimeSpan? CheckpointEvery { get; init; }

    /// <summary>Steps before the last at which the model is also scored.</summary>
    public IReadOnlyList<int> EvaluateAt { get; init; } = [];

    /// <summary>Whether the result splits the text scores by <see cref="TextNovelty"/>. This scores the text once more.</summary>
    public bool DividesText { get; init; }
}
