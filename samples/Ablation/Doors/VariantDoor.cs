using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// The zero door and the projection with the modifiers of a study. The code is simple, not fast: variants that prove useful move into the
/// library. Selected channels are packed without gaps, so that C channels take C columns per byte.
/// </summary>
internal sealed class VariantDoor : InputDoor
{
    private const int PhaseColumn = 25;
    private const int Bits = 8;

    private readonly DoorVariant _variant;
    [ComponentName(Name = "features")]
    private readonly ControlFeatures _features;

    [ComponentName(Name = "slot")]
    private readonly Linear? _slot;

    [ComponentName(Name = "stream")]
    private readonly Linear? _stream;

    [ComponentName(Name = "bit_rows")]
    private readonly Tensor _bitRows; // [258, 8]

    [ComponentName(Name = "columns")]
    private readonly Tensor _columns; // of the 35-column layout

    [ComponentName(Name = "spread")]
    private readonly Tensor? _spread; // [dim, dim]

    public VariantDoor(DoorVariant variant, int bytesPerSlot, int dim)
        : base(nameof(VariantDoor), bytesPerSlot, dim, SlotTail.Pad, variant.IsProjection ? 0 : variant.Columns.Count)
    {
        _variant = variant;
        _features = new ControlFeatures(ControlKind.Hsl, 0, variant.Scaling) { ChecksIds = false };
        _bitRows = BitRows(variant.Scaling).DetachFromDisposeScope();
        _columns = tensor(variant.Columns.Select(column => (long)column).ToArray()).DetachFromDisposeScope();
        if (variant.IsProjection)
        {
            _slot = nn.Linear(variant.Columns.Count * bytesPerSlot, dim);
            _stream = nn.Linear(variant.Columns.Count, dim);
        }

        if (variant.Modified.Contains("hadamard")) _spread = Hadamard.Orthonormal(dim).DetachFromDisposeScope();
        RegisterComponents();
    }

    /// <inheritdoc/>
    protected override Device Device => _bitRows.device;

    private int Channels => _variant.Columns.Count;

    /// <inheritdoc/>
    protected override Tensor FeaturesCore(Tensor ids)
    {
        Tensor rows = _features.forward(ids);
        if (_variant.Modified.Contains("momentum"))
            rows = cat([rows.narrow(2, 0, PhaseColumn), rows.narrow(2, PhaseColumn, 2) * Momentum(ids).to(rows.dtype)], 2);
        Tensor bits = _bitRows.index_select(0, ids.to(ScalarType.Int64).reshape(-1)).view(ids.size(0), ids.size(1), Bits);
        return cat([bits, rows], 2).index_select(2, _columns);
    }

    /// <inheritdoc/>
    protected override Tensor SlotsCore(Tensor ids, long slots)
    {
        Tensor rows = FeaturesCore(ids).view(ids.size(0), slots, BytesPerSlot * Channels);
        return _slot is not null ? _slot.forward(rows) : Spread(Padded(rows), BytesPerSlot);
    }

    /// <inheritdoc/>
    protected override Tensor StreamCore(Tensor ids)
    {
        Tensor rows = FeaturesCore(ids);
        if (_stream is not null) return _stream.forward(rows);
        return Spread(Padded(_variant.Modified.Contains("address") ? AtSlotPlaces(rows) : rows), 1);
    }

    /// <summary>[N, L, C] rows to [N, L, K·C]; row i goes to place i mod K.</summary>
    private Tensor AtSlotPlaces(Tensor rows)
    {
        Tensor places = arange(rows.size(1), ScalarType.Int64, rows.device).remainder(BytesPerSlot);
        Tensor chosen = nn.functional.one_hot(places, BytesPerSlot).to(rows.dtype); // [L, K]
        return (rows.unsqueeze(2) * chosen.unsqueeze(-1)).view(rows.size(0), rows.size(1), BytesPerSlot * Channels);
    }

    private Tensor Padded(Tensor rows) => rows.size(2) == Dim ? rows : nn.functional.pad(rows, [0, Dim - rows.size(2)]);

    private Tensor Spread(Tensor rows, int bytes)
    {
        if (_variant.Modified.Contains("gain")) rows = rows * Math.Sqrt(Dim / (double)(bytes * Channels));
        return _spread is null ? rows : rows.matmul(_spread);
    }

    /// <summary>1/2 + |v_i - v_{i-1}| / 512 for each id, [N, L, 1]. v is 0 before the first byte and for special ids.</summary>
    private static Tensor Momentum(Tensor ids)
    {
        Tensor values = ids.to(ScalarType.Float32);
        values = values * values.le(255).to(ScalarType.Float32);
        Tensor before = cat(
            [zeros_like(values).narrow(1, 0, Math.Min(1, values.size(1))), values.narrow(1, 0, Math.Max(0, values.size(1) - 1))], 1);
        return ((values - before).abs() / 512 + 0.5).unsqueeze(-1);
    }

    /// <summary>
    /// The bits of every byte, [258, 8], most significant first: 0 and 1, or -1 and 1 where standardized. Special ids have zeros.
    /// </summary>
    private static Tensor BitRows(ChannelScaling scaling)
    {
        float[] rows = new float[ByteIds.Count * Bits];
        for (int value = 0; value <= byte.MaxValue; value++)
        {
            for (int bit = 0; bit < Bits; bit++)
            {
                int set = (value >> (Bits - 1 - bit)) & 1;
                rows[value * Bits + bit] = scaling == ChannelScaling.Standardized ? 2 * set - 1 : set;
            }
        }

        return tensor(rows, [ByteIds.Count, Bits]);
    }
}
