using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// The door without learned parameters: K rows of 27 frozen features side by side, zero-padded to the model's width. Channels keep fixed
/// addresses (columns 0-7 of each group of 27 are always Δ, 17-24 always Fourier), and its state dictionary is empty.
/// </summary>
public sealed class ZeroDoor : InputDoor
{
#pragma warning disable IDE1006 // A field's name is its key in the state dictionary.
    private readonly ControlFeatures features;
#pragma warning restore IDE1006

    /// <param name="bytesPerSlot">K, 1 or more; 27·K must not exceed <paramref name="dim"/>.</param>
    /// <param name="dim">Width of a slot.</param>
    /// <param name="tail">What becomes of an incomplete last slot.</param>
    /// <param name="scaling">Fixed scaling of the channels; none is the published door.</param>
    /// <exception cref="ArgumentException">27·K exceeds dim.</exception>
    public ZeroDoor(int bytesPerSlot = 8, int dim = 512, SlotTail tail = SlotTail.Pad, ChannelScaling scaling = ChannelScaling.None)
        : this(() => new ControlFeatures(ControlKind.Hsl, 0, scaling), bytesPerSlot, dim, tail)
    {
    }

    /// <summary>The zero-padding door over control features: an arm of the ablation. It owns <paramref name="features"/>.</summary>
    /// <param name="features">The features to pack.</param>
    /// <param name="bytesPerSlot">K, 1 or more; 27·K must not exceed <paramref name="dim"/>.</param>
    /// <param name="dim">Width of a slot.</param>
    /// <param name="tail">What becomes of an incomplete last slot.</param>
    /// <exception cref="ArgumentException">27·K exceeds dim.</exception>
    public ZeroDoor(ControlFeatures features, int bytesPerSlot = 8, int dim = 512, SlotTail tail = SlotTail.Pad)
        : this(() => features ?? throw new ArgumentNullException(nameof(features)), bytesPerSlot, dim, tail)
    {
    }

    private ZeroDoor(Func<ControlFeatures> create, int bytesPerSlot, int dim, SlotTail tail)
        : base(nameof(ZeroDoor), bytesPerSlot, dim, tail, HslFeatures.Dimension)
    {
        features = create();
        RegisterComponents();
    }

    internal override string? Arm => features.Kind switch
    {
        ControlKind.Hsl => features.Scaling == ChannelScaling.None ? "zero" : "zero-standardized",
        ControlKind.Learned => "learned",
        ControlKind.Random => "random",
        ControlKind.Permuted => "permuted",
        _ => null,
    };

    internal override int Seed => features.Seed;

    /// <inheritdoc/>
    protected override Device Place => features.Device;

    /// <inheritdoc/>
    protected override Tensor Describe(Tensor ids) => features.Rows(ids);

    /// <inheritdoc/>
    protected override Tensor Pack(Tensor ids, long slots) => features.Slots(ids, BytesPerSlot, Dim);

    /// <inheritdoc/>
    protected override Tensor Widen(Tensor ids) => features.Slots(ids, 1, Dim);
}
