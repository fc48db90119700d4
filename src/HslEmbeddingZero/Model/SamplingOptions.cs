namespace HslEmbeddingZero;

/// <summary>How the next byte is drawn from the logits.</summary>
public sealed record SamplingOptions
{
    /// <summary>Divides the logits: below 1 sharpens, above 1 flattens; 0 always takes the most likely byte.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Only the k most likely bytes may come; 0 allows all.</summary>
    public int TopK { get; init; }

    /// <summary>Only the most likely bytes that together reach this probability may come; 1 allows all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Seed of the draws: the same seed gives the same bytes.</summary>
    public int Seed { get; init; }

    internal void Validate()
    {
        if (!(Temperature >= 0 && double.IsFinite(Temperature)))
            throw new ArgumentOutOfRangeException(nameof(Temperature), Temperature, "Temperature must be 0 or more.");
        ArgumentOutOfRangeException.ThrowIfNegative(TopK);
        if (!(TopP > 0 && TopP <= 1)) throw new ArgumentOutOfRangeException(nameof(TopP), TopP, "TopP must be above 0 and at most 1.");
        ArgumentOutOfRangeException.ThrowIfNegative(Seed);
    }
}
