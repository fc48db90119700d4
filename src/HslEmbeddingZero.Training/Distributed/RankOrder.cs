using System.Numerics;
using System.Runtime.InteropServices;

namespace HslEmbeddingZero.Training;

/// <summary>Sums in the order of the ranks, so that the bits of a sum do not depend on the library that exchanges the values.</summary>
internal static class RankOrder
{
    /// <summary>Sums the values of all ranks: ((rank 0 + rank 1) + rank 2) and so on.</summary>
    /// <param name="parts">As many values of each rank, rank after rank. Changed.</param>
    /// <param name="ranks">How many ranks; it divides the length.</param>
    /// <returns>The part of rank 0, which now holds the sums.</returns>
    public static Span<T> Sum<T>(Span<T> parts, int ranks)
        where T : unmanaged, INumber<T>
    {
        int length = parts.Length / ranks;
        Span<T> sum = parts[..length];
        for (int rank = 1; rank < ranks; rank++) Add(sum, parts.Slice(rank * length, length));
        return sum;
    }

    /// <summary>sum[i] += term[i]. A vector holds neighbours, and each lane adds as the scalar loop for the rest does.</summary>
    private static void Add<T>(Span<T> sum, ReadOnlySpan<T> term)
        where T : unmanaged, INumber<T>
    {
        Span<Vector<T>> sums = MemoryMarshal.Cast<T, Vector<T>>(sum);
        ReadOnlySpan<Vector<T>> terms = MemoryMarshal.Cast<T, Vector<T>>(term);
        for (int i = 0; i < sums.Length; i++) sums[i] += terms[i];
        for (int i = sums.Length * Vector<T>.Count; i < sum.Length; i++) sum[i] += term[i];
    }
}
