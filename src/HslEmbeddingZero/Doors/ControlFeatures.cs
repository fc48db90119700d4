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
    private readonly FeatureLayer _layer;
    [ComponentName(Name = "value_table")]
    private readonly Parameter? _valueTable;
    private bool _isDisposed;

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
        float[] values = kind == ControlKind.Learned ? LearnedStart(seed) : ControlValueTables.Build(kind, seed, FeatureTables.ValueTable);
        if (kind != ControlKind.Learned)
        {
            bool isPlain = kind == ControlKind.Hsl && scaling == ChannelScaling.None;
            _layer = new FeatureLayer(values, scaling, isPlain ? RowTables.Plain : new RowTables(values, scaling));
        }
        else
        {
            _layer = new FeatureLayer(FeatureTables.ValueTable, scaling, tables: null);
            using Tensor start = tensor(values, [256, HslFeatures.ValueDimension], device: CPU);
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
    internal Device Device => _layer.Device;

    /// <summary>Dtype of the rows.</summary>
    internal ScalarType DType => _layer.DType;

    /// <summary>The 256 × 18 values that <see cref="ControlKind.Learned"/> starts from, row-major: standard normal.</summary>
    internal static float[] LearnedStart(int seed)
    {
        using var generator = new Generator((ulong)seed, CPU);
        using Tensor values = randn(
            [256, HslFeatures.ValueDimension], dtype: ScalarType.Float32, device: CPU, generator: generator);
        return [.. values.data<float>()];
    }

    /// <summary>Features of every id.</summary>
    /// <param name="input">[..., L] ids, uint8, int16, int32 or int64.</param>
    /// <returns>[..., L, 27].</returns>
    /// <exception cref="ArgumentException">Ids of another type, of rank 0, or on another device.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id outside 0..257.</exception>
    public override Tensor forward(Tensor input)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        IdTensors.Require(input, ChecksIds, Device);
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = Rows(IdTensors.Flat(input));
        return (input.dim() == 2 ? rows : rows.view([.. input.shape, HslFeatures.Dimension])).MoveToOuterDisposeScope();
    }

    /// <summary>[N, S·K] ids to [N, S, 27·K], see <see cref="FeatureLayer.Rows"/>.</summary>
    internal Tensor Rows(Tensor ids, int bytesPerSlot = 1, NgramGather? ngrams = null) =>
        _layer.Rows(ids, bytesPerSlot, ngrams, _valueTable);

    /// <summary>[N, S·K] ids to [N, S, dim], see <see cref="FeatureLayer.Slots"/>.</summary>
    internal Tensor Slots(Tensor ids, int bytesPerSlot, int dim, NgramGather? ngrams = null) =>
        _layer.Slots(ids, bytesPerSlot, dim, share: true, ngrams, _valueTable);

    /// <summary>Like <see cref="Slots"/>, but into N·S·dim contiguous numbers in the dtype and on the device of the rows.</summary>
    internal void WriteSlots(Tensor ids, Tensor destination, int bytesPerSlot, int dim, NgramGather? ngrams = null) =>
        _layer.WriteSlots(ids, destination, bytesPerSlot, dim, ngrams, _valueTable);

    /// <inheritdoc/>
    protected override void _toEpilog(ScalarType? dtype, Device? device, bool non_blocking)
    {
        base._toEpilog(dtype, device, non_blocking);
        _layer.Move(dtype, device);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _isDisposed = true;
        if (disposing) _layer.Dispose();
        base.Dispose(disposing);
    }
}
