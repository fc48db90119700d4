using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// The way bytes enter a model: ids to slots of K bytes for the prefix, ids to single positions for the stream.
/// A door accepts uint8, int16, int32 or int64 ids of any leading shape, on the device it was moved to.
/// </summary>
/// <remarks>
/// A door of your own derives from this class and says how flat ids become rows, slots and positions; ids are checked, padded and given
/// back their leading shape here. The tensors it returns belong to the dispose scope that is open around the call. Any number of threads
/// may use a door at once, so an override keeps nothing between calls.
/// </remarks>
public abstract class InputDoor : nn.Module<Tensor, Tensor>
{
    /// <summary>Checks and keeps what every door has. Register the components at the end of your own constructor.</summary>
    /// <param name="name">Name of the module.</param>
    /// <param name="bytesPerSlot">K, 1 or more.</param>
    /// <param name="dim">Width of a slot and of a stream position, 1 or more.</param>
    /// <param name="tail">What becomes of an incomplete last slot.</param>
    /// <param name="channelsPerByte">Columns that each byte takes of a slot; 0 where the bytes have no columns of their own.</param>
    /// <exception cref="ArgumentException">K bytes of that many channels exceed dim, or an argument is out of its range.</exception>
    /// <exception cref="TorchRuntimeException">There is no libtorch, or it does not load.</exception>
    protected InputDoor(string name, int bytesPerSlot, int dim, SlotTail tail = SlotTail.Pad, int channelsPerByte = 0)
        : base(TorchRuntime.ReadyFor(name))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytesPerSlot, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(dim, 1);
        if (!Enum.IsDefined(tail)) throw new ArgumentOutOfRangeException(nameof(tail), tail, "Unknown slot tail.");
        if (channelsPerByte > 0 && (long)bytesPerSlot * channelsPerByte > dim)
        {
            throw new ArgumentException(
                $"{bytesPerSlot} bytes per slot need {(long)bytesPerSlot * channelsPerByte} channels ({channelsPerByte} each), more than "
                    + "dim "
                + $"{dim}; at most {dim / channelsPerByte} bytes fit.", nameof(bytesPerSlot));
        }

