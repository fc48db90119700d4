using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// The 27 features of every byte by one gather. 26 columns depend on the byte and the one before it. A table holds them: one row for each
/// of 256×256 pairs, 256 rows for a first byte and one all-zero row for special ids. Only the boundary depends on one more byte. Twice its
/// energy sum is an integer: the head code of this pair plus the tail code of the previous pair. This integer indexes all possible values
/// of the boundary.
/// </summary>
/// <remarks>The tables (7.6 MB) are made at their first use. float32 on a CPU does not need them (<see cref="SlotWriter"/>).</remarks>
internal sealed class FeatureGather : IDisposable
{
    private const int FirstRows = 256 * 256;
    private const int SpecialRow = FirstRows + 256;
    private const int RowCount = SpecialRow + 1;
    private const int BoundaryColumn = 16;

    // Boundary values: 28 for a byte with a predecessor (sums of nine energies), 16 for a first byte (sums of five), one for a special id.
    private const int FirstCodes = 28;
    private const int SpecialCode = FirstCodes + 16;

    private readonly float[] _values;
    private readonly ChannelScaling _scaling;
    private static readonly Scalar _firstRows = FirstRows;
    private static readonly Scalar _specialRow = SpecialRow;
    private static readonly Scalar _firstCodes = FirstCodes;
    private static readonly Scalar _pairs = 256;
    private static readonly Scalar _lastByte = 255;

    private readonly Lock _making = new(); // Any number of threads may use a door at once.
    private ScalarType _dtype = ScalarType.Float32;
    private Device _device = CPU;
    private Tables? _tables;

    /// <param name="values">256×18 value columns: Δ, Fourier, phase.</param>
    /// <param name="scaling">Fixed scaling applied to every column of a byte's row.</param>
    public FeatureGather(ReadOnlySpan<float> values, ChannelScaling scaling)
    {
        _values = values.ToArray();
        _scaling = scaling;
    }

    public Device Device => _device;

    public ScalarType DType => _dtype;

    /// <summary>Whether the tables exist.</summary>
    public bool HasTables => _tables is not null;

    public ChannelScaling Scaling => _scaling;

    /// <summary>[N, L] ids to [N, L, 27] features.</summary>
    public Tensor Gather(Tensor ids)
    {
        using DisposeScope scope = NewDisposeScope();
        long batch = ids.shape[0], length = ids.shape[1];
        if (length == 0 || batch == 0) return empty([batch, length, HslFeatures.Dimension], _dtype, ids.device).MoveToOuterDisposeScope();

        Tables tables = Made();
        bool onlyBytes = ids.dtype == ScalarType.Byte;
        Tensor row = ids.to(ScalarType.Int32, copy: true).contiguous(); // A copy keeps the strides, and rows are viewed flat below.
        Tensor previous = ids.narrow(1, 0, length - 1);
        row.narrow(1, 0, 1).add_(_firstRows, GcSafeScalar.One);
        // Row 256 of the pair table is for a first byte. A byte after a special id also counts as first.
        row.narrow(1, 1, length - 1).add_(onlyBytes ? previous : previous.clamp_max(_pairs), _pairs);
        if (!onlyBytes) row.masked_fill_(ids.gt(_lastByte), _specialRow);

        Tensor rows = row.view(-1);
        Tensor features = tables.Rows.Rows.index_select(0, rows).view(batch, length, HslFeatures.Dimension);
        Tensor codes = tables.Codes.Rows.index_select(0, rows).view(batch, length, 2); // head and tail code of each pair
        Tensor later = codes.select(2, 0).narrow(1, 1, length - 1);
        Tensor tail = codes.select(2, 1).narrow(1, 0, length - 1);
        // Adds the tail code of the byte before to the head code, except for special ids and bytes that count as first.
        later.AddSafeInPlace(onlyBytes ? tail : tail.masked_fill(later.ge(_firstCodes), GcSafeScalar.Zero));
        Tensor code = codes.view(-1, 2).select(1, 0);
        features.select(2, BoundaryColumn).copy_(tables.Boundary.Rows.index_select(0, code).view(batch, length));
        return features.MoveToOuterDisposeScope();
    }

    /// <summary>Moves the tables; null keeps the current dtype or device.</summary>
    public void Move(ScalarType? dtype, Device? device)
    {
        lock (_making)
        {
            // Made again from the formulas, so that a move through a narrower type leaves no rounding errors.
            if (dtype is not null && dtype != _dtype) Free();
            _dtype = dtype ?? _dtype;
            _device = device ?? _device;
            _tables?.Move(_dtype, _device);
        }
    }

    public void Dispose() => Free();

    private void Free()
    {
        _tables?.Dispose();
        _tables = null;
    }

    private Tables Made()
    {
        if (_tables is { } made) return made;
        lock (_making)
        {
            if (_tables is null)
            {
                // A tensor made in inference mode can never be part of a backward pass.
                using IDisposable ordinary = inference_mode(false);
                Tables tables = Build();
                tables.Move(_dtype, _device);
                _tables = tables;
            }

            return _tables;
        }
    }

    private Tables Build()
    {
        float[] table = new float[RowCount * HslFeatures.Dimension];
        int[] codes = new int[RowCount * 2];
        for (int previous = 0; previous <= 256; previous++)
        {
            int before = previous == 256 ? -1 : previous;
            for (int value = 0; value < 256; value++)
            {
                int row = previous * 256 + value;
                Span<float> columns = table.AsSpan(row * HslFeatures.Dimension, HslFeatures.Dimension);
                _values.AsSpan(value * HslFeatures.ValueDimension, 8).CopyTo(columns);
                int second = FeatureTables.Gray((byte)value) ^ (before < 0 ? 0 : FeatureTables.Gray((byte)before));
                for (int bit = 0; bit < 8; bit++) columns[8 + bit] = (second >> (7 - bit)) & 1;
                _values.AsSpan(value * HslFeatures.ValueDimension + 8, 10).CopyTo(columns[(BoundaryColumn + 1)..]);
                for (int c = 0; c < columns.Length; c++) columns[c] = ChannelScale.Apply(_scaling, c, columns[c]);
                codes[row * 2] = FeatureTables.HeadCode(before, value) + (before < 0 ? FirstCodes : 0);
                codes[row * 2 + 1] = FeatureTables.TailCode(before, value);
            }
        }

        codes[SpecialRow * 2] = SpecialCode;
        float[] boundary = new float[SpecialCode + 1];
        for (int code = 0; code < FirstCodes; code++)
            boundary[code] = ChannelScale.Apply(_scaling, BoundaryColumn, FeatureTables.Boundary(code));
        for (int code = FirstCodes; code < SpecialCode; code++)
            boundary[code] = ChannelScale.Apply(_scaling, BoundaryColumn, FeatureTables.FirstBoundary(code - FirstCodes));

        return new(
            new(tensor(table, [RowCount, HslFeatures.Dimension], device: CPU)), new(tensor(boundary, device: CPU)),
            new(tensor(codes, [RowCount, 2], device: CPU)));
    }

    private sealed record Tables(FixedTable Rows, FixedTable Boundary, FixedTable Codes) : IDisposable
    {
        public void Move(ScalarType dtype, Device device)
        {
            Rows.Move(dtype, device);
            Boundary.Move(dtype, device);
            Codes.Move(null, device);
        }

        public void Dispose()
        {
            Rows.Dispose();
            Boundary.Dispose();
            Codes.Dispose();
        }
    }
}
