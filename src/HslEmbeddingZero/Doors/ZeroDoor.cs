using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// The door without learned parameters: K rows of 27 frozen features side by side, zero-padded to the model's width. Channels have fixed
/// columns (columns 0-7 of each group of 27 are always Δ, 17-24 always Fourier). The state dictionary is empty.
/// </summary>
public sealed class ZeroDoor : InputDoor
{
    [ComponentName(Name = "features")]
    private readonly ControlFeatures _features;
    private readonly NgramGather? _ngrams;

    /// <param name="bytesPerSlot">K, 1 or more; 27·K must not exceed <paramref name="dim"/>.</param>
    /// <param name="dim">Width of a slot.</param>
    /// <param name="tail">What happens to an incomplete last slot.</param>
    /// <param name="scaling">Fixed scaling of the channels; the published door has none.</param>
    /// <param name="ngrams">
    /// Codes of the last bytes, or null for none as in the published door. In a stream position they start at column 27. With
    /// <see cref="NgramCodes.InSlots"/>, a slot has them too, starting at column 27·K.
    /// </param>
    /// <exception cref="ArgumentException">27·K exceeds dim, or the features and codes of a position or a slot together do.</exception>
    public ZeroDoor(
        int bytesPerSlot = 8,
        int dim = 512,
        SlotTail tail = SlotTail.Pad,
        ChannelScaling scaling = ChannelScaling.None,
        NgramCodes? ngrams = null)
        : this(() => new ControlFeatures(ControlKind.Hsl, 0, scaling), bytesPerSlot, dim, tail, ngrams)
    {
    }

    /// <summary>The zero-padding door over control features: an arm of the ablation. It owns <paramref name="features"/>.</summary>
    /// <param name="features">The features to pack.</param>
    /// <param name="bytesPerSlot">K, 1 or more; 27·K must not exceed <paramref name="dim"/>.</param>
    /// <param name="dim">Width of a slot.</param>
    /// <param name="tail">What happens to an incomplete last slot.</param>
    /// <param name="ngrams">Codes of the last bytes, after the features; null for none.</param>
    /// <exception cref="ArgumentException">27·K exceeds dim, or the features and codes of a position or a slot together do.</exception>
    public ZeroDoor(ControlFeatures features, int bytesPerSlot = 8, int dim = 512, SlotTail tail = SlotTail.Pad, NgramCodes? ngrams = null)
        : this(() => features ?? throw new ArgumentNullException(nameof(features)), bytesPerSlot, dim, tail, ngrams)
    {
    }

    private ZeroDoor(Func<ControlFeatures> create, int bytesPerSlot, int dim, SlotTail tail, NgramCodes? ngrams)
        : base(nameof(ZeroDoor), bytesPerSlot, dim, tail, HslFeatures.Dimension)
    {
        if (ngrams is not null) SlotRoom.RequireCodes(bytesPerSlot, dim, ngrams);
        _features = create();
        if (ngrams is not null) _ngrams = new NgramGather(ngrams);
        RegisterComponents();
    }

    /// <summary>
    /// Packs K bytes into each slot like <see cref="InputDoor.forward"/>, but into an existing tensor. For outputs over a few MiB,
    /// allocating the tensor costs more than filling it: reuse one tensor for batches of one shape.
    /// </summary>
    /// <param name="ids">[..., L] ids, uint8, int16, int32 or int64.</param>
    /// <param name="destination">
    /// [..., ceil(L/K), dim] (floor for <see cref="SlotTail.Drop"/>), contiguous, in the door's dtype and on its device; all of it is
    /// written.
    /// </param>
    /// <exception cref="ArgumentException">Ids or a destination of another type, shape or device.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id outside 0..257.</exception>
    public void WriteSlots(Tensor ids, Tensor destination)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor packed = Packed(ids);
        Open(destination, ids, packed.size(1) / BytesPerSlot);
        _features.WriteSlots(packed, destination, BytesPerSlot, Dim, _ngrams?.ForSlots);
    }

    /// <summary>Writes one position for each byte like <see cref="InputDoor.Stream"/>, but into an existing tensor.</summary>
    /// <param name="ids">[..., L] ids, uint8, int16, int32 or int64.</param>
    /// <param name="destination">[..., L, dim], contiguous, in the door's dtype and on its device; all of it is written.</param>
    /// <exception cref="ArgumentException">Ids or a destination of another type, shape or device.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id outside 0..257.</exception>
    public void WriteStream(Tensor ids, Tensor destination)
    {
        RequireNotDisposed();
        using DisposeScope scope = NewDisposeScope();
        IdTensors.Require(ids, ChecksIds, Device);
        Tensor flat = IdTensors.Flat(ids);
        Open(destination, ids, flat.size(1));
        _features.WriteSlots(flat, destination, 1, Dim, _ngrams);
    }

    /// <inheritdoc/>
    public override NgramCodes? Ngrams => _ngrams?.Codes;

    /// <summary>The features that the door packs.</summary>
    internal ControlFeatures Source => _features;

    internal override int Seed => _features.Seed;

    /// <inheritdoc/>
    protected override Device Device => _features.Device;

    /// <inheritdoc/>
    protected override Tensor FeaturesCore(Tensor ids) => _features.Rows(ids, ngrams: _ngrams);

    /// <inheritdoc/>
    protected override Tensor SlotsCore(Tensor ids, long slots) => _features.Slots(ids, BytesPerSlot, Dim, ngrams: _ngrams?.ForSlots);

    /// <inheritdoc/>
    protected override Tensor StreamCore(Tensor ids) => _features.Slots(ids, 1, Dim, ngrams: _ngrams);

    /// <summary>Checks a destination before it is written.</summary>
    private void Open(Tensor destination, Tensor ids, long positions)
    {
        ArgumentNullException.ThrowIfNull(destination);
        long rank = ids.dim() + 1;
        bool fits = destination.dim() == rank && destination.size(-1) == Dim && destination.size(-2) == positions;
        for (int i = 0; fits && i < rank - 2; i++) fits = destination.size(i) == ids.size(i);
        if (!fits || destination.dtype != _features.DType || destination.device_type != Device.type || !destination.is_contiguous())
        {
            long[] needed = [.. ids.shape[..^1], positions, Dim];
            throw new ArgumentException(
                $"The destination must be contiguous [{string.Join(", ", needed)}] of {_features.DType} on {Device}; this one is "
                + $"{(destination.is_contiguous() ? "" : "not contiguous, ")}[{string.Join(", ", destination.shape)}] of "
                + $"{destination.dtype} on {destination.device}.",
                nameof(destination));
        }

        // Autograd does not see the kernel's writes. A zero-length in-place write bumps the version counter, so autograd reports graphs
        // that still need the old numbers.
        if (is_grad_enabled()) destination.view(-1).narrow(0, 0, 0).zero_();
    }
}
