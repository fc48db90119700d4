using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// Packs rows of 27 features, and n-gram codes after them, into slots and stream positions. The frozen doors and the controls of the
/// ablation share it; they differ in the 18 value columns only. The value columns are constant, or a table that is learned.
/// </summary>
internal sealed class FeatureLayer : IDisposable
{
    private readonly FeatureGather _gather;
    private readonly RowTables? _tables; // null if the values are learned

    /// <param name="values">256 × 18 constant values.</param>
    /// <param name="scaling">Fixed scaling of the channels.</param>
    /// <param name="tables">Rows of these values for the CPU. Null: the values are learned, and every call passes their table.</param>
    public FeatureLayer(ReadOnlySpan<float> values, ChannelScaling scaling, RowTables? tables)
    {
        _gather = new FeatureGather(values, scaling);
        _tables = tables;
    }

    /// <summary>Device of the tables.</summary>
    public Device Device => _gather.Device;

    /// <summary>Dtype of the rows.</summary>
    public ScalarType DType => _gather.DType;

    /// <summary>Moves the tables; null keeps the current dtype or device.</summary>
    public void Move(ScalarType? dtype, Device? device) => _gather.Move(dtype, device);

    /// <summary>
    /// [N, S·K] ids to [N, S, 27·K], with codes [N, S, 27·K + columns], for a linear layer that reads them next. Single-threaded, because
    /// libtorch's threads are still spinning.
    /// </summary>
    public Tensor Rows(Tensor ids, int bytesPerSlot, NgramGather? ngrams, Tensor? learnedValues) =>
        Slots(
            ids, bytesPerSlot, (HslFeatures.Dimension * bytesPerSlot) + (ngrams?.Codes.Columns ?? 0), share: false, ngrams, learnedValues);

    /// <summary>
    /// [N, S·K] ids to [N, S, dim]: the rows of K ids side by side, then the codes that end with these ids if there are any, then zeros.
    /// </summary>
    public Tensor Slots(Tensor ids, int bytesPerSlot, int dim, bool share, NgramGather? ngrams, Tensor? learnedValues)
    {
        long batch = ids.size(0), slots = ids.size(1) / bytesPerSlot;
        if (Writable(ids, slots, dim) is { } bytes)
        {
            Tensor output = empty([batch, slots, dim], ScalarType.Float32, CPU);
            SlotWriter.Write(bytes, output, _tables!, bytesPerSlot, dim, share, ngrams?.Codes);
            return output;
        }

        Tensor rows = Gather(ids, learnedValues).view(batch, slots, bytesPerSlot * HslFeatures.Dimension);
        Tensor? codes = ngrams?.Gather(ids, bytesPerSlot);
        if (learnedValues is not null)
        {
            // The learned values get their gradient through these operations.
            if (codes is not null) rows = cat([rows, codes], 2);
            return rows.size(2) == dim ? rows : nn.functional.pad(rows, [0, dim - rows.size(2)]);
        }

        if (rows.size(2) == dim) return rows;
        Tensor packed = empty([batch, slots, dim], rows.dtype, rows.device);
        Pad(rows, packed, codes);
        return packed;
    }

    /// <summary>Like <see cref="Slots"/>, but into N·S·dim contiguous numbers in the dtype and on the device of the rows.</summary>
    public void WriteSlots(
        Tensor ids, Tensor destination, int bytesPerSlot, int dim, NgramGather? ngrams, Tensor? learnedValues)
    {
        long batch = ids.size(0), slots = ids.size(1) / bytesPerSlot;
        if (Writable(ids, slots, dim) is { } bytes)
        {
            SlotWriter.Write(bytes, destination, _tables!, bytesPerSlot, dim, share: true, ngrams?.Codes);
            return;
        }

        Tensor rows = Gather(ids, learnedValues).view(batch, slots, bytesPerSlot * HslFeatures.Dimension);
        Pad(rows, destination.view(batch, slots, dim), ngrams?.Gather(ids, bytesPerSlot));
    }

    /// <summary>The ids as bytes if slots can be written directly as float32 on the CPU; null if rows must be gathered.</summary>
    private Tensor? Writable(Tensor ids, long slots, int dim) =>
        _tables is not null && _gather.DType == ScalarType.Float32 && SlotWriter.Fits(ids.size(0), slots, dim) ? AsBytes(ids) : null;

    /// <summary>
    /// Copies [N, S, C] rows and their codes into [N, S, dim], with zeros after them. Zeroing only the row ends writes each number once.
    /// But a GPU fills contiguous memory nearly three times as fast as row ends (4.7 against 1.6 TB/s, benchmarks/results/h200). So it
    /// zeroes everything first if the row ends are wide.
    /// </summary>
    private static void Pad(Tensor rows, Tensor packed, Tensor? codes)
    {
        long width = rows.size(2), dim = packed.size(2), used = width + (codes?.size(2) ?? 0);
        bool fillsAll = packed.device_type != TorchSharp.DeviceType.CPU && dim - used > dim / 3;
        if (fillsAll) packed.zero_();
        packed.narrow(2, 0, width).copy_(rows);
        if (codes is not null) packed.narrow(2, width, used - width).copy_(codes);
        if (used < dim && !fillsAll) packed.narrow(2, used, dim - used).zero_();
    }

    /// <summary>The ids as contiguous uint8 in host memory; null if they are on an accelerator or one of them is not a byte.</summary>
    private static Tensor? AsBytes(Tensor ids)
    {
        if (ids.device_type != TorchSharp.DeviceType.CPU) return null;
        if (ids.dtype != ScalarType.Byte)
        {
            if (ids.numel() > 0)
            {
                using Tensor highest = ids.max();
                if (highest.to(ScalarType.Int64).item<long>() > byte.MaxValue) return null;
            }

            ids = ids.to(ScalarType.Byte);
        }

        return ids.contiguous();
    }

    /// <summary>[N, L, 27], the value columns from the learned table if there is one.</summary>
    private Tensor Gather(Tensor ids, Tensor? learnedValues)
    {
        Tensor features = _gather.Gather(ids);
        if (learnedValues is null) return features;

        // Special ids read an all-zero row after the 256 learned rows.
        Tensor padded = cat([learnedValues, zeros([2, HslFeatures.ValueDimension], learnedValues.dtype, learnedValues.device)], 0);
        Tensor values = padded.index_select(0, ids.to(ScalarType.Int32).reshape(-1)).view(ids.shape[0], ids.shape[1],
            HslFeatures.ValueDimension);
        return cat([values.narrow(2, 0, 8), features.narrow(2, 8, HslFeatures.ContextDimension), values.narrow(2, 8, 10)], 2);
    }

    public void Dispose() => _gather.Dispose();
}
