namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>
/// Reads a file line by line into one buffer, with the position of each line. A line longer than the limit is skipped, not kept in memory.
/// </summary>
internal sealed class LineReader : IDisposable
{
    private readonly TextStream _text;
    private readonly int _longest;
    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private long _bufferOffset;

    /// <summary>Opens a file at the start of a line.</summary>
    /// <param name="path">The file.</param>
    /// <param name="offset">Byte offset of the next line in the text. A compressed text is read up to there.</param>
    /// <param name="line">Number of lines before it.</param>
    /// <param name="longest">The longest line to keep, in bytes.</param>
    public LineReader(string path, long offset, long line, int longest)
    {
        _text = TextStream.Open(path);
        _longest = longest;
        Number = line;
        if (_text.TrySeek(offset)) _bufferOffset = offset;
        while (Offset < offset && (_start < _end || Refill())) _start += (int)Math.Min(offset - Offset, _end - _start);
    }

    /// <summary>What is wrong with the file after the last line; null where it ends as it should.</summary>
    public string? Fault => _text.Fault;

    /// <summary>Bytes of the file read so far, compressed ones where it is compressed.</summary>
    public long BytesRead => _text.BytesDone(Offset);

    /// <summary>Byte offset of the next line to read.</summary>
    public long Offset => _bufferOffset + _start;

    /// <summary>Byte offset of the last line read.</summary>
    public long LineOffset { get; private set; }

    /// <summary>Number of the last line read, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Reads the next line, without its newline; false at the end of the file.</summary>
    /// <param name="line">Valid until the next call.</param>
    /// <param name="isTooLong">True where the line exceeds the limit. It is then empty.</param>
    public bool Next(out ReadOnlySpan<byte> line, out bool isTooLong)
    {
        line = default;
        isTooLong = false;
        LineOffset = Offset;
        int scanned = 0;
        while (true)
        {
            int newline = _buffer.AsSpan(_start + scanned, _end - _start - scanned).IndexOf((byte)'\n');
            if (newline >= 0)
            {
                int length = scanned + newline;
                isTooLong |= length > _longest;
                if (!isTooLong) line = _buffer.AsSpan(_start, length);
                _start += length + 1;
                Number++;
                return true;
            }

            scanned = _end - _start;
            if (scanned > _longest)
            {
                isTooLong = true;
                _start = _end;
                scanned = 0;
            }

            if (Refill()) continue;
            if (LineOffset == _bufferOffset + _end) return false;
            if (!isTooLong) line = _buffer.AsSpan(_start, scanned);
            _start = _end;
            Number++;
            return true;
        }
    }

    /// <summary>The first bytes that were not yet read as a line: all that are left, or many.</summary>
    public ReadOnlySpan<byte> Peek()
    {
        while (_end - _start < FileContent.StartLength && Refill()) continue;
        return _buffer.AsSpan(_start, _end - _start);
    }

    public void Dispose() => _text.Dispose();

    /// <summary>Reads more bytes after those not yet used; false at the end of the file.</summary>
    private bool Refill()
    {
        int kept = _end - _start;
        if (_start > 0) _buffer.AsSpan(_start, kept).CopyTo(_buffer);
        _bufferOffset += _start;
        (_start, _end) = (0, kept);
        if (_end == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
        int read = _text.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        return read > 0;
    }
}
