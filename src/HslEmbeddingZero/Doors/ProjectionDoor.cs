using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>The learned rival on the same features: one linear map of a slot's K rows, another of a single row for the stream.</summary>
public sealed class ProjectionDoor : InputDoor
{
#pragma warning disable IDE1006 // A field's name is its key in the state dictionary.
    private readonly ControlFeatures features;
    private readonly Linear slot;
    private readonly Linear stream;
#pragma warning restore IDE1006
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
        this.features = features;
        slot = nn.Linear((HslFeatures.Dimension * bytesPerSlot) + (ngrams?.SlotColumns ?? 0), dim);
        stream = nn.Linear(HslFeatures.Dimension + (ngrams?.Columns ?? 0), dim);
        if (ngrams is not null) _ngrams = new NgramGather(ngrams);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override NgramCodes? Ngrams => _ngrams?.Codes;

    internal override string? Arm => features.Kind switch
    {
        ControlKind.Hsl when features.Scaling == ChannelScaling.None => "projection",
        ControlKind.Hsl => Ngrams == NgramCodes.Default ? "projection-ngram" : "projection-standardized",
        ControlKind.Learned => "learned-projection",
        ControlKind.Random => "random-projection",
        ControlKind.Permuted => "permuted-projection",
        _ => null,
    };

    internal override int Seed => features.Seed;

    /// <inheritdoc/>
    protected override Device Place => features.Device;

    /// <inheritdoc/>
    protected override Tensor Describe(Tensor ids) => features.Rows(ids, ngrams: _ngrams);

    /// <inheritdoc/>
    protected override Tensor Pack(Tensor ids, long slots) =>
        slot.forward(features.Rows(ids, BytesPerSlot, _ngrams?.ForSlots));

    /// <inheritdoc/>
    protected override Tensor Widen(Tensor ids) => stream.forward(Describe(ids));
}
