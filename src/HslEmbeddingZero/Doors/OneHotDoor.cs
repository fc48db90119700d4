using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// The one-hot door, an earlier input without embedding or learned parameters: 256 columns per byte, one of them 1, K bytes side by side,
/// zero-padded to the model's width. The columns identify the byte and hold no other information. A byte takes 256 columns; the features
/// take 27. Special ids are all zero.
/// </summary>
public sealed class OneHotDoor : InputDoor
{
    private const int ByteValues = 256;

    private readonly FixedTable _table = new(Identity());

    /// <param name="bytesPerSlot">K, 1 or more; 256·K must not exceed <paramref name="dim"/>.</param>
    /// <param name="dim">Width of a slot.</param>
    /// <param name="tail">What happens to an incomplete last slot.</param>
    /// <exception cref="ArgumentException">256·K exceeds dim.</exception>
    public OneHotDoor(int bytesPerSlot = 1, int dim = 512, SlotTail tail = SlotTail.Pad)
        : base(nameof(OneHotDoor), bytesPerSlot, dim, tail, ByteValues)
    {
        RegisterComponents();
    }

    /// <summary>0: a position depends only on its own byte.</summary>
    public override int ContextBytes => 0;

    /// <inheritdoc/>
    protected override Device Device => _table.Rows.device;

    /// <inheritdoc/>
    protected override Tensor FeaturesCore(Tensor ids) =>
        _table.Rows.index_select(0, ids.to(ScalarType.Int32).reshape(-1)).view(ids.size(0), ids.size(1), ByteValues);

    /// <inheritdoc/>
    protected override Tensor SlotsCore(Tensor ids, long slots) =>
        Padded(FeaturesCore(ids).view(ids.size(0), slots, BytesPerSlot * ByteValues));

    /// <inheritdoc/>
    protected override Tensor StreamCore(Tensor ids) => Padded(FeaturesCore(ids));

    /// <inheritdoc/>
    protected override void _toEpilog(ScalarType? dtype, Device? device, bool non_blocking)
    {
        base._toEpilog(dtype, device, non_blocking);
        _table.Move(dtype, device);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _table.Dispose();
        base.Dispose(disposing);
    }

    private Tensor Padded(Tensor rows) => rows.size(2) == Dim ? rows : nn.functional.pad(rows, [0, Dim - rows.size(2)]);

    /// <summary>One row per byte, and zeros for MASK and EOS.</summary>
    private static Tensor Identity()
    {
        TorchRuntime.EnsureLoaded(); // before the first tensor
        return eye(ByteIds.Count, ByteValues, ScalarType.Float32, CPU);
    }
}
