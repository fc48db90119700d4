using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// The plain learned byte embedding in its strong form: a learned table 256×27, packed like the features, then a linear layer. It keeps the
/// order of the bytes in a slot. Special ids read zeros.
/// </summary>
public sealed class ByteEmbeddingDoor : InputDoor
{
    [ComponentName(Name = "table")]
    private readonly Embedding _table;

    [ComponentName(Name = "slot")]
    private readonly Linear _slot;

    [ComponentName(Name = "stream")]
    private readonly Linear _stream;

    /// <param name="bytesPerSlot">K, 1 or more.</param>
    /// <param name="dim">Width of a slot.</param>
    /// <param name="tail">What happens to an incomplete last slot.</param>
    public ByteEmbeddingDoor(int bytesPerSlot = 8, int dim = 512, SlotTail tail = SlotTail.Pad)
        : base(nameof(ByteEmbeddingDoor), bytesPerSlot, dim, tail, channelsPerByte: 0)
    {
        _table = nn.Embedding(256, HslFeatures.Dimension, device: CPU, dtype: ScalarType.Float32);
        _slot = nn.Linear(HslFeatures.Dimension * bytesPerSlot, dim, device: CPU, dtype: ScalarType.Float32);
        _stream = nn.Linear(HslFeatures.Dimension, dim, device: CPU, dtype: ScalarType.Float32);
        RegisterComponents();
    }

    /// <inheritdoc/>
    protected override Device Device => _table.weight!.device;

    /// <inheritdoc/>
    protected override Tensor FeaturesCore(Tensor ids)
    {
        if (ids.dtype == ScalarType.Byte) return _table.forward(ids.to(ScalarType.Int32));
        Tensor wide = ids.to(ScalarType.Int32);
        using Scalar lastByte = 255;
        Tensor rows = _table.forward(wide.clamp_max(lastByte));
        return rows * wide.le(lastByte).to(rows.dtype).unsqueeze(-1);
    }

    /// <inheritdoc/>
    protected override Tensor SlotsCore(Tensor ids, long slots) =>
        _slot.forward(FeaturesCore(ids).view(ids.size(0), slots, BytesPerSlot * HslFeatures.Dimension));

    /// <inheritdoc/>
    protected override Tensor StreamCore(Tensor ids) => _stream.forward(FeaturesCore(ids));
}
