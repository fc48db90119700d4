using System.Text.Unicode;
using Microsoft.Win32.SafeHandles;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>
/// A parquet file with a column of documents. A record is a row. If a page cannot be read, the rest of its row group is skipped. Reading
/// continues with the next row group.
/// </summary>
internal sealed class ParquetInput : TextInput
{
    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly ParquetFooter _footer;
    private readonly long _rowsBefore;
    private TextColumn? _column;
    private int _group;
    private bool _isPositioned;

    public ParquetInput(string path, string column, TextPosition position)
    {
        _path = path;
        _file = File.OpenHandle(path);
        try
        {
            _footer = ParquetFooter.Read(_file, column);
        }
        catch (ParquetFormatException failure)
        {
            _file.Dispose();
            throw new InvalidDataException($"{path}: {failure.Message}.", failure);
        }

        _group = (int)position.Offset;
        _rowsBefore = position.Record;
    }

    public override TextPosition Position => new(_group, _column?.Row ?? (_isPositioned ? 0 : _rowsBefore));

    public override long BytesRead =>
        _group < _footer.RowGroups.Count ? _footer.RowGroups[_group].Start + (_column is null
            ? 0 : Share(_footer.RowGroups[_group], _column.Row)) : RandomAccess.GetLength(_file);

    public override bool Next(DocumentWriter writer, DamageLog damage)
    {
        if (_group >= _footer.RowGroups.Count) return false;
        ColumnChunk chunk = _footer.RowGroups[_group];
        _column ??= new TextColumn(_file, chunk, _footer.IsOptional);
        try
        {
            if (!_isPositioned)
                while (_column.Row < _rowsBefore && _column.Next(out _, out _))
                    continue;
            _isPositioned = true;

            if (!_column.Next(out ReadOnlySpan<byte> text, out bool isNull)) NextGroup();
            else if (isNull) writer.Statistics.Nulls++;
            else if (!Utf8.IsValid(text)) damage.Add(_path, $"row group {_group}, row {_column.Row - 1}", "not UTF-8");
            else writer.WriteDocument(text);
        }
        catch (ParquetFormatException failure)
        {
            damage.Add(_path, $"row group {_group}, from row {_column.Row} to {chunk.Rows - 1}", failure.Message);
            _isPositioned = true;
            NextGroup();
        }

        return true;
    }

    public override void Dispose() => _file.Dispose();

    private static long Share(ColumnChunk chunk, long row) => (long)((double)chunk.Size / Math.Max(1, chunk.Rows) * row);

    private void NextGroup()
    {
        _group++;
        _column = null;
    }
}
