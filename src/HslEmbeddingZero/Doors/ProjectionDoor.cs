using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// The learned alternative on the same features: one linear layer for the K rows of a slot, another for a single row of the stream.
/// </summary>
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
    /// <param name="tail">What happens to an incomplete last slot.</param>
    /// <param name="scaling">Fixed scaling of the channels before the linear layer.</param>
    /// <param name="ngrams">
    /// Codes of the last bytes, or null for none. The linear layer of the stream reads them after the 27 features. With
    /// <see cref="NgramCodes.InSlots"/>, the linear layer of the slots reads them after the 27·K features too.
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
    /// <param name="features">The features to project.</param>
    /// <param name="bytesPerSlot">K, 1 or more.</param>
    /// <param name="dim">Width of a slot.</param>
    /// <param name="tail">What happens to an incomplete last slot.</param>
    /// <param name="ngrams">Codes of the last bytes, after the features; null for none.</param>
    public ProjectionDoor(
        ControlFeatures features, int bytesPerSlot = 8, int dim = 512, SlotTail tail = SlotTail.Pad, NgramCodes? ngrams = null)
        : base(nameof(ProjectionDoor), bytesPerSlot, dim, tail, channelsPerByte: 0)
    {
        ArgumentNullException.ThrowIfNull(features);
        _features = features;
        _slot = nn.Linear((HslFeatures.Dimension * bytesPerSlot) + (ngrams?.SlotColumns ?? 0), dim, device: CPU, dtype: ScalarType.Float32);
        _stream = nn.Linear(HslFeatures.Dimension + (ngrams?.Columns ?? 0), dim, device: CPU, dtype: ScalarType.Float32);
        if (ngrams is not null) _ngrams = new NgramGather(ngrams);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override NgramCodes? Ngrams => _ngrams?.Codes;

    /// <summary>The features that the door projects.</summary>
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
