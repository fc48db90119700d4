using System.Runtime.CompilerServices;

namespace HslEmbeddingZero;

/// <summary>
/// The way bytes enter the decoder: ids become rows of the door's columns, and if the door has learned linear layers, these make slots and
/// stream positions of them.
/// </summary>
/// <param name="bytesPerSlot">K.</param>
/// <param name="tail">What happens to an incomplete last slot.</param>
/// <param name="slotColumns">Columns of a row for a slot.</param>
/// <param name="streamColumns">Columns of a row for a stream position.</param>
/// <param name="contextBytes">How many earlier ids a stream position depends on.</param>
/// <param name="slot">The linear layer of the slots, or null.</param>
/// <param name="stream">The linear layer of the stream, or null.</param>
internal abstract class DecoderDoor(
    int bytesPerSlot, SlotTail tail, int slotColumns, int streamColumns, int contextBytes, PanelMatrix? slot, PanelMatrix? stream)
{
    public int BytesPerSlot => bytesPerSlot;

    public int SlotColumns => slotColumns;

    public int StreamColumns => streamColumns;

    public int ContextBytes => contextBytes;

    public PanelMatrix? Slot => slot;

    public PanelMatrix? Stream => stream;

    /// <summary>Slots of a context.</summary>
    public int SlotCount(int ids) => tail == SlotTail.Pad ? (ids + bytesPerSlot - 1) / bytesPerSlot : ids / bytesPerSlot;

    /// <summary>Writes one slot.</summary>
    /// <param name="ids">All ids of the context. Behind the last one come 0x00 ids.</param>
    /// <param name="index">Index of the slot.</param>
    /// <param name="row">SlotColumns zeros.</param>
    public abstract void WriteSlot(ReadOnlySpan<short> ids, int index, Span<float> row);

    /// <summary>Writes the position of the last id.</summary>
    /// <param name="ids">Ids up to the position: all of the stream, or at least <see cref="ContextBytes"/> before the last.</param>
    /// <param name="row">StreamColumns zeros.</param>
    public abstract void WritePosition(ReadOnlySpan<short> ids, Span<float> row);

    /// <summary>The id of a context at an index, 0x00 behind its end.</summary>
    protected static short At(ReadOnlySpan<short> ids, int index) => index < ids.Length ? ids[index] : (short)0;
}

