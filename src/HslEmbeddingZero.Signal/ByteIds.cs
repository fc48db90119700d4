namespace HslEmbeddingZero;

/// <summary>The ids a door reads: 0..255 are bytes, 256 is MASK, 257 is EOS.</summary>
public static class ByteIds
{
    /// <summary>The id that hides a byte; its feature row is all zero.</summary>
    public const int Mask = 256;

    /// <summary>The id that ends a document; its feature row is all zero.</summary>
    public const int EndOfSequence = 257;

    /// <summary>How many ids there are: 256 bytes, MASK and EOS.</summary>
    public const int Count = 258;

    /// <summary>Checks the range of an id.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside 0..257.</exception>
    internal static void Require(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, Count);
    }

    /// <summary>Checks the range of every id.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside 0..257.</exception>
    internal static void Require(ReadOnlySpan<short> ids)
    {
        foreach (short id in ids) Require(id);
    }
}
