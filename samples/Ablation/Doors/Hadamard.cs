using System.Numerics;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// Sylvester's Hadamard matrix: entry (i, j) is (-1)^popcount(i &amp; j). Divided by the square root of the order, it keeps lengths.
/// </summary>
internal static class Hadamard
{
    /// <param name="order">A power of two.</param>
    /// <returns>[order, order] float32, orthonormal and symmetric.</returns>
    /// <exception cref="ArgumentException">The order is not a power of two.</exception>
    public static torch.Tensor Orthonormal(int order)
    {
        if (!BitOperations.IsPow2(order))
            throw new ArgumentException($"A Hadamard matrix of this kind needs a width that is a power of two; dim is {order}.");
        float[] entries = new float[order * order];
        float size = (float)(1 / Math.Sqrt(order));
        for (int row = 0; row < order; row++)
        {
            for (int column = 0; column < order; column++)
                entries[row * order + column] = BitOperations.PopCount((uint)(row & column)) % 2 == 0 ? size : -size;
        }

        return torch.tensor(entries, [order, order]);
    }
}
