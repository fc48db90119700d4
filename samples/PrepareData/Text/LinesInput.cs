namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>A file of lines, which may be compressed. A record is a line.</summary>
internal abstract class LinesInput : TextInput
{
    private readonly int _longest;
    private readonly LineReader _lines;

    /// <summary>Opens a file at a line.</summary>
    /// <param name="path">The file.</param>
    /// <param name="position">Position of the next line.</param>
    /// <param name="longest">The longest line to read, in bytes.</param>
    /// <param name="recognize">Says what is wrong with a file that begins with these bytes; null where it may be right.</param>
    /// <exception cref="InvalidDataException">The file is not what its name says.</exception>
    protected LinesInput(string path, TextPosition position, int longest, Func<ReadOnlySpan<byte>, string?> recognize)
        : base(path, position)
    {
        _longest = longest;
        _lines = new LineReader(path, position.Offset, position.Record, longest);
        ReadOnlySpan<byte> start = _lines.Peek();
        if (position != default || _lines.Fault is not null || recognize(start) is not { } wrong) return;
        _lines.Dispose();
        throw new InvalidDataException($"{path}: {wrong}.");
    }

    public override long BytesRead => _lines.BytesRead;

    protected override TextPosition Place => new(_lines.Offset, _lines.Number);

    public override void Dispose() => _lines.Dispose();

    /// <summary>Writes what the line holds, or returns what is wrong with the line.</summary>
    protected abstract string? ReadLine(ReadOnlySpan<byte> line, DocumentWriter writer);

    /// <summary>Is called after the last line.</summary>
    protected virtual void End(DocumentWriter writer)
    {
    }

    protected override bool ReadRecord(DocumentWriter writer, DamageLog damage)
    {
        if (!_lines.Next(out ReadOnlySpan<byte> line, out bool isTooLong))
        {
            End(writer);
            return _lines.Fault is { } end ? throw EndEarly($"after line {_lines.Number}, byte {_lines.Offset}", end) : false;
        }

        if (_lines.LineOffset == 0) line = FileContent.WithoutMark(line);
        string? fault = isTooLong ? $"longer than {_longest} bytes" : ReadLine(line, writer);
        if (fault is not null) Skip(damage, $"line {_lines.Number}, byte {_lines.LineOffset}", fault);
        return true;
    }
}
