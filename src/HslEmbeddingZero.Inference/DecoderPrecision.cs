using System.Diagnostics.CodeAnalysis;

namespace HslEmbeddingZero;

/// <summary>How a decoder stores numbers in memory. It computes in float32.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "The members are names of types, as in torch and numpy.")]
public enum DecoderPrecision
{
    /// <summary>4 bytes a number.</summary>
    Float32,

    /// <summary>2 bytes a number: the upper half of a float.</summary>
    BFloat16,

    /// <summary>1 byte a weight, and one float32 scale for each row of a matrix.</summary>
    Int8,
}
