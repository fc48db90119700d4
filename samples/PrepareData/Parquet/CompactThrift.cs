namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>
/// Reads Thrift's compact protocol, the encoding of parquet footers and page headers. Files are untrusted: every read stays within the
/// given bytes, a count that the bytes cannot hold is refused, and nesting is limited.
/// </summary>
internal ref struct CompactThrift(ReadOnlySpan<byte> data)
{
    private const int DeepestNesting = 16;
    private readonly ReadOnlySpan<byte> _data = data;

    /// <summary>The types of the protocol: the low four bits of the first byte of a field or list.</summary>
    public enum Kind : byte
    {
        Stop = 0,
        True = 1,
        False = 2,
        Byte = 3,
        Int16 = 4,
        Int32 = 5,
        Int64 = 6,
        Double = 7,
        Binary = 8,
        List = 9,
        Set = 10,
        Map = 11,
        Struct = 12,
    }

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    private readonly int Left => _data.Length - Position;

    /// <summary>Reads the head of the next field of a struct; false at the struct's end.</summary>
    /// <param name="id">Id of the previous field, 0 at the start of a struct. Set to the id of this field.</param>
    /// <param name="kind">The field's type.</param>
    public bool NextField(ref short id, out Kind kind)
    {
        byte head = Byte();
        kind = (Kind)(head & 15);
        if (kind == Kind.Stop) return false;
        int step = head >> 4;
        id = (short)(step == 0 ? Integer() : id + step);
        return true;
    }

    /// <summary>Reads a whole number of any width.</summary>
    public long Integer(Kind kind)
    {
        if (kind is not (Kind.Int16 or Kind.Int32 or Kind.Int64)) throw Unexpected(kind, "a whole number");
        return Integer();
    }

    /// <summary>Reads a whole number of at most 32 bits.</summary>
    public int Int32(Kind kind)
    {
        long value = Integer(kind);
        return value is >= int.MinValue and <= int.MaxValue
            ? (int)value : throw new ParquetFormatException($"found {value} instead of a 32-bit number");
    }

    /// <summary>Returns a truth value. The type of the field holds it.</summary>
    public static bool Boolean(Kind kind) => kind is Kind.True or Kind.False ? kind == Kind.True : throw Unexpected(kind, "a truth value");

    /// <summary>Reads bytes or text.</summary>
    public ReadOnlySpan<byte> Binary(Kind kind)
    {
        if (kind != Kind.Binary) throw Unexpected(kind, "bytes");
        ulong length = Varint();
        if (length > (ulong)Left) throw EndOfData();
        ReadOnlySpan<byte> bytes = _data.Slice(Position, (int)length);
        Position += bytes.Length;
        return bytes;
    }

    /// <summary>Reads the head of a list. Every element takes at least one byte, which limits the count.</summary>
    public int List(Kind kind, out Kind element)
    {
        if (kind is not (Kind.List or Kind.Set)) throw Unexpected(kind, "a list");
        byte head = Byte();
        element = (Kind)(head & 15);
        ulong count = head >> 4 == 15 ? Varint() : (ulong)(head >> 4);
        if (count > (ulong)Left) throw EndOfData();
        return (int)count;
    }

    /// <summary>Requires a struct.</summary>
    public static void Struct(Kind kind)
    {
        if (kind != Kind.Struct) throw Unexpected(kind, "a struct");
    }

    /// <summary>Skips a field.</summary>
    public void Skip(Kind kind) => Skip(kind, isElement: false, depth: 0);

    private void Skip(Kind kind, bool isElement, int depth)
    {
        if (depth > DeepestNesting) throw new ParquetFormatException($"more than {DeepestNesting} levels of nesting");
        switch (kind)
        {
            case Kind.True or Kind.False:
                if (isElement) Advance(1);
                break;
            case Kind.Byte:
                Advance(1);
                break;
            case Kind.Int16 or Kind.Int32 or Kind.Int64:
                Varint();
                break;
            case Kind.Double:
                Advance(8);
                break;
            case Kind.Binary:
                Binary(kind);
                break;
            case Kind.List or Kind.Set:
                for (int left = List(kind, out Kind element); left > 0; left--) Skip(element, isElement: true, depth + 1);
                break;
            case Kind.Struct:
                short id = 0;
                while (NextField(ref id, out Kind field)) Skip(field, isElement: false, depth + 1);
                break;
            default:
                throw Unexpected(kind, "a known type");
        }
    }

    private static EndOfDataException EndOfData() => new();

    private static ParquetFormatException Unexpected(Kind kind, string wanted) => new($"found type {(byte)kind} instead of {wanted}");

    private long Integer()
    {
        ulong zigzag = Varint();
        return (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Byte();
            value |= (ulong)(next & 127) << shift;
            if (next < 128) return value;
        }

        throw new ParquetFormatException("a number of more than 64 bits");
    }

    private byte Byte()
    {
        if (Left == 0) throw EndOfData();
        return _data[Position++];
    }

    private void Advance(int count)
    {
        if (count > Left) throw EndOfData();
        Position += count;
    }
}
