using System.Runtime.InteropServices;
using System.Text.Json;
using HslEmbeddingZero.Samples.PrepareData;
using HslEmbeddingZero.Tests;
using Parquet;
using Parquet.Schema;
using ParquetSharp;
using ParquetSharp.Schema;
using Encoding = System.Text.Encoding;
using Group = HslEmbeddingZero.Samples.Tests.PrepareData.HandMadeParquet.Group;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

/// <summary>
/// Files are written by Parquet.Net, an implementation independent of the reader; by Arrow, for what Parquet.Net does not write; and byte
/// by byte, for what neither writes.
/// </summary>
public sealed class ParquetInputTests : IDisposable
{
    private static readonly string?[] Documents =
        [.. Enumerable.Range(0, 500).Select(
            i => i % 7 == 3 ? null : i % 5 == 1 ? "said again and again" : $"Document {i}\n\n안녕 {new string((char)('a' + (i % 26)), i)}")];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(CompressionMethod.None)]
    [InlineData(CompressionMethod.Snappy)]
    [InlineData(CompressionMethod.Gzip)]
    [InlineData(CompressionMethod.Brotli)]
    [InlineData(CompressionMethod.Zstd)]
    [InlineData(CompressionMethod.Lz4Raw)]
    public async Task Every_compression_and_nulls_are_read(CompressionMethod compression)
    {
        string path = await Write(compression, isNullable: true);
        (string text, string[] damage, TextStatistics statistics) = Read(path);
        Assert.Equal(Expected(Documents) + Expected(Documents), text);
        Assert.Empty(damage);
        Assert.Equal(2 * Documents.Count(d => d is null), statistics.Nulls);

        string[] required = [.. Documents.OfType<string>()];
        Assert.Equal(Expected(required) + Expected(required), Read(await Write(compression, isNullable: false)).Text);
    }

    public static TheoryData<string, Func<WriterPropertiesBuilder, WriterPropertiesBuilder>> Settings => new()
    {
        { "plain", builder => builder.DisableDictionary() },
        { "dictionary", builder => builder.EnableDictionary() },
        { "dictionary that falls back to plain", builder => builder.DictionaryPagesizeLimit(1000).DataPagesize(1000).WriteBatchSize(10) },
        { "delta length", builder => builder.DisableDictionary().Encoding("text", ParquetSharp.Encoding.DeltaLengthByteArray) },
        { "delta strings", builder => builder.DisableDictionary().Encoding("text", ParquetSharp.Encoding.DeltaByteArray) },
        { "pages of version 2", builder => builder.DataPageVersion(ParquetDataPageVersion.V2).DataPagesize(1000).WriteBatchSize(10) },
        { "pages of version 2, compressed", builder => builder.DataPageVersion(ParquetDataPageVersion.V2).Compression(Compression.Zstd) },
        { "checksums", builder => builder.EnablePageChecksum().Compression(Compression.Snappy) },
        { "page index", builder => builder.EnableWritePageIndex() },
        { "first version of the format", builder => builder.Version(ParquetVersion.PARQUET_1_0) },
        { "LZ4 of Hadoop", builder => builder.Compression(Compression.Lz4Hadoop) },
        { "brotli", builder => builder.Compression(Compression.Brotli) },
    };

    [Theory]
    [MemberData(nameof(Settings))]
    public void Every_setting_of_Arrows_writer_is_read(string setting, Func<WriterPropertiesBuilder, WriterPropertiesBuilder> configure)
    {
        string path = _folder.PathOf($"{setting}.parquet");
        using (WriterPropertiesBuilder builder = new())
        using (WriterProperties properties = configure(builder).Build())
        using (ParquetFileWriter writer = new(path, [new Column<long>("id"), new Column<string>("text")], properties))
        {
            for (int i = 0; i < 2; i++)
            {
                using RowGroupWriter group = writer.AppendRowGroup();
                Fill(group, [.. Enumerable.Range(0, Documents.Length).Select(row => (long)row)]);
                Fill(group, Documents);
            }

            writer.Close();
        }

        (string text, string[] damage, TextStatistics statistics) = Read(path);
        Assert.Equal(Expected(Documents) + Expected(Documents), text);
        Assert.Empty(damage);
        Assert.Equal(2 * Documents.Count(d => d is null), statistics.Nulls);
        Assert.Equal(Expected(Documents[300..]), Read(path, new TextPosition(1, 300)).Text);
    }

    [Fact]
    public void Row_groups_without_rows_are_read()
    {
        string path = _folder.PathOf("빈 그룹.parquet");
        using (ParquetFileWriter writer = new(path, [new Column<string>("text")]))
        {
            foreach (string?[] documents in (string?[][])[[], ["one"], [], [], ["two", null], []])
            {
                using RowGroupWriter group = writer.AppendRowGroup();
                Fill(group, documents);
            }

            writer.Close();
        }

        (string text, string[] damage, TextStatistics statistics) = Read(path);
        Assert.Equal(("one\n\ntwo\n\n", 1), (text, statistics.Nulls));
        Assert.Empty(damage);
    }

    [Fact]
    public void A_file_without_row_groups_has_no_documents()
    {
        string path = _folder.PathOf("no-groups.parquet");
        using (ParquetFileWriter writer = new(path, [new Column<string>("text")])) writer.Close();
        (string text, string[] damage, _) = Read(path);
        Assert.Equal("", text);
        Assert.Empty(damage);
    }

    [Fact]
    public void Pages_without_a_value_hide_no_rows()
    {
        string path = _folder.Write("empty-pages.parquet",
            HandMadeParquet.Write(new Group([], ["one", "two"], [], [], ["three"], []), new Group([]), new Group([], ["four"])));
        (string text, string[] damage, _) = Read(path);
        Assert.Equal("one\n\ntwo\n\nthree\n\nfour\n\n", text);
        Assert.Empty(damage);
        Assert.Equal("three\n\nfour\n\n", Read(path, new TextPosition(0, 2)).Text);
    }

    [Fact]
    public void Rows_that_are_missing_are_counted()
    {
        string path = _folder.Write("missing.parquet",
            HandMadeParquet.Write(new Group(["one", "two"]) { MissingRows = 7 }, new Group(["three"])));
        (string text, string[] damage, _) = Read(path, rows: 7);
        Assert.Equal("one\n\ntwo\n\nthree\n\n", text);
        Assert.Contains("row group 0, rows 2 to 8", Assert.Single(damage), StringComparison.Ordinal);
    }

    /// <summary>The first row group could be read; the file is refused all the same, before anything of it is written.</summary>
    [Theory]
    [InlineData(3, 0, "compressed as Lzo")]
    [InlineData(0, 9, "encoded as ByteStreamSplit")]
    public void What_the_reader_does_not_support_is_not_damage(int compression, int encoding, string reason)
    {
        Group second = new(["one"]) { Compression = compression, Encoding = encoding };
        string path = _folder.Write("new.parquet", HandMadeParquet.Write(new Group(["zero"]), second));
        string message = Assert.Throws<InvalidDataException>(() => new ParquetInput(path, "text", default)).Message;
        Assert.StartsWith(path, message, StringComparison.Ordinal);
        Assert.Contains($"row group 1 is {reason}, which is not supported", message, StringComparison.Ordinal);
    }

    public static TheoryData<string, Node, string?> Columns => new()
    {
        { "required", Text(Repetition.Required, LogicalType.String()), null },
        { "optional", Text(Repetition.Optional, LogicalType.String()), null },
        { "bytes without a name", Text(Repetition.Required, LogicalType.None()), null },
        { "JSON", Text(Repetition.Optional, LogicalType.Json()), null },
        { "enum", Text(Repetition.Required, LogicalType.Enum()), null },
        { "BSON", Text(Repetition.Required, LogicalType.Bson()), "is of type ByteArray (Bson), not text" },
        { "repeated", Text(Repetition.Repeated, LogicalType.String()), "holds a list" },
        {
            "fixed length", new PrimitiveNode("text", Repetition.Required, LogicalType.None(), PhysicalType.FixedLenByteArray, 5),
            "is of type FixedLenByteArray (None), not text"
        },
        { "number", new PrimitiveNode("text", Repetition.Required, LogicalType.None(), PhysicalType.Int64), "is of type Int64" },
        { "structure", new GroupNode("text", Repetition.Optional, [Text(Repetition.Optional, LogicalType.String())]), "text.text" },
    };

    [Theory]
    [MemberData(nameof(Columns))]
    public void Columns_of_text_are_read_and_others_refused(string name, Node column, string? refusal)
    {
        string path = _folder.PathOf($"{name}.parquet");
        using (column)
        using (GroupNode schema = new("schema", Repetition.Required, [column]))
        using (var properties = WriterProperties.GetDefaultWriterProperties())
        using (ParquetFileWriter writer = new(path, schema, properties))
        {
            if (refusal is null)
            {
                using RowGroupWriter group = writer.AppendRowGroup();
                using ColumnWriter text = group.NextColumn();
                Fill(text, ["first", "second"], isOptional: name is "optional" or "JSON");
            }

            writer.Close();
        }

        if (refusal is null) Assert.Equal("first\n\nsecond\n\n", Read(path).Text);
        else Assert.Contains(refusal, Assert.Throws<InvalidDataException>(() => Read(path)).Message, StringComparison.Ordinal);
    }

    /// <summary>A structure has more columns than names at the top, and a null inside it may be of either.</summary>
    [Fact]
    public void A_nested_column_is_read_by_its_path()
    {
        string path = _folder.PathOf("nested.parquet");
        using (GroupNode page = new("page", Repetition.Optional, [Text(Repetition.Optional, LogicalType.String())]))
        using (GroupNode schema = new("schema", Repetition.Required, [page, Text(Repetition.Required, LogicalType.String())]))
        using (var properties = WriterProperties.GetDefaultWriterProperties())
        using (ParquetFileWriter writer = new(path, schema, properties))
        {
            using RowGroupWriter group = writer.AppendRowGroup();
            Fill(group, (Nested<string?>?[])[new Nested<string?>("inner"), null, new Nested<string?>(null)]);
            Fill(group, (string[])["a", "b", "c"]);
            writer.Close();
        }

        Assert.Equal("a\n\nb\n\nc\n\n", Read(path).Text);
        (string text, _, TextStatistics statistics) = Read(path, field: "page.text");
        Assert.Equal(("inner\n\n", 2), (text, statistics.Nulls));
    }

    [Theory]
    [InlineData(false, "the parquet file is encrypted")]
    [InlineData(true, "the column is encrypted")]
    public void An_encrypted_file_is_refused(bool hasPlainFooter, string reason)
    {
        string path = _folder.PathOf("secret.parquet");
        using (FileEncryptionPropertiesBuilder keys = new("0123456789012345"u8.ToArray()))
        using (FileEncryptionProperties encryption = (hasPlainFooter ? keys.SetPlaintextFooter() : keys).Build())
        using (WriterPropertiesBuilder builder = new())
        using (WriterProperties properties = builder.Encryption(encryption).Build())
        using (ParquetFileWriter writer = new(path, [new Column<string>("text")], properties))
        {
            using RowGroupWriter group = writer.AppendRowGroup();
            Fill(group, (string[])["secret"]);
            writer.Close();
        }

        string message = Assert.Throws<InvalidDataException>(() => Read(path)).Message;
        Assert.Contains($"{reason}. Decrypt it first", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_can_be_opened_at_any_row()
    {
        string path = await Write(CompressionMethod.Snappy, isNullable: true);
        Assert.Equal(Expected(Documents[100..]) + Expected(Documents), Read(path, new TextPosition(0, 100)).Text);
        Assert.Equal(Expected(Documents[499..]), Read(path, new TextPosition(1, 499)).Text);
        Assert.Equal("", Read(path, new TextPosition(2, 0)).Text);
    }

    [Fact]
    public async Task A_damaged_page_costs_the_rest_of_its_row_group_alone()
    {
        string path = await Write(CompressionMethod.Gzip, isNullable: true);
        byte[] content = File.ReadAllBytes(path);
        int at = content.AsSpan().LastIndexOf((byte[])[0x1F, 0x8B, 0x08]); // the last page's gzip stream
        content.AsSpan(at, 2).Clear();
        File.WriteAllBytes(path, content);
        (string text, string[] damage, _) = Read(path, rows: 500);
        Assert.StartsWith(Expected(Documents), text, StringComparison.Ordinal);
        Assert.Contains("row group 1, rows 0 to 499", Assert.Single(damage), StringComparison.Ordinal);
        Assert.DoesNotContain("parquet::", damage[0], StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", damage[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_before_a_damaged_page_stay()
    {
        byte[] content = HandMadeParquet.Write(new Group(["one", "two"], ["three", "four"], ["five"]), new Group(["six"]));
        int length = content.AsSpan().IndexOf("three"u8) - sizeof(int);
        content.AsSpan(length, sizeof(int)).Fill(0x7F);
        (string text, string[] damage, _) = Read(_folder.Write("page.parquet", content), rows: 3);
        Assert.Equal("one\n\ntwo\n\nsix\n\n", text);
        Assert.Contains("row group 0, rows 2 to 4", Assert.Single(damage), StringComparison.Ordinal);
    }

    /// <summary>The text stays valid, so that only the checksum can tell.</summary>
    [Fact]
    public void A_page_with_a_wrong_checksum_is_damaged()
    {
        string path = _folder.PathOf("checksum.parquet");
        using (WriterPropertiesBuilder builder = new())
        using (WriterProperties properties =
            builder.EnablePageChecksum().DisableDictionary().DisableStatistics().Compression(Compression.Uncompressed).Build())
        using (ParquetFileWriter writer = new(path, [new Column<string>("text")], properties))
        {
            foreach (string document in (string[])["first", "second"])
            {
                using RowGroupWriter group = writer.AppendRowGroup();
                Fill(group, (string[])[document, "more"]);
            }

            writer.Close();
        }

        byte[] content = File.ReadAllBytes(path);
        content[content.AsSpan().IndexOf("first"u8)] = (byte)'F';
        File.WriteAllBytes(path, content);
        (string text, string[] damage, _) = Read(path, rows: 2);
        Assert.Equal("second\n\nmore\n\n", text);
        Assert.Contains("row group 0, rows 0 to 1", Assert.Single(damage), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_with_damaged_rows_only_is_refused()
    {
        byte[] content = HandMadeParquet.Write(new Group([]) { MissingRows = 4 }, new Group([]) { MissingRows = 5 });
        string path = _folder.Write("all.parquet", content);
        string message = Assert.Throws<InvalidDataException>(() => Read(path)).Message;
        Assert.StartsWith($"{path}: none of its records can be read. Damaged: 9, the last at row group 1, rows 0 to 4", message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_that_are_not_text_are_skipped_one_by_one()
    {
        byte[] content = HandMadeParquet.Write(new Group(["one", "<two>", "three"]));
        content[content.AsSpan().IndexOf("<two>"u8)] = 0xFF;
        (string text, string[] damage, _) = Read(_folder.Write("latin.parquet", content), rows: 1);
        Assert.Equal("one\n\nthree\n\n", text);
        Assert.Contains("row group 0, row 1", Assert.Single(damage), StringComparison.Ordinal);
        Assert.Contains("not UTF-8", damage[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("body", "there is no column 'body'; there are: id, text")]
    [InlineData("id", "not text")]
    public async Task Another_column_is_refused_at_once(string column, string reason)
    {
        string path = await Write(CompressionMethod.Snappy, isNullable: true);
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => new ParquetInput(path, column, default));
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_was_cut_off_is_refused()
    {
        byte[] content = File.ReadAllBytes(await Write(CompressionMethod.Snappy, isNullable: true));
        for (int length = 12; length < content.Length; length += 97)
        {
            string path = _folder.Write("cut.parquet", content[..length]);
            string message = Assert.Throws<InvalidDataException>(() => new ParquetInput(path, "text", default)).Message;
            Assert.StartsWith($"{path}: the parquet file is cut off", message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", "the file is empty (0 bytes)")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n", "git lfs pull")]
    [InlineData("\n<!DOCTYPE html><html><body>404", "an HTML or XML page")]
    [InlineData("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "an HTML or XML page")]
    [InlineData("{\"text\":\"a line\"}\n", "it does not begin with PAR1")]
    [InlineData("PK\u0003\u0004more", "a zip archive")]
    [InlineData("PAR1", "cut off")]
    [InlineData("PAR1PAR1", "cut off")]
    [InlineData("PAR1 and a footer that is none\u0004\0\0\0PAR1", "the parquet reader says")]
    [InlineData("PAR1\u0040\0\0\0PAR1", "the parquet reader says")]
    public void Another_file_is_named_for_what_it_is(string content, string reason)
    {
        string path = _folder.Write("other.parquet", content);
        string message = Assert.Throws<InvalidDataException>(() => Read(path)).Message;
        Assert.StartsWith(path, message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.DoesNotContain("parquet::", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    private static PrimitiveNode Text(Repetition repetition, LogicalType type) => new("text", repetition, type, PhysicalType.ByteArray);

    private static void Fill<T>(RowGroupWriter group, T[] values)
    {
        using ColumnWriter column = group.NextColumn();
        Fill(column, values);
    }

    /// <summary>Writes the bytes as they are, for columns of any meaning.</summary>
    private static void Fill(ColumnWriter column, string[] texts, bool isOptional)
    {
        short[] levels = [.. texts.Select(_ => (short)(isOptional ? 1 : 0))];
        foreach (string text in texts)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            var handle = GCHandle.Alloc(bytes, GCHandleType.Pinned);
            ByteArray value = new(handle.AddrOfPinnedObject(), bytes.Length);
            ((ColumnWriter<ByteArray>)column).WriteBatch(1, levels.AsSpan(0, 1), [], [value]);
            handle.Free();
        }
    }

    private static void Fill<T>(ColumnWriter column, T[] values)
    {
        using LogicalColumnWriter<T> writer = column.LogicalWriter<T>();
        writer.WriteBatch(values);
    }

    private static string Expected(IEnumerable<string?> documents) =>
        string.Concat(documents.OfType<string>().Select(document => document.Replace("\n\n", "\n", StringComparison.Ordinal) + "\n\n"));

    /// <summary>The text of a file and its skipped rows, whose number must be the one given.</summary>
    private static (string Text, string[] Damage, TextStatistics Statistics) Read(
        string path, TextPosition position = default, string field = "text", int rows = 0)
    {
        using MemoryStream text = new(), damage = new();
        TextStatistics statistics = new();
        using ParquetInput input = new(path, field, position);
        DocumentWriter writer = new(text, statistics);
        DamageLog log = new(damage, 0);
        long length = new FileInfo(path).Length;
        while (input.Next(writer, log)) Assert.InRange(input.BytesRead, 0, length);
        Assert.Equal(length, input.BytesRead);
        string[] lines = Encoding.UTF8.GetString(damage.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(rows, log.Count);
        Assert.Equal(rows, lines.Sum(line => JsonDocument.Parse(line).RootElement.GetProperty("records").GetInt64()));
        return (Encoding.UTF8.GetString(text.ToArray()), lines, statistics);
    }

    /// <summary>Two row groups with the columns id and text.</summary>
    private async Task<string> Write(CompressionMethod compression, bool isNullable)
    {
        string?[] documents = isNullable ? Documents : [.. Documents.OfType<string>()];
        ParquetSchema schema = new(new DataField<long>("id"), new DataField("text", typeof(string), isNullable));
        string path = _folder.PathOf($"{compression}-{isNullable}.parquet");
        await using FileStream file = File.Create(path);
        await using ParquetWriter writer =
            await ParquetWriter.CreateAsync(schema, file, new ParquetOptions { CompressionMethod = compression });
        for (int i = 0; i < 2; i++)
        {
            using ParquetRowGroupWriter group = writer.CreateRowGroup();
            await group.WriteAsync<long>(schema.DataFields[0], Enumerable.Range(0, documents.Length).Select(row => (long)row).ToArray());
            await group.WriteAsync(schema.DataFields[1], documents);
        }

        return path;
    }
}
