using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>
/// Reads the text of one row group, row by row. Only one page and the dictionary are in memory at a time. Every size in a header is checked
/// against the file before it is used.
/// </summary>
internal sealed class TextColumn(SafeFileHandle file, ColumnChunk chunk, bool isOptional)
{
    /// <summary>Largest page that is read, compressed or not. With a dictionary, three such buffers are in memory at once.</summary>
    public const int LargestPage = 192 << 20;

    private const int Plain = 0;
    private const int PlainDictionary = 2;
    private const int RunLengthDictionary = 8;
    private const int LongestHeader = 16 << 20;

    private readonly long _end = chunk.Start + chunk.Size;
    private long _position = chunk.Start;
    private byte[] _compressed = [];
    private byte[] _page = [];
    private int _pageLength;
    private byte[] _dictionary = [];
    private List<Range>? _words;
    private int _left;
    private int _plainAt;
    private bool _usesDictionary;
    private RunLengthReader _levels;
    private RunLengthReader _indices;

    /// <summary>Rows read so far.</summary>
    public long Row { get; private set; }

    /// <summary>Reads the text of the next row; false after the last row.</summary>
    /// <param name="text">The bytes, valid until the next call. They are not checked to be UTF-8.</param>
    /// <param name="isNull">True where the row has no text.</param>
    /// <exception cref="ParquetFormatException">The rest of the row group cannot be read.</exception>
    public bool Next(out ReadOnlySpan<byte> text, out bool isNull)
    {
        text = default;
        isNull = false;
        if (Row == chunk.Rows) return false;
        while (_left == 0) ReadPage();
        _left--;
        Row++;
        ReadOnlySpan<byte> page = _page.AsSpan(0, _pageLength);
        if (isOptional && _levels.Next(page) == 0) isNull = true;
        else if (_usesDictionary) text = Word(_indices.Next(page));
        else text = _page.AsSpan(TakePlain(page, ref _plainAt));
        return true;
    }

    private static Range TakePlain(ReadOnlySpan<byte> bytes, ref int at)
    {
        if (bytes.Length - at < sizeof(int)) throw new ParquetFormatException("a page ends before its last value");
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
        at += sizeof(int);
        if (length > bytes.Length - at)
            throw new ParquetFormatException($"a value has {length} bytes, but only {bytes.Length - at} are left");
        Range range = at..(at + (int)length);
        at += (int)length;
        return range;
    }

    private static void MakeRoom(ref byte[] buffer, int size)
    {
        if (buffer.Length < size) buffer = GC.AllocateUninitializedArray<byte>(size);
    }

    private ReadOnlySpan<byte> Word(int index)
    {
        if (_words is null) throw new ParquetFormatException("a page refers to a dictionary, but none comes before it");
        if (index < 0 || index >= _words.Count)
            throw new ParquetFormatException($"a row refers to entry {index} of a dictionary of {_words.Count}");
        return _dictionary.AsSpan(_words[index]);
    }

    private void ReadPage()
    {
        if (_position >= _end) throw new ParquetFormatException($"the pages end after {Row} of {chunk.Rows} rows");
        PageHeader header = ReadHeader();
        if (header.CompressedSize < 0 || header.CompressedSize > _end - _position)
            throw new ParquetFormatException($"a page has {header.CompressedSize} bytes, but only {_end - _position} are left");
        if (header.UncompressedSize < 0 || Math.Max(header.UncompressedSize, header.CompressedSize) > LargestPage)
            throw new ParquetFormatException(
                $"a page takes {header.UncompressedSize} bytes, {header.CompressedSize} compressed; at most {LargestPage} are read");

        MakeRoom(ref _compressed, header.CompressedSize);
        ParquetFooter.ReadFully(file, _compressed.AsSpan(0, header.CompressedSize), _position);
        _position += header.CompressedSize;
        switch (header.Type)
        {
            case PageHeader.DataPage: OpenPage(header, levelBytes: 0); break;
            case PageHeader.DataPage2: OpenPage(header, header.DefinitionSize); break;
            case PageHeader.DictionaryPage: ReadDictionary(header); break;
            case PageHeader.IndexPage: break;
            default: throw new ParquetFormatException($"a page has type {header.Type}; 0 to 3 are known");
        }
    }