/// <summary>27 columns for each byte, and n-gram codes behind them: the zero doors, the projections and their controls.</summary>
internal sealed class FeatureDecoderDoor(
    RowTables tables, NgramCodes? ngrams, int bytesPerSlot, SlotTail tail, PanelMatrix? slot, PanelMatrix? stream)
    : DecoderDoor(
        bytesPerSlot, tail, (bytesPerSlot * HslFeatures.Dimension) + (ngrams?.SlotColumns ?? 0),
        HslFeatures.Dimension + (ngrams?.Columns ?? 0), Math.Max(2, ngrams?.LookBack ?? 0), slot, stream)
{
    private const int BoundaryColumn = 16;

    [SkipLocalsInit]
    public override void WriteSlot(ReadOnlySpan<short> ids, int index, Span<float> row)
    {
        // The slot's ids, and as many before them as a column may depend on. Behind the last id there is 0x00.
        int first = index * BytesPerSlot, before = Math.Min(first, NgramCodes.MostBytes);
        Span<short> seen = stackalloc short[before + BytesPerSlot];
        for (int i = 0; i < seen.Length; i++) seen[i] = At(ids, first - before + i);
        for (int i = 0; i < BytesPerSlot; i++)
            WriteFeatures(seen[..(before + i + 1)], row.Slice(i * HslFeatures.Dimension, HslFeatures.Dimension));
        if (ngrams is { InSlots: true }) WriteCodes(seen, BytesPerSlot, row[(BytesPerSlot * HslFeatures.Dimension)..]);
    }

    public override void WritePosition(ReadOnlySpan<short> ids, Span<float> row)
    {
        WriteFeatures(ids, row[..HslFeatures.Dimension]);
        if (ngrams is not null) WriteCodes(ids, 1, row[HslFeatures.Dimension..]);
    }

    /// <summary>
    /// The row of the last id, see <see cref="HslFeatures"/>. A special id is zeros, and the byte after it counts as first.
    /// </summary>
    private unsafe void WriteFeatures(ReadOnlySpan<short> ids, Span<float> row)
    {
        int value = ids[^1];
        if (value > byte.MaxValue) return;
        int previous = Byte(ids, 1), earlier = previous < 0 ? -1 : Byte(ids, 2);
        int gray = FeatureTables.Gray((byte)value), change = previous < 0 ? gray : gray ^ FeatureTables.Gray((byte)previous);
        new ReadOnlySpan<float>(tables.Delta + (gray * RowTables.BitRowLength), RowTables.BitRowLength).CopyTo(row);
        new ReadOnlySpan<float>(tables.Change + (change * RowTables.BitRowLength), RowTables.BitRowLength)
            .CopyTo(row[RowTables.BitRowLength..]);
        new ReadOnlySpan<float>(tables.Tail + (value * RowTables.TailRowLength) + 1, row.Length - BoundaryColumn - 1)
            .CopyTo(row[(BoundaryColumn + 1)..]);
        int head = FeatureTables.HeadCode(previous, value);
        row[BoundaryColumn] = previous < 0
            ? tables.FirstBoundaries[head]
            : tables.Boundaries[head + FeatureTables.TailCode(earlier, previous)];
        GC.KeepAlive(tables);
    }

    /// <summary>The codes of the last position, and perhaps those of the position before it.</summary>
    /// <param name="ids">The ids up to the end of the position.</param>
    /// <param name="length">Ids of a position.</param>
    /// <param name="columns">Receives the codes; zeros before the call.</param>
    private void WriteCodes(ReadOnlySpan<short> ids, int length, Span<float> columns)
    {
        WriteCodes(ids, columns);
        if (ngrams!.WithPrevious) WriteCodes(ids[..Math.Max(0, ids.Length - length)], columns[ngrams.OwnColumns..]);
    }

    /// <summary>The codes of the n-grams that end with the last id. No n-gram reaches across a special id.</summary>
    private void WriteCodes(ReadOnlySpan<short> ids, Span<float> columns)
    {
        ulong word = 0;
        int length = 0;
        for (int value; length < NgramCodes.MostBytes && (value = Byte(ids, length)) >= 0; length++) word |= (ulong)value << (8 * length);
        for (int i = 0; i < ngrams!.Orders.Count && ngrams.Orders[i] <= length; i++)
        {
            ulong code = NgramCodes.Code(word, ngrams.Orders[i]);
            Span<float> signs = columns.Slice(i * ngrams.ColumnsPerOrder, ngrams.ColumnsPerOrder);
            for (int bit = 0; bit < signs.Length; bit++) signs[bit] = ((code >> bit) & 1) != 0 ? ngrams.Amplitude : -ngrams.Amplitude;
        }
    }

    /// <summary>The byte so many places before the last id; -1 if there is none, or a special id.</summary>
    private static int Byte(ReadOnlySpan<short> ids, int back) =>
        back < ids.Length && ids[ids.Length - 1 - back] <= byte.MaxValue ? ids[ids.Length - 1 - back] : -1;
}

/// <summary>Rows of a table: learned embeddings, packed for a linear layer or averaged, and the one-hot door.</summary>
/// <param name="table">258 rows; special ids may be rows of zeros.</param>
/// <param name="columns">Columns of a row.</param>
/// <param name="isMean">Whether a slot is the mean of its rows. Otherwise they are side by side.</param>
/// <param name="bytesPerSlot">K.</param>
/// <param name="tail">What happens to an incomplete last slot.</param>
/// <param name="slot">The linear layer of the slots, or null.</param>
/// <param name="stream">The linear layer of the stream, or null.</param>
internal sealed class TableDecoderDoor(
    float[] table, int columns, bool isMean, int bytesPerSlot, SlotTail tail, PanelMatrix? slot, PanelMatrix? stream)
    : DecoderDoor(bytesPerSlot, tail, isMean ? columns : columns * bytesPerSlot, columns, contextBytes: 0, slot, stream)
{
    private int Columns => StreamColumns; // a position is one row

    public override void WriteSlot(ReadOnlySpan<short> ids, int index, Span<float> row)
    {
        for (int i = 0; i < BytesPerSlot; i++)
        {
            ReadOnlySpan<float> one = Row(At(ids, (index * BytesPerSlot) + i));
            if (!isMean) one.CopyTo(row[(i * Columns)..]);
            else for (int c = 0; c < Columns; c++) row[c] += one[c];
        }

        if (isMean) for (int c = 0; c < Columns; c++) row[c] /= BytesPerSlot;
    }

    public override void WritePosition(ReadOnlySpan<short> ids, Span<float> row) => Row(ids[^1]).CopyTo(row);

    private ReadOnlySpan<float> Row(int id) => table.AsSpan(id * Columns, Columns);
}
