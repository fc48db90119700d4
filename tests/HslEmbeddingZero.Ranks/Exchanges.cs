using System.Runtime.InteropServices;
using HslEmbeddingZero.Training;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Ranks;

/// <summary>Exchanges whose results each rank knows, because it can make the values of all ranks.</summary>
internal static class Exchanges
{
    /// <summary>So small that a few thousand values are several chunks.</summary>
    private const int ChunkBytes = 4096;

    public static void Sum(IProcessGroup group)
    {
        UseSmallChunks(group);
        foreach (bool inRankOrder in new[] { false, true })
        {
            foreach (int length in Lengths(group.Size))
            {
                // Sums of small whole numbers are exact in every order.
                Expect(group, length, (rank, i) => (((i * 31) + (rank * 17)) % 1009) - 504, inRankOrder, $"sum of {length}");
            }
        }

        SumsOfFractionsAreEqualOnAllRanks(group);
        ViewsAndShapes(group);
    }

    public static void Ordered(IProcessGroup group)
    {
        UseSmallChunks(group);
        foreach (int length in Lengths(group.Size))
        {
            double[][] values = [.. Enumerable.Range(0, group.Size).Select(rank => Fractions(rank, length))];
            Expect(group, length, (rank, i) => values[rank][i], inRankOrder: true, $"ordered sum of {length}");
        }

        // The values must show the order, or the check above would show nothing.
        if (group.Size < 3) return;
        double[][] shown = [.. Enumerable.Range(0, group.Size).Select(rank => Fractions(rank, 1000))];
        Require(Enumerable.Range(0, 1000).Any(i => shown.Sum(values => values[i]) != shown.Reverse().Sum(values => values[i])),
            "another order gives other sums");
    }

    public static void Broadcast(IProcessGroup group)
    {
        UseSmallChunks(group);
        ScalarType[] dtypes =
        [
            ScalarType.Byte, ScalarType.Int8, ScalarType.Int16, ScalarType.Int32, ScalarType.Int64, ScalarType.Bool, ScalarType.Float16,
            ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64,
        ];
        foreach (ScalarType dtype in dtypes)
        {
            foreach (int length in Lengths(group.Size))
            {
                byte[] first = Numbers(0, length, dtype), own = Numbers(group.Rank, length, dtype);
                using Tensor values = zeros(length, dtype: dtype, device: CPU);
                own.CopyTo(values.bytes);
                group.Broadcast(values);
                Require(values.bytes.SequenceEqual(first), $"broadcast of {length} {dtype}");
            }
        }

        using var weight = new TorchSharp.Modules.Parameter(full(5, (double)group.Rank + 1, dtype: ScalarType.Float32, device: CPU));
        group.Broadcast(weight);
        Require(weight.data<float>().ToArray().All(value => value == 1), "broadcast of a parameter");
    }

    private static void UseSmallChunks(IProcessGroup group)
    {
        var mpi = (MpiGroup)group;
        mpi.ChunkBytes = ChunkBytes;
        mpi.OrderedChunkBytes = ChunkBytes;
    }

    /// <summary>None, fewer values than ranks, lengths that the ranks do not divide, and those around one chunk and several.</summary>
    private static int[] Lengths(int ranks)
    {
        int chunk = ChunkBytes / sizeof(float) / ranks * ranks;
        return [0, 1, ranks - 1, ranks, ranks + 1, 1000, chunk - 1, chunk, chunk + 1, (3 * chunk) + 7];
    }

    /// <summary>float32 and float64: the sum of all ranks' values, added in the order of the ranks, to the last bit.</summary>
    private static void Expect(IProcessGroup group, int length, Func<int, int, double> value, bool inRankOrder, string what)
    {
        float[] singles = new float[length];
        double[] doubles = new double[length];
        for (int i = 0; i < length; i++)
        {
            singles[i] = (float)value(0, i);
            doubles[i] = value(0, i);
            for (int rank = 1; rank < group.Size; rank++)
            {
                singles[i] += (float)value(rank, i);
                doubles[i] += value(rank, i);
            }
        }

        using Tensor single = tensor([.. Own().Select(own => (float)own)], dtype: ScalarType.Float32, device: CPU);
        group.AllReduce(single, inRankOrder);
        Require(single.bytes.SequenceEqual(MemoryMarshal.AsBytes<float>(singles)), $"{what} float32");
        using Tensor @double = tensor([.. Own()], dtype: ScalarType.Float64, device: CPU);
        group.AllReduce(@double, inRankOrder);
        Require(@double.bytes.SequenceEqual(MemoryMarshal.AsBytes<double>(doubles)), $"{what} float64");

        IEnumerable<double> Own() => Enumerable.Range(0, length).Select(i => value(group.Rank, i));
    }

    private static void SumsOfFractionsAreEqualOnAllRanks(IProcessGroup group)
    {
        using Tensor sum = tensor(Fractions(group.Rank, 5000), dtype: ScalarType.Float64, device: CPU);
        group.AllReduce(sum);
        using Tensor first = sum.clone();
        group.Broadcast(first);
        Require(first.bytes.SequenceEqual(sum.bytes), "equal bits on all ranks");
    }

    private static void ViewsAndShapes(IProcessGroup group)
    {
        using Tensor whole = ones(4, 1500, dtype: ScalarType.Float32, device: CPU);
        using Tensor rows = whole.narrow(0, 1, 2);
        group.AllReduce(rows);
        group.AllReduce(rows, inRankOrder: true);
        float squared = group.Size * group.Size;
        Require(whole.data<float>().ToArray().Select((value, i) => value == (i / 1500 is 1 or 2 ? squared : 1)).All(isRight => isRight),
            "sum of a view");

        using Tensor scalar = tensor(group.Rank, dtype: ScalarType.Float64, device: CPU);
        group.AllReduce(scalar);
        Require(scalar.item<double>() == group.Size * (group.Size - 1) / 2, "sum of a scalar");
    }

    /// <summary>Numbers between -1 and 1 with different exponents, so that their sums round.</summary>
    private static double[] Fractions(int rank, int length)
    {
        Random random = new(rank + 1);
        return [.. Enumerable.Range(0, length).Select(_ => (random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-12, 1)))];
    }

    /// <summary>The bytes of a tensor; for bool only 0 and 1.</summary>
    private static byte[] Numbers(int rank, int length, ScalarType dtype)
    {
        using Tensor size = zeros(1, dtype: dtype, device: CPU);
        byte[] bytes = new byte[length * size.ElementSize];
        new Random(rank + 1).NextBytes(bytes);
        return dtype == ScalarType.Bool ? [.. bytes.Select(value => (byte)(value & 1))] : bytes;
    }

    private static void Require(bool holds, string what)
    {
        if (!holds) throw new InvalidOperationException($"Wrong: {what}.");
    }
}
