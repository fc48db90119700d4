using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>One run of a comparison: which door is trained how, and where its files go.</summary>
internal sealed record RunPlan
{
    public required RunKey Key { get; init; }

    /// <summary>Path of the run's files, without their extensions.</summary>
    public required string Stem { get; init; }

    public required Func<InputDoor> CreateDoor { get; init; }

    public required ByteTransformerOptions Body { get; init; }

    /// <summary>With the steps, the rate and the seed of the key.</summary>
    public required TrainerOptions Training { get; init; }

    public required HeldOutWindows HeldOut { get; init; }

    /// <summary>Time between two checkpoints; null: one is kept only when the run is interrupted.</summary>
    public required TimeSpan? CheckpointEvery { get; init; }

    /// <summary>Steps, before the last, at which the model is scored.</summary>
    public IReadOnlyList<int> EvaluateAt { get; init; } = [];

    /// <summary>Whether the result tells text apart by what training showed of it, which scores the text once more.</summary>
    public bool DividesText { get; init; }
}
