using System.Numerics;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Statistics of the written documents, in constant space. They are saved for a resume.</summary>
internal sealed class TextStatistics
{
    /// <summary>Bytes written of the current, unfinished document.</summary>
    public long OpenBytes { get; set; }

    /// <summary>Documents written.</summary>
    public long Documents { get; set; }

    /// <summary>Bytes of the documents written, without the empty lines between them.</summary>
    public long Bytes { get; set; }

    /// <summary>Bytes of the longest document.</summary>
    public long Longest { get; set; }

    /// <summary>Entry i counts the documents with a length from 2^i to below 2^(i+1) bytes.</summary>
    public long[] ByPowerOfTwo { get; set; } = new long[64];

    /// <summary>Documents without text. They are left out.</summary>
    public long EmptyDocuments { get; set; }

    /// <summary>Dropped empty lines: those within documents, and all but one between documents.</summary>
    public long EmptyLines { get; set; }

    /// <summary>Parquet rows without a value. They are left out.</summary>
    public long Nulls { get; set; }

    /// <summary>Counts a document.</summary>
    public void Add(long bytes)
    {
        Documents++;
        Bytes += bytes;
        Longest = Math.Max(Longest, bytes);
        ByPowerOfTwo[BitOperations.Log2((ulong)bytes)]++;
    }

    /// <summary>The largest power of two that does not exceed the median length.</summary>
    public long MedianAtLeast()
    {
        long seen = 0;
        for (int i = 0; i < ByPowerOfTwo.Length; i++)
            if ((seen += ByPowerOfTwo[i]) * 2 >= Documents && Documents > 0) return 1L << i;
        return 0;
    }
}
