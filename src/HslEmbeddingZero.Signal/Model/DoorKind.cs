namespace HslEmbeddingZero;

/// <summary>The structure of a door of an arm.</summary>
internal enum DoorKind
{
    /// <summary>Features side by side, zero-padded to the width.</summary>
    Zero,

    /// <summary>The same features and a linear layer.</summary>
    Projection,

    /// <summary>A learned table 256 × 27 and a linear layer.</summary>
    Embedding,

    /// <summary>A learned table 258 × width; a slot is the mean of its rows.</summary>
    PooledEmbedding,

    /// <summary>256 columns per byte, one of them 1.</summary>
    OneHot,
}
