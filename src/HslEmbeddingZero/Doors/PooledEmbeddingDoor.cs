using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// The plain learned byte embedding in its naive form: a learned table 258×dim, a slot is the mean of its K rows (the order of its bytes
/// is lost), a stream position is the row itself.
/// </summary>
public sealed class PooledEmbeddingDoor : InputDoor
{
#pragma warning disable IDE1006 // A field's name is its key in the state dictionary.
    private readonly Embedding table;
#pragma warning restore IDE1006

    /// <param name="bytesPerSlot">K, 1 or more.</param>
    /// <param name="dim">Width of a slot.</param>
    /// <param name="tail">What becomes of an incomplete last slot.</param>
    public PooledEmbeddingDoor(int bytesPerSlot = 8, int dim = 512, SlotTail tail = SlotTail.Pad)
        : base(nameof(PooledEmbeddingDoor), bytesPerSlot, dim, tail, channelsPerByte: 0)
    {
        table = nn.Embedding(ByteIds.Count, dim);
        RegisterComponents();
    }

    internal override string? Arm => "embedding-pooled";

    /// <inheritdoc/>
    protected override Device Place => table.weight!.device;

    /// <inheritdoc/>
    protected override Tensor Describe(Tensor ids) => table.forward(ids.to(ScalarType.Int32));

    /// <inheritdoc/>
    protected override Tensor Pack(Tensor ids, long slots) =>
        Describe(ids).view(ids.size(0), slots, BytesPerSlot, Dim).mean([2]);

    /// <inheritdoc/>
    protected override Tensor Widen(Tensor ids) => Describe(ids);
}
