using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// The way bytes enter a model. A door turns ids into slots of K bytes for the prefix and into single positions for the stream. It accepts
/// uint8, int16, int32 or int64 ids of any leading shape, on the device it was moved to.
/// </summary>
/// <remarks>
/// A custom door derives from this class and defines how flat ids become rows, slots and positions. This class checks and pads the ids and
/// restores their leading shape. The returned tensors belong to the dispose scope that is open around the call. Any number of threads may
/// use a door at once, so an override must not keep anything between calls.
/// </remarks>
public abstract class InputDoor : nn.Module<Tensor, Tensor>
{
    private bool _isDisposed;

    /// <summary>Checks and stores the values that every door has. Register the components at the end of the derived constructor.</summary>
    /// <param name="name">Name of the module.</param>
    /// <param name="bytesPerSlot">K, 1 or more.</param>
    /// <param name="dim">Width of a slot and of a stream position, 1 or more.</param>
    /// <param name="tail">What happens to an incomplete last slot.</param>
    /// <param name="channelsPerByte">Columns of a slot that each byte takes; 0 if bytes have no separate columns.</param>
    /// <exception cref="ArgumentException">K bytes of that many channels exceed dim, or an argument is out of its range.</exception>
    /// <exception cref="TorchRuntimeException">There is no libtorch, or it does not load.</exception>
    protected InputDoor(string name, int bytesPerSlot, int dim, SlotTail tail = SlotTail.Pad, int channelsPerByte = 0)
        : base(TorchRuntime.ReadyFor(name))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytesPerSlot, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(dim, 1);
        if (!Enum.IsDefined(tail)) throw new ArgumentOutOfRangeException(nameof(tail), tail, "Unknown slot tail.");
        if (channelsPerByte > 0) SlotRoom.RequireBytes(bytesPerSlot, dim, channelsPerByte);
        BytesPerSlot = bytesPerSlot;
        Dim = dim;
        Tail = tail;
    }

    /// <summary>K, the bytes packed side by side into one slot.</summary>
    public int BytesPerSlot { get; }

    /// <summary>Width of a slot and of a stream position.</summary>
    public int Dim { get; }

    /// <summary>What happens to an incomplete last slot.</summary>
    public SlotTail Tail { get; }

    /// <summary>
    /// Whether ids wider than uint8 are checked to be in 0..257; true by default. The check reads two numbers back and so waits for the
    /// device. Turn it off if the ids are known to be valid. uint8 ids are never checked.
    /// </summary>
    public bool ChecksIds { get; set; } = true;

    /// <summary>Codes of the last bytes, placed after the features; null if the door has none.</summary>
    public virtual NgramCodes? Ngrams => null;

    /// <summary>
    /// How many ids before a byte its stream position may depend on: 2 for the features, n-1 for n-gram codes if that is more. A generator
    /// passes this many to the door with each new byte. A position never depends on later ids.
    /// </summary>
    public virtual int ContextBytes => Math.Max(2, Ngrams?.LookBack ?? 0);

    /// <summary>Number of learned parameters in the door.</summary>
    public long LearnedParameters => parameters().Where(p => p.requires_grad).Sum(p => p.numel());

    /// <summary>Packs K bytes into each slot.</summary>
    /// <param name="ids">[..., L] ids, uint8, int16, int32 or int64.</param>
    /// <returns>[..., ceil(L/K), dim] (floor for <see cref="SlotTail.Drop"/>), in the door's dtype.</returns>
    /// <exception cref="ArgumentException">Ids of another type, of rank 0, or on another device.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id outside 0..257.</exception>
    public sealed override Tensor forward(Tensor ids)
    {
        RequireNotDisposed();
        using DisposeScope scope = NewDisposeScope();
        Tensor packed = Packed(ids);
        return Restored(SlotsCore(packed, packed.size(1) / BytesPerSlot), ids);
    }

    /// <summary>One position for each byte.</summary>
    /// <param name="ids">[..., L] ids, uint8, int16, int32 or int64.</param>
    /// <returns>[..., L, dim], in the door's dtype.</returns>
    /// <exception cref="ArgumentException">Ids of another type, of rank 0, or on another device.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id outside 0..257.</exception>
    public Tensor Stream(Tensor ids)
    {
        RequireNotDisposed();
        using DisposeScope scope = NewDisposeScope();
        IdTensors.Require(ids, ChecksIds, Device);
        return Restored(StreamCore(IdTensors.Flat(ids)), ids);
    }

    /// <summary>The features of each byte before they are packed.</summary>
    /// <param name="ids">[..., L] ids, uint8, int16, int32 or int64.</param>
    /// <returns>
    /// [..., L, 27] features or table rows ([..., L, dim] for the pooled embedding), in the door's dtype. The columns of
    /// <see cref="Ngrams"/>, if any, follow.
    /// </returns>
    /// <exception cref="ArgumentException">Ids of another type, of rank 0, or on another device.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id outside 0..257.</exception>
    public Tensor Features(Tensor ids)
    {
        RequireNotDisposed();
        using DisposeScope scope = NewDisposeScope();
        IdTensors.Require(ids, ChecksIds, Device);
        return Restored(FeaturesCore(IdTensors.Flat(ids)), ids);
    }

    /// <summary>
    /// Name of the door's arm among the <see cref="DoorArms"/>. If no arm has these <see cref="Ngrams"/>, it is the arm without codes. Null
    /// if the door belongs to no arm.
    /// </summary>
    internal string? Arm => DoorArms.ArmOf(this)?.Name;

    /// <summary>Seed of the random draw of the door's fixed or initial values; 0 if nothing was drawn.</summary>
    internal virtual int Seed => 0;

    /// <summary>Device of the door's values. Ids on another kind of device are refused.</summary>
    protected abstract Device Device { get; }

    /// <summary>The features of each byte.</summary>
    /// <param name="ids">[N, L] ids, checked; L may be 0.</param>
    /// <returns>[N, L, C] rows.</returns>
    protected abstract Tensor FeaturesCore(Tensor ids);

    /// <summary>Packs K ids into each slot.</summary>
    /// <param name="ids">[N, S·K] ids, checked, and completed with 0x00 if the tail says so.</param>
    /// <param name="slots">S; may be 0.</param>
    /// <returns>[N, S, dim] slots.</returns>
    protected abstract Tensor SlotsCore(Tensor ids, long slots);

    /// <summary>Widens each id to a stream position.</summary>
    /// <param name="ids">[N, L] ids, checked; L may be 0.</param>
    /// <returns>[N, L, dim] positions, each computed from its own id and at most <see cref="ContextBytes"/> ids before it.</returns>
    protected abstract Tensor StreamCore(Tensor ids);

    /// <summary>
    /// Draws the learned parameters anew for <see cref="ByteLanguageModel.ResetParameters"/>. Weights of linear layers are uniform in
    /// ±1/√fan-in, parameters whose name begins with "table" standard normal, vectors 0. A control's value table stays as its own seed drew
    /// it. Override this in a door with other initial values, for example the scale of a norm.
    /// </summary>
    /// <param name="random">The random stream of this door: the same seed gives the same numbers.</param>
    protected internal virtual void ResetParameters(Generator random)
    {
        foreach ((string name, Tensor weight) in named_parameters())
        {
            if (name.EndsWith("value_table", StringComparison.Ordinal)) continue;
            if (name.StartsWith("table", StringComparison.Ordinal))
            {
                weight.Draw(values => values.normal_(0, 1, random));
            }
            else if (weight.dim() >= 2)
            {
                double bound = 1 / Math.Sqrt(weight.shape[1]);
                weight.Draw(values => values.uniform_(-bound, bound, random));
            }
            else
            {
                weight.Fill(GcSafeScalar.Zero);
            }
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _isDisposed = true;
        base.Dispose(disposing);
    }

    internal void RequireNotDisposed() => ObjectDisposedException.ThrowIf(_isDisposed, this);

    /// <summary>[..., L] ids, checked, as [N, S·K]: completed with 0x00 or cut to whole slots, as the tail says.</summary>
    private protected Tensor Packed(Tensor ids)
    {
        RequireNotDisposed();
        IdTensors.Require(ids, ChecksIds, Device);
        Tensor flat = IdTensors.Flat(ids);
        long length = flat.size(1); // Not shape: it makes an array, which costs more than it seems.
        long slots = Tail == SlotTail.Pad ? (length + BytesPerSlot - 1) / BytesPerSlot : length / BytesPerSlot;
        long packed = slots * BytesPerSlot;
        if (packed < length) return flat.narrow(1, 0, packed);
        return packed == length ? flat : cat([flat, zeros([flat.size(0), packed - length], flat.dtype, flat.device)], 1);
    }

    /// <summary>
    /// Gives [N, S, C] rows of flat ids [N, L] the leading shape of the ids, and moves them to the caller's dispose scope.
    /// </summary>
    private static Tensor Restored(Tensor rows, Tensor ids) =>
        (ids.dim() == 2 ? rows : rows.view([.. ids.shape[..^1], rows.size(1), rows.size(2)])).MoveToOuterDisposeScope();
}
