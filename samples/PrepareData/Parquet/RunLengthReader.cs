namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>
/// Reads parquet's hybrid of runs and bit-packed groups one number at a time, so that the claimed length of a run costs no memory.
/// </summary>
internal struct RunLengthReader
{
    private readonly int _end;
    private readonly int _width;
    private int _position;
    private long _left;
    private bool _isPacked;
    private int _value;
    private int _bit;

    /// <summary>
    /// Reads numbers of <paramref name="width"/> bits from the bytes <paramref name="start"/> to <paramref name="end"/> of a page.
    /// </summary>
    public RunLengthReader(int start, int end, int width)
    {
        if (width is < 0 or > 32) throw new ParquetFormatException($"numbers of {width} bits; at most 32 are allowed");
        _position = start;
        _end = end;
        _width = width;
    }

    /// <summary>Reads the next number.</summary>
    public int Next(ReadOnlySpan<byte> page)
    {
        while (_left == 0) NextRun(page);
        _left--;
        if (!_isPacked) return _value;

        ulong bits = 0;
        int first = _position + (_bit >> 3);
        for (int i = 0; i < 5 && first + i < _end; i++) bits |= (ulong)page[first + i] << (8 * i);
        int value = (int)((bits >> (_bit & 7)) & ((1UL << _width) - 1));
        _bit += _width;
        if (_left == 0) _position += _bit >> 3;
        return value;
    }

    private void NextRun(ReadOnlySpan<byte> page)
    {
        ulong head = 0;
        for (int shift = 0; ; shift += 7)
        {
            if (_position >= _end || shift > 28) throw new ParquetFormatException("a run is cut off");
            byte next = page[_position++];
            head |= (ulong)(next & 127) << shift;
            if (next < 128) break;
        }

        _isPacked = (head & 1) == 1;
        _bit = 0;
        if (_isPacked)
        {
            long groups = (long)(head >> 1);
            if (groups * _width > _end - _position)
                throw new ParquetFormatException($"{groups} packed groups of {_width} bits are cut off");
            _left = groups * 8;
        }
        else
        {
            int bytes = (_width + 7) / 8;
            if (bytes > _end - _position) throw new ParquetFormatException("a run is cut off");
            _left = (long)(head >> 1);
            _value = 0;
            for (int i = 0; i < bytes; i++) _value |= page[_position++] << (8 * i);
        }
    }
}
