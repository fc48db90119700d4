namespace HslEmbeddingZero;

/// <summary>
/// Where the 18 value columns of the control features come from. All kinds share the 27-column layout and the nine context columns, so a
/// difference in a result can only come from the values themselves.
/// </summary>
public enum ControlKind
{
    /// <summary>The frozen table, bit for bit: gray-code bits, 8-point Fourier transform and phase of the byte. No seed.</summary>
    Hsl,

    /// <summary>A trainable 256 × 18 table that starts with standard normal values, drawn with the seed (4,608 parameters).</summary>
    Learned,

    /// <summary>
    /// A fixed table of normal values with distinct rows. Each channel has the mean and standard deviation of the frozen channel. The
    /// values distinguish bytes as well as the frozen ones do, but have no structure.
    /// </summary>
    Random,

    /// <summary>The frozen table with its 256 rows shuffled: the same rows, assigned to other bytes.</summary>
    Permuted,
}
