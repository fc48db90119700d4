using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>The place of one text column in a parquet file: position and codec of its pages in each row group.</summary>
/// <param name="IsOptional">True where rows may be null.</param>
/// <param name="RowGroups">The column's part of each row group, in file order.</param>
internal sealed record ParquetFooter(bool IsOptional, IReadOnlyList<ColumnChunk> RowGroups)
{
    /// <summary>
    /// Largest accepted row count of a row group. Writers stop at a million. Rows without text take no space, so the file size is no limit.
    /// </summary>
    private const long MostRows = 1 << 24;

    private const int MagicSize = 4;
    private const int TailSize = 4 + MagicSize;
    private const long LongestFooter = 256 << 20;
    private const int ByteArrayType = 6;
    private const int Repeated = 2;

    /// <summary>Reads the entries of one top-level column from the footer.</summary>
    /// <exception cref="ParquetFormatException">The file is not a parquet file, or has no such text column.</exception>
    public static ParquetFooter Read(SafeFileHandle file, string column)
    {
        long length = RandomAccess.GetLength(file);
        if (length < MagicSize + TailSize)
            throw new ParquetFormatException($"not a parquet file: {length} bytes, fewer than {MagicSize + TailSize}");
        Span<byte> head = stackalloc byte[MagicSize];
        Span<byte> tail = stackalloc byte[TailSize];
        ReadFully(file, head, 0);
        ReadFully(file, tail, length - TailSize);
        if (!head.SequenceEqual("PAR1"u8) || !tail[4..].SequenceEqual("PAR1"u8))
            throw new ParquetFormatException(tail[4..].SequenceEqual("PARE"u8)
                ? "the parquet file is encrypted" : "not a parquet file: it does not begin and end with PAR1");

        uint footerLength = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        long dataEnd = length - TailSize - footerLength;
        if (dataEnd < MagicSize) throw new ParquetFormatException($"the footer would take {footerLength} bytes; the file has {length}");
        if (footerLength > LongestFooter)
            throw new ParquetFormatException($"the footer takes {footerLength} bytes; the limit is {LongestFooter}");
        byte[] footer = new byte[footerLength];
        ReadFully(file, footer, dataEnd);
        return Parse(footer, column, dataEnd);
    }

    /// <summary>Reads until the span is full.</summary>
    public static void ReadFully(SafeFileHandle file, Span<byte> destination, long position)
    {
        while (destination.Length > 0)
        {
            int read = RandomAccess.Read(file, destination, position);
            if (read == 0) throw new ParquetFormatException($"the file ended at byte {position} while it was being read");
            destination = destination[read..];
            position += read;
        }
    }

    private static ParquetFooter Parse(ReadOnlySpan<byte> bytes, string column, long dataEnd)
    {
        CompactThrift thrift = new(bytes);
        Column? found = null;
        List<ColumnChunk>? groups = null;
        short id = 0;
        while (thrift.NextField(ref id, out CompactThrift.Kind kind))
        {
            if (id == 2) found = FindColumn(ref thrift, kind, column);
            else if (id == 4)
                groups = RowGroupsOf(ref thrift, kind, found ?? throw new ParquetFormatException("the row groups come before the schema"),
                    dataEnd);
            else thrift.Skip(kind);
        }

        if (found is null || groups is null) throw new ParquetFormatException("the footer lacks the schema or the row groups");
        return new ParquetFooter(found.IsOptional, groups);
    }

    /// <summary>Finds a column in the schema, a tree in depth-first order. The columns of a row group are its leaves.</summary>
    private static Column FindColumn(ref CompactThrift thrift, CompactThrift.Kind kind, string name)
    {
        Column? found = null;
        List<string> names = [];
        int leaf = 0;
        long openBelow = 0; // elements still to come below a top-level group
        int count = thrift.List(kind, out CompactThrift.Kind element);
        for (int i = 0; i < count; i++)
        {
            CompactThrift.Struct(element);
            (string elementName, int? type, int repetition, int children) = SchemaElement(ref thrift);
            if (i == 0) continue; // the root
            bool isTopLevel = openBelow == 0;
            if (!isTopLevel) openBelow--;
            openBelow += children;
            if (isTopLevel) names.Add(elementName);
            if (isTopLevel && elementName == name)
            {
                if (found is not null) throw new ParquetFormatException($"two columns have the name '{name}'");
                if (children > 0 || type != ByteArrayType || repetition >= Repeated)
                    throw new ParquetFormatException(
                        $"column '{name}' is not plain text (physical type {type}, repetition {repetition}, {children} children)");
                found = new Column(leaf, repetition == 1);
            }

            if (children == 0) leaf++;
        }

        return found ?? throw new ParquetFormatException($"no column '{name}'; there are {string.Join(", ", names.Take(20))}");
    }

