using System.Buffers.Binary;
using System.Text;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

/// <summary>
/// Writes parquet files byte by byte, for what no writer makes: pages without a value, names of encodings and compressions that do not
/// exist yet, rows that are missing. There is one required column, "text", and every page is written plain and uncompressed.
/// </summary>
internal static class HandMadeParquet
{
    private const int ByteArray = 6;

    /// <summary>A row group: the texts of each page, and what the file says of them.</summary>
    public sealed record Group(params string[][] Pages)
    {
        /// <summary>Number of the compression. 0 is none.</summary>
        public int Compression { get; init; }

        /// <summary>Number of the encoding. 0 is plain.</summary>
        public int Encoding { get; init; }

        /// <summary>Rows that the footer names beyond those that are there.</summary>
        public int MissingRows { get; init; }
    }

    public static byte[] Write(params Group[] groups)
    {
        List<byte> file = [.. "PAR1"u8];
        List<Thrift> footers = [];
        long allRows = 0;
        foreach (Group group in groups)
        {
            int start = file.Count;
            foreach (string[] page in group.Pages) WritePage(file, page, group.Encoding);
            long rows = group.Pages.Sum(page => page.Length) + group.MissingRows;
            long size = file.Count - start;
            allRows += rows;
            Thrift column = new Thrift().Integer(1, ByteArray).Integers(2, group.Encoding).Words(3, "text").Integer(4, group.Compression)
                .Long(5, rows).Long(6, size).Long(7, size).Long(9, start);
            Thrift chunk = new Thrift().Long(2, start).Struct(3, column);
            footers.Add(new Thrift().Structs(1, chunk).Long(2, size).Long(3, rows));
        }

        const int required = 0, utf8 = 0;
        Thrift root = new Thrift().Word(4, "schema").Integer(5, 1);
        Thrift text = new Thrift().Integer(1, ByteArray).Integer(3, required).Word(4, "text").Integer(6, utf8);
        byte[] footer = new Thrift().Integer(1, 2).Structs(2, root, text).Long(3, allRows).Structs(4, [.. footers]).End();
        byte[] length = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, footer.Length);
        return [.. file, .. footer, .. length, .. "PAR1"u8];
    }

    private static void WritePage(List<byte> file, string[] texts, int encoding)
    {
        List<byte> values = [];
        foreach (string text in texts)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            values.AddRange(BitConverter.GetBytes(bytes.Length));
            values.AddRange(bytes);
        }

        const int dataPage = 0, runLength = 3;
        Thrift data = new Thrift().Integer(1, texts.Length).Integer(2, encoding).Integer(3, runLength).Integer(4, runLength);
        file.AddRange(new Thrift().Integer(1, dataPage).Integer(2, values.Count).Integer(3, values.Count).Struct(5, data).End());
        file.AddRange(values);
    }

    /// <summary>A struct of Thrift's compact protocol. The fields are given in the order of their ids.</summary>
    private sealed class Thrift
    {
        private const int Int32Type = 5, Int64Type = 6, BinaryType = 8, ListType = 9, StructType = 12;
        private readonly List<byte> _bytes = [];
        private int _last;

        public Thrift Integer(int id, int value) => Head(id, Int32Type).Number(value);

        public Thrift Long(int id, long value) => Head(id, Int64Type).Number(value);

        public Thrift Word(int id, string value) => Head(id, BinaryType).Text(value);

        public Thrift Words(int id, params string[] values)
        {
            Head(id, ListType).Count(values.Length, BinaryType);
            foreach (string value in values) Text(value);
            return this;
        }

        public Thrift Integers(int id, params int[] values)
        {
            Head(id, ListType).Count(values.Length, Int32Type);
            foreach (int value in values) Number(value);
            return this;
        }

        public Thrift Struct(int id, Thrift value)
        {
            Head(id, StructType)._bytes.AddRange(value.End());
            return this;
        }

        public Thrift Structs(int id, params Thrift[] values)
        {
            Head(id, ListType).Count(values.Length, StructType);
            foreach (Thrift value in values) _bytes.AddRange(value.End());
            return this;
        }

        public byte[] End() => [.. _bytes, 0];

        private Thrift Head(int id, int type)
        {
            _bytes.Add((byte)(((id - _last) << 4) | type));
            _last = id;
            return this;
        }

        private void Count(int count, int type) => _bytes.Add((byte)((count << 4) | type)); // up to 14

        private Thrift Number(long value) => Varint((ulong)((value << 1) ^ (value >> 63)));

        private Thrift Text(string value)
        {
            Varint((ulong)value.Length)._bytes.AddRange(Encoding.ASCII.GetBytes(value));
            return this;
        }

        private Thrift Varint(ulong value)
        {
            for (; value >= 128; value >>= 7) _bytes.Add((byte)(value | 128));
            _bytes.Add((byte)value);
            return this;
        }
    }
}
