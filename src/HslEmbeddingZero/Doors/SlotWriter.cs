using System.Collections.Concurrent;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// Slots of plain features on the CPU, written where they belong: every byte of the output once, no intermediate. The rows are those of
/// <see cref="HslFeatures"/> itself.
/// </summary>
internal static unsafe class SlotWriter
{
    // Below this much output a second thread costs more than it saves.
    private const long ParallelBytes = 256 << 10;

    /// <summary>Whether an output of this shape can be addressed as one span.</summary>
    public static bool Fits(long rows, long slots, int dim) => rows * slots * dim <= int.MaxValue / sizeof(float);

    /// <summary>[N, S·K] contiguous uint8 ids on the CPU to [N, S, dim] float32.</summary>
    public static Tensor Write(Tensor ids, int bytesPerSlot, int dim)
    {
        long rows = ids.shape[0], length = ids.shape[1], slots = length / bytesPerSlot, all = rows * slots;
        Tensor output = empty([rows, slots, dim], ScalarType.Float32);
        if (all == 0) return output;

        fixed (byte* source = ids.bytes)
        fixed (byte* target = output.bytes)
        {
            // Pointers cannot be captured; the memory is native and does not move.
            nint from = (nint)source, to = (nint)target;
            if (all * dim * sizeof(float) < ParallelBytes) Range(0, all);
            else Parallel.ForEach(Partitioner.Create(0, all), range => Range(range.Item1, range.Item2));

            void Range(long first, long last)
            {
                for (long slot = first; slot < last; slot++)
                {
                    long position = slot % slots * bytesPerSlot;
                    byte* bytes = (byte*)from + slot / slots * length + position;
                    HslContext context = new(position > 0 ? bytes[-1] : null, position > 1 ? bytes[-2] : null);
                    Span<float> columns = new((float*)to + slot * dim, dim);
                    HslFeatures.Encode(new ReadOnlySpan<byte>(bytes, bytesPerSlot), context, columns[..(bytesPerSlot * HslFeatures.Dimension)]);
                    columns[(bytesPerSlot * HslFeatures.Dimension)..].Clear();
                }
            }
        }

        GC.KeepAlive(ids);
        return output;
    }
}