    private static (string Name, int? Type, int Repetition, int Children) SchemaElement(ref CompactThrift thrift)
    {
        string name = "";
        int? type = null;
        int repetition = 0, children = 0;
        short id = 0;
        while (thrift.NextField(ref id, out CompactThrift.Kind kind))
        {
            switch (id)
            {
                case 1: type = thrift.Int32(kind); break;
                case 3: repetition = thrift.Int32(kind); break;
                case 4: name = Encoding.UTF8.GetString(thrift.Binary(kind)); break;
                case 5: children = thrift.Int32(kind); break;
                default: thrift.Skip(kind); break;
            }
        }

        if (children < 0) throw new ParquetFormatException($"schema element '{name}' has {children} children");
        return (name, type, repetition, children);
    }

    private static List<ColumnChunk> RowGroupsOf(ref CompactThrift thrift, CompactThrift.Kind kind, Column column, long dataEnd)
    {
        List<ColumnChunk> groups = [];
        int count = thrift.List(kind, out CompactThrift.Kind element);
        for (int group = 0; group < count; group++)
        {
            CompactThrift.Struct(element);
            ColumnChunk? chunk = null;
            long rows = -1;
            short id = 0;
            while (thrift.NextField(ref id, out CompactThrift.Kind field))
            {
                if (id == 1) chunk = ChunkOf(ref thrift, field, column.Leaf);
                else if (id == 3) rows = thrift.Integer(field);
                else thrift.Skip(field);
            }

            groups.Add(Checked(chunk ?? throw new ParquetFormatException($"row group {group} has no column number {column.Leaf}"), group,
                rows, dataEnd));
        }

        return groups;
    }

    private static ColumnChunk? ChunkOf(ref CompactThrift thrift, CompactThrift.Kind kind, int leaf)
    {
        ColumnChunk? chunk = null;
        int count = thrift.List(kind, out CompactThrift.Kind element);
        for (int i = 0; i < count; i++)
        {
            if (i != leaf)
            {
                thrift.Skip(element);
                continue;
            }

            CompactThrift.Struct(element);
            short id = 0;
            while (thrift.NextField(ref id, out CompactThrift.Kind field))
            {
                if (id == 3)
                {
                    CompactThrift.Struct(field);
                    chunk = Chunk(ref thrift);
                }
                else if (id == 1)
                {
                    throw new ParquetFormatException("the column data is in another file");
                }
                else
                {
                    thrift.Skip(field);
                }
            }
        }

        return chunk;
    }

    private static ColumnChunk Chunk(ref CompactThrift thrift)
    {
        int type = -1, codec = -1;
        long values = -1, size = -1, data = 0, dictionary = 0;
        short id = 0;
        while (thrift.NextField(ref id, out CompactThrift.Kind kind))
        {
            switch (id)
            {
                case 1: type = thrift.Int32(kind); break;
                case 4: codec = thrift.Int32(kind); break;
                case 5: values = thrift.Integer(kind); break;
                case 7: size = thrift.Integer(kind); break;
                case 9: data = thrift.Integer(kind); break;
                case 11: dictionary = thrift.Integer(kind); break;
                default: thrift.Skip(kind); break;
            }
        }

        if (type != ByteArrayType)
            throw new ParquetFormatException($"a row group's column has physical type {type}; text has {ByteArrayType}");
        return new ColumnChunk(codec, values, dictionary > 0 ? Math.Min(dictionary, data) : data, size);
    }

    private static ColumnChunk Checked(ColumnChunk chunk, int group, long rows, long dataEnd)
    {
        if (rows is < 0 or > MostRows) throw new ParquetFormatException($"row group {group} has {rows} rows; 0 to {MostRows} are read");
        PageDecompression.Require(chunk.Codec);
        if (chunk.Rows != rows)
            throw new ParquetFormatException($"row group {group} has {rows} rows but {chunk.Rows} values in the column");
        if (chunk.Start < MagicSize || chunk.Size < 0 || chunk.Size > dataEnd - chunk.Start)
            throw new ParquetFormatException(
                $"row group {group} starts at byte {chunk.Start} with {chunk.Size} bytes; the data ends at {dataEnd}");
        return chunk;
    }

    private sealed record Column(int Leaf, bool IsOptional);
}

/// <summary>The pages of one column in one row group.</summary>
/// <param name="Codec">Compression codec of the pages, as parquet numbers them.</param>
/// <param name="Rows">Number of rows in the pages.</param>
/// <param name="Start">Byte offset of the first page in the file.</param>
/// <param name="Size">Bytes of all pages, headers included.</param>
internal sealed record ColumnChunk(int Codec, long Rows, long Start, long Size);
