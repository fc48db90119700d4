using System.Buffers;

namespace HslEmbeddingZero.Training;

/// <summary>
/// A part of a <see cref="TextCorpus"/> as one sequence of ids: the bytes of its documents, 0 to 255, and 257 after each document. The ids
/// are computed when they are read. No copy of the text is kept.
/// </summary>
public sealed class TextIds
{
    private const int MostBuffer = 1 << 20;

    private readonly DocumentSegments[] _files;
    private readonly long[] _before; // ids before each file

    internal TextIds(IEnumerable<DocumentSegments> files)
    {
        _files = [.. files.Where(file => file.Length > 0)];
        _before = new long[_files.Length];
        for (int i = 0; i < _files.Length; i++)
        {
            _before[i] = Length;
            Length += _files[i].Length;
        }
    }

    /// <summary>How many ids there are.</summary>
    public long Length { get; }

    /// <summary>Copies ids. Several threads may call this at the same time.</summary>
    /// <param name="start">Position of the first id.</param>
    /// <param name="destination">Receives as many ids as it holds.</param>
    /// <exception cref="ArgumentOutOfRangeException">The ids are not within 0 to <see cref="Length"/> - 1.</exception>
    /// <exception cref="CorpusException">A file has changed since the corpus was loaded, or cannot be read any more.</exception>
    public void CopyTo(long start, Span<short> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Length - destination.Length);
        if (destination.IsEmpty) return;
        int file = DocumentSegments.Last(_before, start);
        int room = DocumentSegments.Stride + (int)Math.Min(2L * destination.Length, MostBuffer);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(room);
        try
        {
            for (long skip = start - _before[file]; !destination.IsEmpty; file++, skip = 0)
            {
                int count = (int)Math.Min(destination.Length, _files[file].Length - skip);
                _files[file].Read(skip, destination[..count], buffer.AsSpan(0, room));
                destination = destination[count..];
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>All ids as one array, for parts of at most 2 billion ids.</summary>
    /// <exception cref="InvalidOperationException">There are more ids than one array can hold.</exception>
    public short[] ToArray()
    {
        if (Length > Array.MaxLength) throw new InvalidOperationException($"{Length} ids; one array holds {Array.MaxLength}. Use CopyTo.");
        short[] ids = new short[Length];
        CopyTo(0, ids);
        return ids;
    }
}

/// <summary>
/// Documents of one content on one side of the split, as segments. A segment is a piece of text, a few KiB long. Its first byte and the
/// position of its first id in the sequence are known. To find a position, look up its segment and read from the segment's start.
/// </summary>
/// <param name="content">The text.</param>
/// <param name="before">For each segment: the number of ids in the segments before it.</param>
/// <param name="places">For each segment: twice the offset of its first byte, plus 1 if its last id is the EOS of a document.</param>
/// <param name="length">Number of ids of all segments.</param>
internal sealed class DocumentSegments(TextContent content, long[] before, long[] places, long length)
{
    /// <summary>About how many bytes a segment covers.</summary>
    public const int Stride = 8192;

    public long Length => length;

    /// <summary>The segment's first byte and its end mark, in one number.</summary>
    public static long Place(long firstByte, bool endsDocument) => (firstByte << 1) | (endsDocument ? 1L : 0);

    /// <summary>The index of the last of the ascending numbers that is not above a value.</summary>
    public static int Last(ReadOnlySpan<long> ascending, long value)
    {
        int found = ascending.BinarySearch(value);
        return found >= 0 ? found : ~found - 1;
    }

    /// <summary>Reads ids from a position on. The segments must hold all of them.</summary>
    public void Read(long start, Span<short> ids, Span<byte> buffer)
    {
        int segment = Last(before, start);
        for (long skip = start - before[segment]; !ids.IsEmpty; segment++, skip = 0)
        {
            long count = (segment + 1 < before.Length ? before[segment + 1] : length) - before[segment];
            int wanted = (int)Math.Min(ids.Length, count - skip);
            ReadSegment(places[segment], count, skip, ids[..wanted], buffer);
            ids = ids[wanted..];
        }
    }

    /// <summary>
    /// Reads a segment line by line from its first byte, because an empty line ends a document. The segment ends after its number of ids.
    /// </summary>
    private void ReadSegment(long place, long count, long skip, Span<short> ids, Span<byte> buffer)
    {
        long position = place >> 1;
        bool endsDocument = (place & 1) != 0;
        long lines = endsDocument ? count - 1 : count; // ids before the closing EOS
        ReadOnlySpan<byte> window = [];
        int written = 0;
        for (long made = 0; written < ids.Length;)
        {
            if (made == lines) // Only a segment that ends a document gets here.
            {
                ids[written] = TextCorpus.EndOfDocument;
                return;
            }

            if (window.IsEmpty) window = content.Read(position, buffer);
            ReadOnlySpan<byte> line = window[..(int)Math.Min(window.Length, lines - made)];
            int newline = line.IndexOf((byte)'\n');
            if (newline >= 0) line = line[..(newline + 1)];
            if (made + line.Length > skip)
            {
                ReadOnlySpan<byte> wanted = line[(int)Math.Max(0, skip - made)..];
                wanted = wanted[..Math.Min(wanted.Length, ids.Length - written)];
                SampleBytes.Widen(wanted, ids[written..]);
                written += wanted.Length;
            }

            made += line.Length;
            position += line.Length;
            window = window[line.Length..];
            if (newline < 0 || made == lines || EmptyLine(position, ref window, buffer) == 0) continue;

            if (made >= skip && written < ids.Length) ids[written++] = TextCorpus.EndOfDocument;
            made++;
            while (written < ids.Length && EmptyLine(position, ref window, buffer) is > 0 and var empty)
            {
                position += empty;
                window = window[empty..];
            }
        }
    }

    /// <summary>Length in bytes of the empty line that begins at a position; 0 if there is none.</summary>
    private int EmptyLine(long position, ref ReadOnlySpan<byte> window, Span<byte> buffer)
    {
        if (window.Length < 2 && position + window.Length < content.Length) window = content.Read(position, buffer);
        return window switch
        {
            [(byte)'\n', ..] => 1,
            [(byte)'\r', (byte)'\n', ..] => 2,
            _ => 0,
        };
    }
}
