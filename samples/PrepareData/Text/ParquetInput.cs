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
        _length = ParquetFormat.RequireWhole(path);
        _group = (int)position.Offset;
        _rowsBefore = position.Record;
        ParquetFileReader? file = null;
        try
        {
            using var properties = ReaderProperties.GetDefaultReaderProperties();
            properties.EnableBufferedStream(); // Reads page by page. Without it, a row group's whole column is in memory.
            properties.EnablePageChecksumVerification();
            file = new ParquetFileReader(path, properties);
            _column = ParquetFormat.FindColumn(file, column);
            _rows = new long[file.FileMetaData.NumRowGroups];
            for (int group = 0; group < _rows.Length; group++) _rows[group] = ParquetFormat.RequireReadable(file, group, _column);
            _file = file;
        }
        catch (Exception failure)
        {
            file?.Dispose();
            if (ParquetFormat.Reason(failure) is not { } reason) throw;
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
        catch (Exception failure) when (ParquetFormat.Reason(failure) is { } reason)
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
