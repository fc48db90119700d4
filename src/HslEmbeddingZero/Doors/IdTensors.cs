using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>Checks of tensors of ids, and the shape in which doors compute.</summary>
internal static class IdTensors
{
    /// <summary>
    /// Checks type, rank and device. Checks the range too, unless every value of the type is a byte or <paramref name="checkRange"/> is
    /// false. The range check waits for the device, so a caller that made the ids itself can turn it off.
    /// </summary>
    public static void Require(Tensor ids, bool checkRange, Device device)
    {
        ArgumentNullException.ThrowIfNull(ids);
        if (ids.dtype is not (ScalarType.Byte or ScalarType.Int16 or ScalarType.Int32 or ScalarType.Int64))
            throw new ArgumentException($"Ids must be uint8, int16, int32 or int64; these are {ids.dtype}.", nameof(ids));
        if (ids.dim() == 0)
            throw new ArgumentException("Ids must have rank 1 or more ([..., L]); these have rank 0.", nameof(ids));
        if (ids.device_type != device.type)
            throw new ArgumentException($"Ids are on {ids.device} but the door is on {device}; move one with .to(device).", nameof(ids));
        if (!checkRange || ids.dtype == ScalarType.Byte || ids.numel() == 0) return;

        const int count = ByteIds.Count;
        using DisposeScope scope = NewDisposeScope();
        long low = ids.min().to(ScalarType.Int64).item<long>();
        long high = ids.max().to(ScalarType.Int64).item<long>();
        if (low < 0) throw new ArgumentOutOfRangeException(nameof(ids), low, $"Ids must be 0..{count - 1}; the lowest is {low}.");
        if (high >= count) throw new ArgumentOutOfRangeException(nameof(ids), high, $"Ids must be 0..{count - 1}; the highest is {high}.");
    }

    /// <summary>[..., L] ids as [N, L]. Ids of that shape are returned unchanged.</summary>
    public static Tensor Flat(Tensor ids)
    {
        if (ids.dim() == 2) return ids;
        long[] shape = ids.shape;
        return ids.reshape(shape[..^1].Aggregate(1L, (a, b) => a * b), shape[^1]);
    }
}
