using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// The way bytes enter a model: ids to slots of K bytes for the prefix, ids to single positions for the stream.
/// A door accepts uint8, int16, int32 or int64 ids of any leading shape, on the device it was moved to.
/// </summary>
public abstract class InputDoor : nn.Module<Tensor, Tensor>
{
    /// <summary>A native library that does not load is reported with its true cause before torch is touched.</summary>
    static InputDoor() => TorchRuntime.EnsureLoaded();

    private protected InputDoor(string name, int bytesPerSlot, int dim, SlotTail tail, int channelsPerByte) : base(name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytesPerSlot, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(dim, 1);
        if (!Enum.IsDefined(tail)) throw new ArgumentOutOfRangeException(nameof(tail), tail, "Unknown slot tail.");
        if (channelsPerByte > 0 && (long)bytesPerSlot * channelsPerByte > dim)
        {
            throw new ArgumentException(
                $"{bytesPerSlot} bytes per slot need {(long)bytesPerSlot * channelsPerByte} channels ({channelsPerByte} each), more than dim "
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

    /// <summary>Number of learned numbers in the door.</summary>
    public long LearnedParameters => parameters().Where(p => p.requires_grad).Sum(p => p.numel());

    /// <summary>Packs K bytes into each slot.</summary>
    /// <param name="ids">[..., L] ids, uint8, int16, int32 or int64.</param>
    /// <returns>[..., ceil(L/K), dim] (floor for <see cref="SlotTail.Drop"/>), in the door's dtype.</returns>
    /// <exception cref="ArgumentException">Ids of another type, of rank 0, or on another device.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id outside 0..257.</exception>
    public sealed override Tensor forward(Tensor ids)
    {
        using var scope = NewDisposeScope();
        ByteIds.Require(ids, ChecksIds, Place);
        Tensor flat = ByteIds.Flat(ids);
        long length = flat.size(1); // A shape is an array, and costs more than it looks.
        long slots = Tail == SlotTail.Pad ? (length + BytesPerSlot - 1) / BytesPerSlot : length / BytesPerSlot;
        long packed = slots * BytesPerSlot;
        if (packed < length) flat = flat.narrow(1, 0, packed);
        if (packed > length) flat = cat([flat, zeros([flat.size(0), packed - length], flat.dtype, flat.device)], 1);
        return Restored(Pack(flat, slots), ids);
    }

    /// <summary>One position for each byte.</summary>
    /// <param name="ids">[..., L] ids, uint8, int16, int32 or int64.</param>
    /// <returns>[..., L, dim], in the door's dtype.</returns>
    /// <exception cref="ArgumentException">Ids of another type, of rank 0, or on another device.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id outside 0..257.</exception>
    public Tensor Stream(Tensor ids)
    {
        using var scope = NewDisposeScope();
        ByteIds.Require(ids, ChecksIds, Place);
        return Restored(Widen(ByteIds.Flat(ids)), ids);
    }

    /// <summary>What the door knows of each byte before it is packed.</summary>
    /// <param name="ids">[..., L] ids, uint8, int16, int32 or int64.</param>
    /// <returns>[..., L, 27] features or table rows ([..., L, dim] for the pooled embedding), in the door's dtype.</returns>
    /// <exception cref="ArgumentException">Ids of another type, of rank 0, or on another device.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id outside 0..257.</exception>
    public Tensor Features(Tensor ids)
    {
        using var scope = NewDisposeScope();
        ByteIds.Require(ids, ChecksIds, Place);
        return Restored(Describe(ByteIds.Flat(ids)), ids);
    }

    /// <summary>Name among the <see cref="DoorArms"/>; null for a door that is none of them.</summary>
    internal abstract string? Arm { get; }

    /// <summary>Seed of the draw that made the door's fixed or first values; 0 where nothing was drawn.</summary>
    internal virtual int Seed => 0;

    /// <summary>Where the door's numbers are.</summary>
    private protected abstract Device Place { get; }

    /// <summary>[N, L] ids to [N, L, C] rows.</summary>
    private protected abstract Tensor Describe(Tensor ids);

    /// <summary>[N, S·K] ids to [N, S, dim] slots.</summary>
    private protected abstract Tensor Pack(Tensor ids, long slots);

    /// <summary>[N, L] ids to [N, L, dim] positions.</summary>
    private protected abstract Tensor Widen(Tensor ids);

    /// <summary>[N, S, C] rows of flat ids [N, L] in the leading shape that the ids had, for the caller.</summary>
    private static Tensor Restored(Tensor rows, Tensor ids) =>
        (ids.dim() == 2 ? rows : rows.view([.. ids.shape[..^1], rows.size(1), rows.size(2)])).MoveToOuterDisposeScope();
}
