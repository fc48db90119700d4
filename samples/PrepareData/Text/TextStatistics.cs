using System.Numerics;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Figures of the documents written, in constant space. It is part of what a resumed run goes on from.</summary>
internal sealed class TextStatistics
{
    /// <summary>Bytes written of a document that is not closed yet.</summary>
    public long OpenBytes { get; set; }

    /// <summary>Documents written.</summary>
    public long Documents { get; set; }

    /// <summary>Bytes of the documents written, without the empty lines between them.</summary>
    public long Bytes { get; set; }

    /// <summary>The longest document's bytes.</summary>
    public long Longest { get; set; }

    /// <summary>How many documents have a length from 2^i to below 2^(i+1) bytes.</summary>
    public long[] ByPowerOfTwo { get; set; } = new long[64];

    /// <summary>Documents without a byte of text, which are left out.</summary>
    public long EmptyDocuments { get; set; }

    /// <summary>Empty lines dropped: within documents, and more than one between them.</summary>
    public long EmptyLines { get; set; }

    /// <summary>Rows of parquet without a value, which are left out.</summary>
    public long Nulls { get; set; }

    /// <summary>Counts a document.</summary>
    public void Add(long bytes)
    {
        Documents++;
        Bytes += bytes;
        Longest = Math.Max(Longest, bytes);
        ByPowerOfTwo[BitOperations.Log2((ulong)bytes)]++;
    }

    /// <summary>The power of two at or below the middle document's length.</summary>
    public long MedianAtLeast()
    {
        long seen = 0;
        for (int i = 0; i < ByPowerOfTwo.Length; i++)
            if ((seen += ByPowerOfTwo[i]) * 2 >= Documents && Documents > 0) return 1L << i;
        return 0;
    }
}