    /// <summary>Reads a page header. It may hold the first and last text of the page, so its length is unknown before.</summary>
    private PageHeader ReadHeader()
    {
        for (int size = 4096; ; size *= 16)
        {
            int given = (int)Math.Min(size, _end - _position);
            MakeRoom(ref _compressed, given);
            ParquetFooter.ReadFully(file, _compressed.AsSpan(0, given), _position);
            try
            {
                var header = PageHeader.Read(_compressed.AsSpan(0, given), out int length);
                _position += length;
                return header;
            }
            catch (EndOfDataException) when (given == size && size < LongestHeader)
            {
            }
        }
    }

    /// <summary>
    /// Decompresses a page. In version 2, the levels come first and are never compressed. In version 1, they are part of the page.
    /// </summary>
    private void OpenPage(PageHeader header, int levelBytes)
    {
        if (header.Values < 0 || header.Values > chunk.Rows - Row)
            throw new ParquetFormatException($"a page has {header.Values} values, but only {chunk.Rows - Row} rows are left");
        if (header.RepetitionSize != 0 || levelBytes < 0 || levelBytes > Math.Min(header.CompressedSize, header.UncompressedSize))
            throw new ParquetFormatException(
                $"a page has {levelBytes} bytes of definition levels and {header.RepetitionSize} of repetition levels");

        _pageLength = header.UncompressedSize;
        MakeRoom(ref _page, _pageLength);
        _compressed.AsSpan(0, levelBytes).CopyTo(_page);
        PageDecompression.Decompress(
            header.IsCompressed ? chunk.Codec : 0, _compressed, levelBytes, header.CompressedSize - levelBytes,
            _page.AsSpan(levelBytes, _pageLength - levelBytes));

        int at = 0;
        int levelsEnd = levelBytes;
        if (isOptional && header.Type == PageHeader.DataPage)
        {
            if (_pageLength < sizeof(int)) throw new ParquetFormatException("a page ends before its levels");
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(_page);
            at = sizeof(int);
            if (length > _pageLength - at)
                throw new ParquetFormatException($"the levels have {length} bytes, but only {_pageLength - at} are left");
            levelsEnd = at + (int)length;
        }

        _levels = new RunLengthReader(at, levelsEnd, width: 1);
        _plainAt = levelsEnd;
        _usesDictionary = header.Encoding is PlainDictionary or RunLengthDictionary;
        if (_usesDictionary)
        {
            // A page that holds only nulls may end before the width.
            int width = levelsEnd < _pageLength ? _page[levelsEnd] : 0;
            _indices = new RunLengthReader(Math.Min(levelsEnd + 1, _pageLength), _pageLength, width);
        }
        else if (header.Encoding != Plain)
        {
            throw new ParquetFormatException($"encoding number {header.Encoding} is not supported; plain and dictionary are");
        }

        _left = header.Values;
    }

    private void ReadDictionary(PageHeader header)
    {
        if (_words is not null) throw new ParquetFormatException("a row group's column has two dictionaries");
        if (header.Encoding is not (Plain or PlainDictionary))
            throw new ParquetFormatException($"a dictionary has encoding number {header.Encoding}; only plain is supported");
        if (header.Values < 0 || header.Values > header.UncompressedSize / sizeof(int))
            throw new ParquetFormatException($"a dictionary of {header.Values} entries in {header.UncompressedSize} bytes");
        _dictionary = GC.AllocateUninitializedArray<byte>(header.UncompressedSize);
        PageDecompression.Decompress(chunk.Codec, _compressed, 0, header.CompressedSize, _dictionary);
        _words = new List<Range>(header.Values);
        for (int at = 0; _words.Count < header.Values;) _words.Add(TakePlain(_dictionary, ref at));
    }
}
