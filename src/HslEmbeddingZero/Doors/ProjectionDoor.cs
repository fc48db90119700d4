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

    /// <param name="bytesPerSlot">K, 1 or more.</param>
    /// <param name="dim">Width of a slot.</param>
    /// <param name="tail">What becomes of an incomplete last slot.</param>
    /// <param name="scaling">Fixed scaling of the channels before the map.</param>
    public ProjectionDoor(int bytesPerSlot = 8, int dim = 512, SlotTail tail = SlotTail.Pad, ChannelScaling scaling = ChannelScaling.None)
        : this(new ControlFeatures(ControlKind.Hsl, 0, scaling), bytesPerSlot, dim, tail)
    {
    }

    /// <summary>The projection of control features: an arm of the ablation. It owns <paramref name="features"/>.</summary>
    /// <param name="features">The features to map.</param>
    /// <param name="bytesPerSlot">K, 1 or more.</param>
    /// <param name="dim">Width of a slot.</param>
    /// <param name="tail">What becomes of an incomplete last slot.</param>
    public ProjectionDoor(ControlFeatures features, int bytesPerSlot = 8, int dim = 512, SlotTail tail = SlotTail.Pad)
        : base(nameof(ProjectionDoor), bytesPerSlot, dim, tail, channelsPerByte: 0)
    {
        ArgumentNullException.ThrowIfNull(features);
        this.features = features;
        slot = nn.Linear(HslFeatures.Dimension * bytesPerSlot, dim);
        stream = nn.Linear(HslFeatures.Dimension, dim);
        RegisterComponents();
    }

    internal override string? Arm => features.Kind switch
    {
        ControlKind.Hsl => features.Scaling == ChannelScaling.None ? "projection" : "projection-standardized",
        ControlKind.Learned => "learned-projection",
        ControlKind.Random => "random-projection",
        ControlKind.Permuted => "permuted-projection",
        _ => null,
    };

    internal override int Seed => features.Seed;

    /// <inheritdoc/>
    protected override Device Place => features.Device;

    /// <inheritdoc/>
    protected override Tensor Describe(Tensor ids) => features.Rows(ids);

    /// <inheritdoc/>
    protected override Tensor Pack(Tensor ids, long slots) =>
        slot.forward(features.Rows(ids).view(ids.size(0), slots, BytesPerSlot * HslFeatures.Dimension));

    /// <inheritdoc/>
    protected override Tensor Widen(Tensor ids) => stream.forward(features.Rows(ids));
}
