using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>The learned rival on the same features: one linear map of a slot's K rows, another of a single row for the stream.</summary>
public sealed class ProjectionDoor : InputDoor
{
    [ComponentName(Name = "features")]
    private readonly ControlFeatures _features;

    [ComponentName(Name = "slot")]
    private readonly Linear _slot;

    [ComponentName(Name = "stream")]
    private readonly Linear _stream;
    private readonly NgramGather? _ngrams;

    /// <param name="bytesPerSlot">K, 1 or more.</param>
    /// <param name="dim">Width of a slot.</param>
    /// <param name="tail">What becomes of an incomplete last slot.</param>
    /// <param name="scaling">Fixed scaling of the channels before the map.</param>
    /// <param name="ngrams">
    /// Codes of the last bytes, which the map of the stream reads behind the 27 features and, where they say so, that of the slots behind
    /// 27·K; null has none.
    /// </param>
    public ProjectionDoor(
        int bytesPerSlot = 8,
        int dim = 512,
        SlotTail tail = SlotTail.Pad,
        ChannelScaling scaling = ChannelScaling.None,
        NgramCodes? ngrams = null)
        : this(new ControlFeatures(ControlKind.Hsl, 0, scaling), bytesPerSlot, dim, tail, ngrams)
    {
    }

    /// <summary>The projection of control features: an arm of the ablation. It owns <paramref name="features"/>.</summary>
    /// <param name="features">The features to map.</param>
    /// <param name="bytesPerSlot">K, 1 or more.</param>
    /// <param name="dim">Width of a slot.</param>
    /// <param name="tail">What becomes of an incomplete last slot.</param>
    /// <param name="ngrams">Codes of the last bytes behind the features; null has none.</param>
    public ProjectionDoor(
        ControlFeatures features, int bytesPerSlot = 8, int dim = 512, SlotTail tail = SlotTail.Pad, NgramCodes? ngrams = null)
        : base(nameof(ProjectionDoor), bytesPerSlot, dim, tail, channelsPerByte: 0)
    {
        ArgumentNullException.ThrowIfNull(features);
        _features = features;
        _slot = nn.Linear((HslFeatures.Dimension * bytesPerSlot) + (ngrams?.SlotColumns ?? 0), dim);
        _stream = nn.Linear(HslFeatures.Dimension + (ngrams?.Columns ?? 0), dim);
        if (ngrams is not null) _ngrams = new NgramGather(ngrams);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override NgramCodes? Ngrams => _ngrams?.Codes;

    /// <summary>What the door packs.</summary>
    internal ControlFeatures Source => _features;

    internal override int Seed => _features.Seed;

    /// <inheritdoc/>
    protected override Device Device => _features.Device;

    /// <inheritdoc/>
    protected override Tensor FeaturesCore(Tensor ids) => _features.Rows(ids, ngrams: _ngrams);

    /// <inheritdoc/>
    protected override Tensor SlotsCore(Tensor ids, long slots) =>
        _slot.forward(_features.Rows(ids, BytesPerSlot, _ngrams?.ForSlots));

    /// <inheritdoc/>
    protected override Tensor StreamCore(Tensor ids) => _stream.forward(FeaturesCore(ids));
}
