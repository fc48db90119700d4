namespace HslEmbeddingZero;

/// <summary>
/// Where the 18 value columns of the control features come from. All kinds share the 27-column layout and the nine context columns, so
/// that a difference in a result can only come from the values themselves.
/// </summary>
public enum ControlKind
{
    /// <summary>The frozen table, bit for bit: gray-code bits, 8-point Fourier transform and phase of the byte. No seed.</summary>
    Hsl,

    /// <summary>A trainable 256 × 18 table that starts as standard normal values of the seed (4,608 parameters).</summary>
    Learned,

    /// <summary>
    /// A fixed table of normal values, no two rows alike, each channel brought to the mean and standard deviation of the frozen one:
    /// tells one byte from another just as well, but holds no structure.
    /// </summary>
    Random,

    /// <summary>The frozen table with its 256 rows shuffled: the same rows, each for another byte.</summary>
    Permuted,
}
