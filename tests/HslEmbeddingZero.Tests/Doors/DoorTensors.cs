using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Doors;

/// <summary>Helpers: ids to tensors, tensors to floats, and the expected features of a sequence with special ids.</summary>
internal static class DoorTensors
{
    public static byte[] RandomBytes(int count, int seed)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Random ids; about one in four is special.</summary>
    public static int[] RandomIds(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(
            _ => random.Next(4) == 0 ? random.Next(ByteIds.Mask, ByteIds.Count) : random.Next(256))];
    }

    public static Tensor Ids(byte[] bytes, ScalarType dtype, params long[] shape)
    {
        using Tensor flat = tensor(bytes);
        return flat.to(dtype, copy: true).reshape(shape.Length == 0 ? [bytes.Length] : shape);
    }

    public static Tensor Ids(int[] ids, params long[] shape) => tensor(ids).reshape(shape.Length == 0 ? [ids.Length] : shape);

    public static float[] Floats(Tensor values)
    {
        using Tensor plain = values.detach().to(ScalarType.Float32).cpu().contiguous();
        return [.. plain.data<float>()];
    }

    public static int[] Bits(ReadOnlySpan<float> values) => MemoryMarshal.Cast<float, int>(values).ToArray();

    /// <summary>Rows of a sequence by the plain C# path. Special ids give zeros, and the byte after one counts as a first byte.</summary>
    public static float[] Expected(ReadOnlySpan<int> ids)
    {
        float[] rows = new float[ids.Length * HslFeatures.Dimension];
        for (int start = 0; start < ids.Length;)
        {
            int end = start;
            while (end < ids.Length && ids[end] < ByteIds.Mask) end++;
            byte[] piece = [.. ids[start..end].ToArray().Select(id => (byte)id)];
            HslFeatures.Encode(piece).AsSpan(0, piece.Length * HslFeatures.Dimension).CopyTo(rows.AsSpan(start * HslFeatures.Dimension));
            start = end + 1;
        }

        return rows;
    }

    /// <summary>Number of tensors created on this thread and not yet freed.</summary>
    public static long LiveTensors => DisposeScopeManager.Statistics.ThreadTotalLiveCount;
}
