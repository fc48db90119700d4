namespace HslEmbeddingZero;

/// <summary>
/// The signal of L bytes as <see cref="HslCodec"/> encodes it: 8 values per byte, most significant bit first, and one float per byte. The
/// parts are redundant; <see cref="HslCodec.Decode"/> refuses a frame in which they disagree.
/// </summary>
public sealed class HslFrame
{
    /// <summary>The raw bits: 8·L values in {0, 1}.</summary>
    public required ReadOnlyMemory<byte> Bits { get; init; }

    /// <summary>The raw bits and a closing 1, which marks that the signal is complete: 8·L + 1 values in {0, 1}.</summary>
    public required ReadOnlyMemory<byte> BitSignal { get; init; }

    /// <summary>Δ: the change from one bit of a byte to the next, counted from a virtual 0 before it: 8·L values in {0, 1}.</summary>
    public required ReadOnlyMemory<byte> Delta { get; init; }

    /// <summary>Δ²: the change of Δ from the byte before, or from 0 for the first byte: 8·L values in {0, 1}.</summary>
    public required ReadOnlyMemory<byte> Delta2 { get; init; }

    /// <summary>The boundary of every byte: L values in [0, 1.5], column 16 of <see cref="HslFeatures"/>.</summary>
    public required ReadOnlyMemory<float> Boundary { get; init; }

    /// <summary>The number of bytes, L.</summary>
    public int ByteCount => Boundary.Length;
}
