using System.Runtime.InteropServices;
using System.Text.Unicode;
using ParquetSharp;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>
/// A parquet file with a column of documents. A record is a row. If a page cannot be read, the rest of its row group is skipped. Reading
/// continues with the next row group.
/// </summary>
internal sealed class ParquetInput : TextInput
{
    private readonly long _length;
    private readonly ParquetFileReader _file;
    private readonly int _column;
    private readonly long[] _rows;
    private readonly double _allRows; // A damaged footer may name more rows than a whole number holds.
    private readonly long _rowsBefore;
    private TextColumn? _open;
    private int _group;
    private double _rowsDone;
    private bool _isPositioned;

    /// <summary>Opens a file and checks that its text column can be read in every row group.</summary>
    /// <exception cref="InvalidDataException">It is not a parquet file, or its column is of a kind that is not supported.</exception>
    public ParquetInput(string path, string column, TextPosition position)
        : base(path, position)
    {
        _length = ParquetRequirements.RequireWhole(path);
        _group = (int)position.Offset;
        _rowsBefore = position.Record;
        ParquetFileReader? file = null;
        try
        {
            using var properties = ReaderProperties.GetDefaultReaderProperties();
            properties.EnableBufferedStream(); // Reads page by page. Without it, a row group's whole column is in memory.
            properties.EnablePageChecksumVerification();
            file = new ParquetFileReader(path, properties);
            _column = ParquetRequirements.FindColumn(file, column);
            _rows = new long[file.FileMetaData.NumRowGroups];
            for (int group = 0; group < _rows.Length; group++) _rows[group] = ParquetRequirements.RequireReadable(file, group, _column);
            _file = file;
        }
        catch (Exception failure)
        {
            file?.Dispose();
            if (ParquetRequirements.Reason(failure) is not { } reason) throw;
            throw new InvalidDataException($"{path}: {reason}.", failure);
        }

        _allRows = _rows.Sum(rows => (double)rows);
        _rowsDone = _rows.Take(_group).Sum(rows => (double)rows);
    }

    public override long BytesRead =>
        _group == _rows.Length ? _length : (long)((_rowsDone + Place.Record) / Math.Max(1, _allRows) * _length);

    protected override TextPosition Place => new(_group, _open?.Row ?? (_isPositioned ? 0 : _rowsBefore));

    public override void Dispose()
    {
        _open?.Dispose();
        _file.Dispose();
    }

    protected override bool ReadRecord(DocumentWriter writer, DamageLog damage)
    {
        if (_group >= _rows.Length) return false;
        try
        {
            _open ??= new TextColumn(_file, _group, _column);
            if (!_isPositioned)
                while (_open.Row < _rowsBefore && _open.Next(out _, out _))
                    continue;
            _isPositioned = true;

            if (!_open.Next(out ReadOnlySpan<byte> text, out bool isNull)) NextGroup();
            else if (isNull) writer.Statistics.Nulls++;
            else if (!Utf8.IsValid(text)) Skip(damage, $"row group {_group}, row {_open.Row - 1}", "not UTF-8");
            else writer.WriteDocument(text);
        }
        catch (Exception failure) when (ParquetRequirements.Reason(failure) is { } reason)
        {
            long first = Place.Record;
            long count = _rows[_group] - first;
            Skip(damage, $"row group {_group}, rows {first} to {_rows[_group] - 1}", reason, count);
            _isPositioned = true;
            NextGroup();
        }

        return true;
    }

    private void NextGroup()
    {
        _rowsDone += _rows[_group++];
        _open?.Dispose();
        _open = null;
    }
}

/// <summary>The text of one row group, row by row. The native reader holds one page and the dictionary.</summary>
internal sealed class TextColumn : IDisposable
{
    private const int BatchRows = 256;

    /// <summary>A page without a value is allowed, and gives an empty batch. More in a row than this are the end of the column.</summary>
    private const int MostEmptyBatches = 1 << 16;

    private readonly RowGroupReader _group;
    private readonly ColumnReader<ByteArray> _column;
    private readonly long _rows;
    private readonly int _level;
    private readonly short[] _levels = new short[BatchRows];
    private readonly ByteArray[] _values = new ByteArray[BatchRows];
    private byte[] _text = [];
    private int _inBatch;
    private int _batch;
    private int _value;
    private long _valuesInBatch;

    public TextColumn(ParquetFileReader file, int group, int column)
    {
        _group = file.RowGroup(group);
        try
        {
            _rows = _group.MetaData.NumRows;
            using ColumnChunkMetaData chunk = _group.MetaData.GetColumnChunkMetaData(column);
            if (chunk.NumValues != _rows)
                throw new InvalidDataException($"the footer names {_rows} rows, but {chunk.NumValues} values of the column");
            _level = file.FileMetaData.Schema.Column(column).MaxDefinitionLevel;
            _column = (ColumnReader<ByteArray>)_group.Column(column);
        }
        catch
        {
            _group.Dispose();
            throw;
        }
    }

    /// <summary>Rows read so far.</summary>
    public long Row { get; private set; }

    /// <summary>Reads the text of the next row; false after the last row.</summary>
    /// <param name="text">The bytes, valid until the next call. They are not checked to be UTF-8.</param>
    /// <param name="isNull">True where the row has no text.</param>
    /// <exception cref="ParquetException">The rest of the row group cannot be read.</exception>
    /// <exception cref="InvalidDataException">The column has fewer values than rows.</exception>
    public bool Next(out ReadOnlySpan<byte> text, out bool isNull)
    {
        text = default;
        isNull = false;
        if (Row == _rows) return false;
        if (_inBatch == _batch) ReadBatch();
        isNull = _level > 0 && _levels[_inBatch] < _level;
        if (!isNull)
        {
            if (_value >= _valuesInBatch) throw new InvalidDataException($"a page ends before the value of row {Row}");
            text = Copy(_values[_value++]);
        }

        _inBatch++;
        Row++;
        return true;
    }

    public void Dispose()
    {
        _column.Dispose();
        _group.Dispose();
    }

    private void ReadBatch()
    {
        (_inBatch, _value) = (0, 0);
        long wanted = Math.Min(BatchRows, _rows - Row);
        for (int empty = 0; empty < MostEmptyBatches; empty++)
        {
            _batch = (int)_column.ReadBatch(wanted, _levels, [], _values, out _valuesInBatch);
            if (_batch > 0) return;
        }

        throw new InvalidDataException($"the pages end after {Row} of {_rows} rows");
    }

    /// <summary>The values point into the native page. A copy is safe after the page is gone.</summary>
    private ReadOnlySpan<byte> Copy(ByteArray value)
    {
        if (value.Length == 0) return [];
        if (_text.Length < value.Length) _text = GC.AllocateUninitializedArray<byte>(Math.Max(value.Length, _text.Length * 2));
        Marshal.Copy(value.Pointer, _text, 0, value.Length);
        return _text.AsSpan(0, value.Length);
    }
}
