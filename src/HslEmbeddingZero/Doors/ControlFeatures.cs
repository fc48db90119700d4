using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// The 27 features with their 18 value columns (Δ, Fourier, phase) replaced by a control. The 9 context columns (Δ², boundary) and the
/// layout stay the same. The control shows whether the frozen values matter or whether other values work as well.
/// </summary>
/// <remarks>
/// The tables are those of the original's ablation kit. <see cref="ControlKind.Random"/> and <see cref="ControlKind.Permuted"/> follow
/// numpy's legacy random stream. <see cref="ControlKind.Learned"/> starts from a normal draw and has 4,608 learned parameters.
/// </remarks>
public sealed class ControlFeatures : nn.Module<Tensor, Tensor>
{
    private readonly FeatureGather _gather;
    private readonly RowTables? _tables; // null if the values are learned
    [ComponentName(Name = "value_table")]
    private readonly Parameter? _valueTable;

    /// <param name="kind">Which values replace the frozen ones.</param>
    /// <param name="seed">Seed of the control's random draw, 0 or more.</param>
    /// <param name="scaling">Fixed scaling of the channels; only for the frozen kind, because it is made for its distribution.</param>
    /// <exception cref="ArgumentOutOfRangeException">A negative seed, an unknown kind or scaling.</exception>
    /// <exception cref="TorchRuntimeException">There is no libtorch, or it does not load.</exception>
    public ControlFeatures(ControlKind kind, int seed = 0, ChannelScaling scaling = ChannelScaling.None)
        : base(TorchRuntime.ReadyFor(nameof(ControlFeatures)))
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seed);
        if (!Enum.IsDefined(scaling)) throw new ArgumentOutOfRangeException(nameof(scaling), scaling, "Unknown channel scaling.");
        if (scaling != ChannelScaling.None && kind != ControlKind.Hsl)
            throw new ArgumentException($"The scaling {scaling} is defined for the frozen features only, not for {kind}.", nameof(scaling));
        Kind = kind;
        Scaling = scaling;
        Seed = seed;
        float[] values = ControlValueTables.Build(kind, seed, FeatureTables.ValueTable);
        _gather = new FeatureGather(kind == ControlKind.Learned ? FeatureTables.ValueTable : values, scaling);
        if (kind != ControlKind.Learned)
        {
            _tables = kind == ControlKind.Hsl && scaling == ChannelScaling.None ? RowTables.Plain : new RowTables(values, scaling);
        }
        else
        {
            using Tensor start = tensor(values, [256, HslFeatures.ValueDimension]);
            _valueTable = new Parameter(start.clone());
            _valueTable.DetachFromDisposeScope();
        }

        RegisterComponents();
    }

    /// <summary>Which values replace the frozen ones.</summary>
    public ControlKind Kind { get; }

    /// <summary>Fixed scaling of the channels.</summary>
    internal ChannelScaling Scaling { get; }

    /// <summary>Seed of the control's random draw.</summary>
    internal int Seed { get; }

    /// <summary>Whether ids wider than uint8 are checked to be in 0..257, see <see cref="InputDoor.ChecksIds"/>.</summary>
    public bool ChecksIds { get; set; } = true;

    /// <summary>Device of the tables.</summary>
    internal Device Device => _gather.Device;

    /// <summary>Dtype of the rows.</summary>
    internal ScalarType DType => _gather.DType;

    /// <summary>Features of every id.</summary>
    /// <param name="input">[..., L] ids, uint8, int16, int32 or int64.</param>
    /// <returns>[..., L, 27].</returns>
    /// <exception cref="ArgumentException">Ids of another type, of rank 0, or on another device.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id outside 0..257.</exception>
    public override Tensor forward(Tensor input)
    {
        ByteIds.Require(input, ChecksIds, Device);
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = Rows(ByteIds.Flat(input));
        return (input.dim() == 2 ? rows : rows.view([.. input.shape, HslFeatures.Dimension])).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// [N, S·K] ids to [N, S, 27·K], with codes [N, S, 27·K + columns], for a linear layer that reads them next. Single-threaded, because
    /// libtorch's threads are still spinning.
    /// </summary>
    internal Tensor Rows(Tensor ids, int bytesPerSlot = 1, NgramGather? ngrams = null) =>
        Slots(ids, bytesPerSlot, (HslFeatures.Dimension * bytesPerSlot) + (ngrams?.Codes.Columns ?? 0), share: false, ngrams);

    /// <summary>
    /// [N, S·K] ids to [N, S, dim]: the rows of K ids side by side, then the codes that end with these ids if there are any, then zeros.
    /// </summary>
    internal Tensor Slots(Tensor ids, int bytesPerSlot, int dim, bool share = true, NgramGather? ngrams = null)
    {
        long batch = ids.size(0), slots = ids.size(1) / bytesPerSlot;
        if (Writable(ids, slots, dim) is { } bytes)
        {
            Tensor output = empty([batch, slots, dim], ScalarType.Float32);
            SlotWriter.Write(bytes, output, _tables!, bytesPerSlot, dim, share, ngrams?.Codes);
            return output;
        }

        Tensor rows = Gather(ids).view(batch, slots, bytesPerSlot * HslFeatures.Dimension);
        Tensor? codes = ngrams?.Gather(ids, bytesPerSlot);
        if (_valueTable is not null)
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
    internal void WriteSlots(Tensor ids, Tensor destination, int bytesPerSlot, int dim, NgramGather? ngrams = null)
    {
        long batch = ids.size(0), slots = ids.size(1) / bytesPerSlot;
        if (Writable(ids, slots, dim) is { } bytes)
        {
            SlotWriter.Write(bytes, destination, _tables!, bytesPerSlot, dim, share: true, ngrams?.Codes);
            return;
        }

        Tensor rows = Gather(ids).view(batch, slots, bytesPerSlot * HslFeatures.Dimension);
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

    private Tensor Gather(Tensor ids)
    {
        Tensor features = _gather.Gather(ids);
        if (_valueTable is null) return features;

        // Special ids read an all-zero row after the 256 learned rows.
        Tensor padded = cat([_valueTable, zeros([2, HslFeatures.ValueDimension], _valueTable.dtype, _valueTable.device)], 0);
        Tensor values = padded.index_select(0, ids.to(ScalarType.Int32).reshape(-1)).view(ids.shape[0], ids.shape[1],
            HslFeatures.ValueDimension);
        return cat([values.narrow(2, 0, 8), features.narrow(2, 8, HslFeatures.ContextDimension), values.narrow(2, 8, 10)], 2);
    }

    /// <inheritdoc/>
    protected override void _toEpilog(ScalarType? dtype, Device? device, bool non_blocking)
    {
        base._toEpilog(dtype, device, non_blocking);
        _gather.Move(dtype, device);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _gather.Dispose();
        base.Dispose(disposing);
    }
}
