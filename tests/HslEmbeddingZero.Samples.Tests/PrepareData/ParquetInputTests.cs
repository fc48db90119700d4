using System.Text;
using HslEmbeddingZero.Samples.PrepareData;
using HslEmbeddingZero.Tests;
using Parquet;
using Parquet.Schema;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

/// <summary>Files are written by Parquet.Net, an independent implementation of the format.</summary>
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
    public async Task Every_compression_and_nulls_are_read(CompressionMethod compression)
    {
        string path = await Write(compression, isNullable: true);
        (string text, string[] damage, TextStatistics statistics) = Read(path, default);
        Assert.Equal(Expected(Documents) + Expected(Documents), text);
        Assert.Empty(damage);
        Assert.Equal(2 * Documents.Count(d => d is null), statistics.Nulls);

        string[] required = [.. Documents.OfType<string>()];
        Assert.Equal(Expected(required) + Expected(required), Read(await Write(compression, isNullable: false), default).Text);
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
        (string text, string[] damage, _) = Read(path, default);
        Assert.StartsWith(Expected(Documents), text, StringComparison.Ordinal);
        Assert.Contains("row group 1, from row 0 to 499", Assert.Single(damage), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CompressionMethod.Lz4Raw, "text", "compression number 7")]
    [InlineData(CompressionMethod.Snappy, "body", "no column 'body'; there are id, text")]
    [InlineData(CompressionMethod.Snappy, "id", "not plain text")]
    public async Task What_is_not_read_is_refused_at_once(CompressionMethod compression, string column, string reason)
    {
        string path = await Write(compression, isNullable: true);
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => new ParquetInput(path, column, default));
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_was_cut_off_is_refused()
    {
        byte[] content = File.ReadAllBytes(await Write(CompressionMethod.Snappy, isNullable: true));
        for (int length = 0; length < content.Length; length += 97)
            Assert.Throws<InvalidDataException>(() => new ParquetInput(_folder.Write("cut.parquet", content[..length]), "text", default));
    }

    /// <summary>Changes each byte of the footer in turn. Wrong sizes must cost neither memory nor time.</summary>
    [Fact]
    public async Task Every_changed_byte_of_the_footer_is_borne()
    {
        byte[] content = File.ReadAllBytes(await Write(CompressionMethod.Snappy, isNullable: true));
        int footer = BitConverter.ToInt32(content, content.Length - 8);
        int refused = 0;
        for (int at = content.Length - 8 - footer; at < content.Length; at++)
        {
            foreach (byte change in new byte[] { 0xFF, 0x80, 0x01 })
            {
                content[at] ^= change;
                string path = _folder.Write("changed.parquet", content);
                content[at] ^= change;
                try
                {
                    Read(path, default);
                }
                catch (InvalidDataException)
                {
                    refused++;
                }
            }
        }

        Assert.InRange(refused, footer / 4, footer * 3);
    }

    private static string Expected(IEnumerable<string?> documents) =>
        string.Concat(documents.OfType<string>().Select(document => document.Replace("\n\n", "\n", StringComparison.Ordinal) + "\n\n"));

    private static (string Text, string[] Damage, TextStatistics Statistics) Read(string path, TextPosition position)
    {
        using MemoryStream text = new(), damage = new();
        TextStatistics statistics = new();
        using ParquetInput input = new(path, "text", position);
        DocumentWriter writer = new(text, statistics);
        DamageLog log = new(damage, 0);
        while (input.Next(writer, log)) continue;
        return (Encoding.UTF8.GetString(text.ToArray()),
            Encoding.UTF8.GetString(damage.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries), statistics);
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
