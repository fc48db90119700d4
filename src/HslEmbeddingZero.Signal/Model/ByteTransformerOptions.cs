namespace HslEmbeddingZero;

/// <summary>Size and structure of a body (a <c>ByteTransformer</c>). The defaults give the published 25,357,576 parameters.</summary>
public sealed record ByteTransformerOptions
{
    /// <summary>Width of every position; a multiple of <see cref="Heads"/>, with an even number of columns per head.</summary>
    /// <value>512 by default.</value>
    public int Dim { get; init; } = 512;

    /// <summary>Number of layers, each an attention block followed by a memory block.</summary>
    /// <value>6 by default; 1 or more.</value>
    public int Layers { get; init; } = 6;

    /// <summary>Number of attention heads and of memory heads.</summary>
    /// <value>8 by default; 1 or more.</value>
    public int Heads { get; init; } = 8;

    /// <summary>Dropout probability inside the feed-forward block, in training only; 0 to below 1.</summary>
    /// <value>0.1 by default.</value>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Whether each layer has a gated fast-weight memory.</summary>
    /// <value>True by default.</value>
    public bool FastWeightMemory { get; init; } = true;

    /// <summary>Positions that the memory processes at once. The value changes the speed, not the result.</summary>
    /// <value>64 by default; 1 or more.</value>
    public int MemoryChunk { get; init; } = 64;

    /// <summary>Base of the rotary position embedding's wavelengths.</summary>
    /// <value>10,000 by default; above 0 and finite.</value>
    public double RotaryBase { get; init; } = 10000;

    /// <summary>Number of ids that can be predicted: 256 bytes, MASK and EOS.</summary>
    /// <value>258 by default; 1 or more.</value>
    public int Vocabulary { get; init; } = ByteIds.Count;

    internal int HeadDim => Dim / Heads;

    /// <summary>Throws if a value is out of its range or two values contradict each other.</summary>
    /// <exception cref="ArgumentException">Names the option, its value and the limit.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Dim, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Layers, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Heads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MemoryChunk, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Vocabulary, 1);
        if (Dim % Heads != 0) throw new ArgumentException($"Dim {Dim} is not divisible by Heads {Heads}.");
        if (HeadDim % 2 != 0)
            throw new ArgumentException($"Dim {Dim} over Heads {Heads} gives {HeadDim} columns per head; RoPE needs an even number.");
        if (!(Dropout >= 0 && Dropout < 1))
            throw new ArgumentOutOfRangeException(nameof(Dropout), Dropout, "Dropout must be 0 to below 1.");
        if (!(RotaryBase > 0 && double.IsFinite(RotaryBase)))
            throw new ArgumentOutOfRangeException(nameof(RotaryBase), RotaryBase, "RotaryBase must be above 0 and finite.");
    }
}
