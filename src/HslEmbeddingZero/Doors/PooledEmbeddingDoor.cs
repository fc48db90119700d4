using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// The plain learned byte embedding in its naive form: a learned table 258×dim. A slot is the mean of its K rows, so the order of its bytes
/// is lost. A stream position is the row itself.
/// </summary>
public sealed class PooledEmbeddingDoor : InputDoor
{
    [ComponentName(Name = "table")]
    private readonly Embedding _table;

    /// <param name="bytesPerSlot">K, 1 or more.</param>
    /// <param name="dim">Width of a slot.</param>
    /// <param name="tail">What happens to an incomplete last slot.</param>
    public PooledEmbeddingDoor(int bytesPerSlot = 8, int dim = 512, SlotTail tail = SlotTail.Pad)
        : base(nameof(PooledEmbeddingDoor), bytesPerSlot, dim, tail, channelsPerByte: 0)
    {
        _table = nn.Embedding(ByteIds.Count, dim, device: CPU, dtype: ScalarType.Float32);
        RegisterComponents();
    }

    /// <inheritdoc/>
    protected override Device Device => _table.weight!.device;

    /// <inheritdoc/>
    protected override Tensor FeaturesCore(Tensor ids) => _table.forward(ids.to(ScalarType.Int32));

    /// <inheritdoc/>
    protected override Tensor SlotsCore(Tensor ids, long slots) =>
        FeaturesCore(ids).view(ids.size(0), slots, BytesPerSlot, Dim).mean([2]);

    /// <inheritdoc/>
    protected override Tensor StreamCore(Tensor ids) => FeaturesCore(ids);
}