        BytesPerSlot = bytesPerSlot;
        Dim = dim;
        Tail = tail;
    }

    /// <summary>K, the bytes packed side by side into one slot.</summary>
    public int BytesPerSlot { get; }

    /// <summary>Width of a slot and of a stream position.</summary>
    public int Dim { get; }

    /// <summary>What becomes of an incomplete last slot.</summary>
    public SlotTail Tail { get; }

    /// <summary>
    /// Whether ids wider than uint8 are checked to lie in 0..257. On (the default) the check reads two numbers back from the device, which
    /// waits for it; turn it off where the ids are known to be good. uint8 ids are never checked.
    /// </summary>
    public bool ChecksIds { get; set; } = true;

    /// <summary>Codes of the last bytes that stand behind the features; null where the door has none.</summary>
    public virtual NgramCodes? Ngrams => null;

    /// <summary>
    /// How many ids before a byte its stream position may depend on: 2 for the features, and n-1 for n-gram codes where that is more. A
    /// generator gives the door this many with each new byte. A position never depends on what comes after it.
    /// </summary>
    public virtual int ContextBytes => Math.Max(2, (Ngrams?.LongestOrder ?? 0) - 1);

    /// <summary>Number of learned numbers in the door.</summary>
    public long LearnedParameters => parameters().Where(p => p.requires_grad).Sum(p => p.numel());

    /// <summary>Packs K bytes into each slot.</summary>
    /// <param name="ids">[..., L] ids, uint8, int16, int32 or int64.</param>
    /// <returns>[..., ceil(L/K), dim] (floor for <see cref="SlotTail.Drop"/>), in the door's dtype.</returns>
    /// <exception cref="ArgumentException">Ids of another type, of rank 0, or on another device.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id outside 0..257.</exception>
    public sealed override Tensor forward(Tensor ids)
    {
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
        using DisposeScope scope = NewDisposeScope();
        ByteIds.Require(ids, ChecksIds, Device);
        return Restored(StreamCore(ByteIds.Flat(ids)), ids);
    }

    /// <summary>What the door knows of each byte before it is packed.</summary>
    /// <param name="ids">[..., L] ids, uint8, int16, int32 or int64.</param>
    /// <returns>
    /// [..., L, 27] features or table rows ([..., L, dim] for the pooled embedding), in the door's dtype; behind them the columns of
    /// <see cref="Ngrams"/>, if there are some.
    /// </returns>
    /// <exception cref="ArgumentException">Ids of another type, of rank 0, or on another device.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id outside 0..257.</exception>
    public Tensor Features(Tensor ids)
    {
        using DisposeScope scope = NewDisposeScope();
        ByteIds.Require(ids, ChecksIds, Device);
        return Restored(FeaturesCore(ByteIds.Flat(ids)), ids);
    }

    /// <summary>
    /// Name among the <see cref="DoorArms"/>; that of the arm without codes where no arm has these <see cref="Ngrams"/>, and null for a
    /// door that is none of them.
    /// </summary>
    internal string? Arm => DoorArms.NameOf(this);

    /// <summary>Seed of the draw that made the door's fixed or first values; 0 where nothing was drawn.</summary>
    internal virtual int Seed => 0;

    /// <summary>Where the door's numbers are: ids of another kind of device are refused.</summary>
    protected abstract Device Device { get; }

    /// <summary>What is known of each byte.</summary>
    /// <param name="ids">[N, L] ids, checked; L may be 0.</param>
    /// <returns>[N, L, C] rows.</returns>
    protected abstract Tensor FeaturesCore(Tensor ids);

    /// <summary>Packs K ids into each slot.</summary>
    /// <param name="ids">[N, S·K] ids, checked and, where the tail says so, completed with 0x00.</param>
    /// <param name="slots">S; may be 0.</param>
    /// <returns>[N, S, dim] slots.</returns>
    protected abstract Tensor SlotsCore(Tensor ids, long slots);

    /// <summary>Widens each id to a stream position.</summary>
    /// <param name="ids">[N, L] ids, checked; L may be 0.</param>
    /// <returns>[N, L, dim] positions, each made of its own id and at most <see cref="ContextBytes"/> before it.</returns>
    protected abstract Tensor StreamCore(Tensor ids);

    /// <summary>
    /// Draws the learned numbers anew, as <see cref="ByteLanguageModel.ResetParameters"/> asks for: maps uniform in ±1/√fan-in, parameters
    /// whose name begins with "table" unit normal, vectors 0; a control's value table stays as its own seed drew it. A door whose numbers
    /// begin otherwise, the scale of a norm for example, overrides it.
    /// </summary>
    /// <param name="random">The door's own random stream: the same seed, the same numbers.</param>
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

    /// <summary>[..., L] ids, checked, as [N, S·K]: completed with 0x00 or cut to whole slots, as the tail says.</summary>
    private protected Tensor Packed(Tensor ids)
    {
        ByteIds.Require(ids, ChecksIds, Device);
        Tensor flat = ByteIds.Flat(ids);
        long length = flat.size(1); // A shape is an array, and costs more than it looks.
        long slots = Tail == SlotTail.Pad ? (length + BytesPerSlot - 1) / BytesPerSlot : length / BytesPerSlot;
        long packed = slots * BytesPerSlot;
        if (packed < length) return flat.narrow(1, 0, packed);
        return packed == length ? flat : cat([flat, zeros([flat.size(0), packed - length], flat.dtype, flat.device)], 1);
    }

    /// <summary>[N, S, C] rows of flat ids [N, L] in the leading shape that the ids had, for the caller.</summary>
    private static Tensor Restored(Tensor rows, Tensor ids) =>
        (ids.dim() == 2 ? rows : rows.view([.. ids.shape[..^1], rows.size(1), rows.size(2)])).MoveToOuterDisposeScope();
}
