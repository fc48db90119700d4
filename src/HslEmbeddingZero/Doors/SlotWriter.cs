using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>Writes slots of frozen features on the CPU directly into the output: every byte once, without an intermediate tensor.</summary>
internal static unsafe class SlotWriter
{
    // For less output than this, a second thread costs more than it saves: libtorch's own threads spin for a while after each operation.
    private const long ParallelBytes = 1 << 20;

    /// <summary>Whether an output of this shape can be addressed as one span.</summary>
    public static bool Fits(long rows, long slots, int dim) => rows * slots * dim <= int.MaxValue / sizeof(float);

    /// <summary>
    /// [N, S·K] contiguous uint8 ids to N·S·dim contiguous float32, both on the CPU. It uses all processors only if
    /// <paramref name="share"/> allows it. Codes, if there are any, directly follow the features.
    /// </summary>
    public static void Write(Tensor ids, Tensor output, RowTables tables, int bytesPerSlot, int dim, bool share, NgramCodes? codes = null)
    {
        long length = ids.size(1), slots = length / bytesPerSlot, all = ids.size(0) * slots;
        if (all == 0) return;

        fixed (byte* source = ids.bytes)
        fixed (byte* target = output.bytes)
        {
            // Pointers cannot be captured; the memory is native and does not move.
            nint from = (nint)source, to = (nint)target;
            int parts = share && all * dim * sizeof(float) >= ParallelBytes ? Environment.ProcessorCount : 1;
            if (parts == 1) Part(0);
            else Parallel.For(0, parts, Part);

            void Part(int part)
            {
                long slot = all * part / parts;
                long end = all * (part + 1) / parts;
                while (slot < end)
                {
                    long position = slot % slots * bytesPerSlot;
                    int count = (int)Math.Min(end - slot, slots - slot % slots); // up to the end of the input row
                    byte* bytes = (byte*)from + slot / slots * length + position;
                    float* first = (float*)to + slot * dim;
                    if (codes is not null)
                    {
                        NgramKernel.WriteSlots(bytes - position, position, count, bytesPerSlot, first, dim, codes, tables);
                    }
                    else
                    {
                        HslContext context = new(position > 0 ? bytes[-1] : null, position > 1 ? bytes[-2] : null);
                        ReadOnlySpan<byte> piece = new(bytes, count * bytesPerSlot);
                        FeatureKernel.WriteSlots(piece, context, new Span<float>(first, count * dim), tables, bytesPerSlot, dim);
                    }

                    slot += count;
                }
            }
        }

        GC.KeepAlive(ids);
        GC.KeepAlive(output);
        GC.KeepAlive(tables);
    }
}
