using System.Text.Json;
using HslEmbeddingZero.Samples.PrepareData;
using Parquet;
using Parquet.Schema;
using ParquetSharp;

namespace HslEmbeddingZero.Faults;

/// <summary>
/// Documents in parquet files, with every supported compression, encoding and page version. The reader is native code: a fault of its own
/// would end the process, which the parent process notices.
/// </summary>
internal sealed class ParquetFormat : DamagedFormat
{
    private static readonly CompressionMethod[] Compressions = [CompressionMethod.None, CompressionMethod.Snappy, CompressionMethod.Gzip,
        CompressionMethod.Brotli, CompressionMethod.Zstd, CompressionMethod.Lz4Raw];

    private static readonly Func<WriterPropertiesBuilder, WriterPropertiesBuilder>[] Settings =
    [
        builder => builder.EnablePageChecksum().Compression(Compression.Snappy),
        builder => builder.DisableDictionary().Encoding("text", ParquetSharp.Encoding.DeltaLengthByteArray),
        builder => builder.DisableDictionary().Encoding("text", ParquetSharp.Encoding.DeltaByteArray).Compression(Compression.Zstd),
        builder => builder.DataPageVersion(ParquetDataPageVersion.V2).DataPagesize(500).WriteBatchSize(10).Compression(Compression.Gzip),
        builder => builder.DictionaryPagesizeLimit(500).DataPagesize(500).WriteBatchSize(10).Compression(Compression.Lz4Hadoop),
    ];

    private readonly string _path;
    private readonly List<byte[]> _valid = [];

    public ParquetFormat(string folder)
    {
        _path = Path.Combine(folder, "a.parquet");
        foreach (CompressionMethod compression in Compressions)
        {
            foreach (bool isNullable in new[] { true, false })
                _valid.Add(Write(compression, isNullable).GetAwaiter().GetResult());
        }

        foreach (Func<WriterPropertiesBuilder, WriterPropertiesBuilder> setting in Settings) _valid.Add(Write(setting));
    }

    public override string? Read(Random random)
    {
        byte[] valid = _valid[random.Next(_valid.Count)];
        int footer = BitConverter.ToInt32(valid, valid.Length - 8);

        // Half of the damage goes to the footer, which is small but decides everything.
        byte[] damaged = random.Next(2) == 0
            ? Mutator.Damage(valid, random, isText: false, -8)
            : [.. valid[..^(footer + 8)], .. Mutator.Damage(valid[^(footer + 8)..^8], random, isText: false), .. valid[^8..]];
        File.WriteAllBytes(_path, damaged);
        return Refusal(_path, ReadAll, error => error is InvalidDataException);
    }

    /// <summary>Every document in the output must be text. Skipped records must be reported.</summary>
    private void ReadAll()
    {
        using MemoryStream text = new(), damage = new();
        TextStatistics statistics = new();
        DamageLog log = new(damage, 0);
        using (ParquetInput input = new(_path, "text", default))
        {
            DocumentWriter writer = new(text, statistics);
            while (input.Next(writer, log)) continue;
        }

        Require(System.Text.Unicode.Utf8.IsValid(text.GetBuffer().AsSpan(0, (int)text.Length)), "what was written is not UTF-8");
        Require(text.Length == statistics.Bytes + statistics.Documents, "the figures do not fit what was written");
        long listed = System.Text.Encoding.UTF8.GetString(damage.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Sum(line => JsonDocument.Parse(line).RootElement.GetProperty("records").GetInt64());
        Require(log.Count == listed, "damage is not listed");
    }

    private static string?[] Documents(bool isNullable) => [.. Enumerable.Range(0, 120).Select(
        i => isNullable && i % 7 == 3 ? null : i % 5 == 1 ? "said again" : $"Document {i} {new string((char)('a' + (i % 26)), i)}")];

    private static byte[] Write(Func<WriterPropertiesBuilder, WriterPropertiesBuilder> setting)
    {
        using MemoryStream file = new();
        using WriterPropertiesBuilder builder = new();
        using WriterProperties properties = setting(builder).Build();
        using (ParquetFileWriter writer = new(
            file, [new Column<long>("id"), new Column<string>("text")], LogicalTypeFactory.Default, properties, leaveOpen: true))
        {
            for (int i = 0; i < 2; i++)
            {
                using RowGroupWriter group = writer.AppendRowGroup();
                using (LogicalColumnWriter<long> ids = group.NextColumn().LogicalWriter<long>())
                    ids.WriteBatch([.. Enumerable.Range(0, 120).Select(row => (long)row)]);
                using LogicalColumnWriter<string?> texts = group.NextColumn().LogicalWriter<string?>();
                texts.WriteBatch(Documents(isNullable: true));
            }

            writer.Close();
        }

        return file.ToArray();
    }

    private static async Task<byte[]> Write(CompressionMethod compression, bool isNullable)
    {
        string?[] documents = Documents(isNullable);
        ParquetSchema schema = new(new DataField<long>("id"), new DataField("text", typeof(string), isNullable));
        using MemoryStream file = new();
        await using (ParquetWriter writer = await ParquetWriter.CreateAsync(schema, file,
            new ParquetOptions { CompressionMethod = compression }))
        {
            for (int i = 0; i < 2; i++)
            {
                using ParquetRowGroupWriter group = writer.CreateRowGroup();
                await group.WriteAsync<long>(schema.DataFields[0],
                    Enumerable.Range(0, documents.Length).Select(row => (long)row).ToArray());
                await group.WriteAsync(schema.DataFields[1], documents);
            }
        }

        return file.ToArray();
    }
}
