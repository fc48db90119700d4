namespace HslEmbeddingZero;

/// <summary>
/// The named groups of feature columns. Six of them partition the 35-D layout (the 27-D layout is the same without
/// <see cref="Bits"/>); <see cref="Value"/> and <see cref="Context"/> are unions of those six.
/// </summary>
public enum HslChannelGroup
{
    /// <summary>The 8 raw bits, most significant first, in {0, 1}. Present in the 35-D layout only.</summary>
    Bits,

    /// <summary>Δ: the 8 bits of gray(v) = v ^ (v &gt;&gt; 1), in {0, 1}. A pure function of the byte.</summary>
    Delta,

    /// <summary>Δ²: the 8 bits of gray(v_i) ^ gray(v_{i-1}), in {0, 1}.</summary>
    Delta2,

    /// <summary>The mean energy around the border between the previous byte and this one: one column, in [0, 1.5].</summary>
    Boundary,

    /// <summary>The 8 non-redundant parts of the 8-point real DFT of the bits, in [-4, 8]. A pure function of the byte.</summary>
    Fourier,

    /// <summary>Cosine and sine of 2π·v/256, in [-1, 1]. A pure function of the byte, unless momentum scales it.</summary>
    Phase,

    /// <summary>The 18 columns that depend on the byte alone: <see cref="Delta"/>, <see cref="Fourier"/>, <see cref="Phase"/>.</summary>
    Value,

    /// <summary>The 9 columns that depend on the neighbour too: <see cref="Delta2"/>, <see cref="Boundary"/>.</summary>
    Context,
}
