using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// The plain learned byte embedding in its strong form: a learned table 256×27 packed like the features, then a linear map, so that the
/// order of the bytes in a slot is kept. Special ids read zeros.
/// </summary>
public sealed class ByteEmbeddingDoor : InputDoor
{
#pragma warning disable IDE1006 // A field's name is its key in the state dictionary.
    private readonly Embedding table;
    private readonly Linear slot;
    private readonly Linear stream;
#pragma warning restore IDE1006

    /// <param name="bytesPerSlot">K, 1 or more.</param>
    /// <param name="dim">Width of a slot.</param>
    /// <param name="tail">What becomes of an incomplete last slot.</param>
    public ByteEmbeddingDoor(int bytesPerSlot = 8, int dim = 512, SlotTail tail = SlotTail.Pad)
        : base(nameof(ByteEmbeddingDoor), bytesPerSlot, dim, tail, channelsPerByte: 0)
    {
        table = nn.Embedding(256, HslFeatures.Dimension);
        slot = nn.Linear(HslFeatures.Dimension * bytesPerSlot, dim);
        stream = nn.Linear(HslFeatures.Dimension, dim);
        RegisterComponents();
    }

    internal override string? Arm => "embedding";

    /// <inheritdoc/>
    protected override Device Place => table.weight!.device;

    /// <inheritdoc/>
    protected override Tensor Describe(Tensor ids)
    {
        if (ids.dtype == ScalarType.Byte) return table.forward(ids.to(ScalarType.Int32));
        Tensor wide = ids.to(ScalarType.Int32);
        using Scalar lastByte = 255;
        Tensor rows = table.forward(wide.clamp_max(lastByte));
        return rows * wide.le(lastByte).to(rows.dtype).unsqueeze(-1);
    }

    /// <inheritdoc/>
    protected override Tensor Pack(Tensor ids, long slots) =>
        slot.forward(Describe(ids).view(ids.size(0), slots, BytesPerSlot * HslFeatures.Dimension));

    /// <inheritdoc/>
    protected override Tensor Widen(Tensor ids) => stream.forward(Describe(ids));
}
