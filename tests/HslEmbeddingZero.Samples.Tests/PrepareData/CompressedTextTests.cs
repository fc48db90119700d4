using System.IO.Compression;
using System.Text;
using System.Text.Json;
using HslEmbeddingZero.Samples.PrepareData;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

/// <summary>Compressed text, as public dumps come. What can be read of a damaged file stays, and the damage is named.</summary>
public sealed class CompressedTextTests : IDisposable
{
    private static readonly string[] Lines =
        [.. Enumerable.Range(0, 20_000).Select(i => $"line {i} {(i * 7919L) % 10_007} 안녕")];

    private static readonly string Documents = string.Join("\n\n", Lines) + "\n\n";

    private static readonly string JsonLines = string.Join('\n', Lines.Select(line => $$"""{"text":"{{line}}"}"""));

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Endings => [".gz", ".zst"];

    [Theory]
    [MemberData(nameof(Endings))]
    public void Compressed_text_and_json_lines_are_read(string ending)
    {
        foreach (string name in (string[])["a.txt", "a.jsonl", "a.NDJSON", "a.json"])
        {
            (string text, string[] damage) = Read(name + ending, Compress(name == "a.txt" ? Documents : JsonLines, ending));
            Assert.Equal(Documents, text);
            Assert.Empty(damage);
        }
    }

    [Theory]
    [MemberData(nameof(Endings))]
    public void Parts_one_after_another_are_one_text(string ending)
    {
        string[] parts = [JsonLines[..1000], JsonLines[1000..100_000], "", JsonLines[100_000..]];
        byte[] content = [.. parts.SelectMany(part => Compress(part, ending))];
        (string text, string[] damage) = Read("a.jsonl" + ending, content);
        Assert.Equal(Documents, text);
        Assert.Empty(damage);
    }

    /// <summary>A resumed run reads the text again up to where it stopped, and goes on as if it had never stopped.</summary>
    [Theory]
    [MemberData(nameof(Endings))]
    public void A_compressed_file_can_be_opened_at_any_line(string ending)
    {
        string path = _folder.Write("a.jsonl" + ending, Compress(JsonLines, ending));
        foreach (int records in (int[])[1, 100, 15_000, Lines.Length])
        {
            using MemoryStream before = new(), after = new(), damage = new();
            TextPosition position;
            using (var input = TextInput.Open(path, "text", default, longest: 1000))
            {
                DocumentWriter writer = new(before, new TextStatistics());
                for (int i = 0; i < records; i++) Assert.True(input.Next(writer, new DamageLog(damage, 0)));
                position = input.Position;
            }

            long read = JsonLines.Split('\n')[..records].Sum(line => Encoding.UTF8.GetByteCount(line) + 1L);
            Assert.Equal(Math.Min(read, Encoding.UTF8.GetByteCount(JsonLines)), position.Offset);
            using (var input = TextInput.Open(path, "text", position, longest: 1000))
            {
                DocumentWriter writer = new(after, new TextStatistics());
                while (input.Next(writer, new DamageLog(damage, 0))) continue;
            }

            Assert.Equal(Documents, Encoding.UTF8.GetString([.. before.ToArray(), .. after.ToArray()]));
            Assert.Equal(0, damage.Length);
        }
    }

    [Theory]
    [InlineData(".gz", 1)]
    [InlineData(".gz", 3)]
    [InlineData(".gz", 8)]
    [InlineData(".gz", 2000)]
    [InlineData(".gz", 30_000)]
    [InlineData(".zst", 1)]
    [InlineData(".zst", 2000)]
    [InlineData(".zst", 30_000)]
    public void A_text_that_is_cut_off_keeps_what_was_read(string ending, int missing)
    {
        byte[] content = Compress(JsonLines, ending)[..^missing];
        (string text, string[] damage) = Read("a.jsonl" + ending, content);
        Assert.StartsWith(text, Documents, StringComparison.Ordinal);
        Assert.InRange(text.Length, Documents.Length / 10, Documents.Length);
        Assert.Contains($"cut off at byte {content.Length} of the compressed file", damage[^1], StringComparison.Ordinal);
        Assert.StartsWith("after line ", damage[^1], StringComparison.Ordinal);
        Assert.InRange(damage.Length, 1, 2); // The last line may be cut in two.
    }

    [Theory]
    [InlineData(".gz", "there is no gzip data")]
    [InlineData(".zst", "or ends and other bytes follow")]
    public void Other_bytes_after_the_end_are_named(string ending, string reason)
    {
        byte[] compressed = Compress(JsonLines, ending);
        (string text, string[] damage) = Read("a.jsonl" + ending, [.. compressed, .. "this is something else"u8]);
        Assert.Equal(Documents, text);
        Assert.Contains(reason, Assert.Single(damage), StringComparison.Ordinal);
        Assert.Contains($"byte {compressed.Length} of the compressed file", damage[0], StringComparison.Ordinal);
    }

    /// <summary>The end of the text and the end of the reading buffer may fall together.</summary>
    [Theory]
    [MemberData(nameof(Endings))]
    public void A_text_of_any_length_is_read_to_its_end(string ending)
    {
        foreach (int length in (int[])[1, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 262_144])
        {
            string line = new('x', 99);
            string content = string.Concat(Enumerable.Repeat(line + "\n", length / 100)) + new string('y', length % 100);
            (string text, string[] damage) = Read("a.txt" + ending, Compress(content, ending));
            Assert.Equal(content.TrimEnd('\n') + "\n\n", text);
            Assert.Empty(damage);
        }
    }

    [Fact]
    public void Zeros_after_the_end_are_the_padding_of_tapes()
    {
        (string text, string[] damage) = Read("a.jsonl.gz", [.. Compress(JsonLines, ".gz"), .. new byte[200_000]]);
        Assert.Equal(Documents, text);
        Assert.Empty(damage);
    }

    [Theory]
    [MemberData(nameof(Endings))]
    public void A_damaged_second_part_is_not_lost_silently(string ending)
    {
        byte[] first = Compress("""{"text":"first"}""" + "\n", ending);
        byte[] second = Compress(JsonLines, ending);
        second[0] ^= 1;
        (string text, string[] damage) = Read("a.jsonl" + ending, [.. first, .. second]);
        Assert.Equal("first\n\n", text);
        Assert.Contains($"byte {first.Length} of the compressed file", Assert.Single(damage), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".gz", -6)] // the checksum
    [InlineData(".gz", -2)] // the length
    [InlineData(".gz", 50_000)]
    [InlineData(".zst", 50_000)]
    [InlineData(".zst", -2)] // the checksum
    public void Damage_in_the_middle_is_named(string ending, int at)
    {
        byte[] content = Compress(JsonLines, ending);
        content[at < 0 ? content.Length + at : at] ^= 0x55;
        (string text, string[] damage) = Read("a.jsonl" + ending, content);
        Assert.StartsWith("line 0 0 안녕\n\nline 1 ", text, StringComparison.Ordinal);
        Assert.Contains("data is damaged", damage[^1], StringComparison.Ordinal);
        Assert.Contains("of the compressed file", damage[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Every_field_of_a_gzip_header_is_skipped()
    {
        byte[] content = Compress(JsonLines, ".gz");
        const byte everyField = 2 | 4 | 8 | 16;
        byte[] withFields =
        [
            .. content[..3], everyField, .. content[4..10],
            3, 0, 1, 2, 3, .. "name.jsonl\0a comment\0"u8, 0xAB, 0xCD,
            .. content[10..],
        ];
        (string text, string[] damage) = Read("a.jsonl.gz", withFields);
        Assert.Equal(Documents, text);
        Assert.Empty(damage);
    }

    /// <summary>As zstd --long=31 writes. The window of the format's default is 128 MiB at most.</summary>
    [Theory]
    [InlineData(27)]
    [InlineData(30)]
    [InlineData(31)]
    public void Long_windows_of_zstd_are_read(int windowLog)
    {
        using MemoryStream compressed = new();
        using (ZstdSharp.CompressionStream stream = new(compressed))
        {
            stream.SetParameter(ZstdSharp.Unsafe.ZSTD_cParameter.ZSTD_c_windowLog, windowLog);
            stream.Write(Encoding.UTF8.GetBytes(Documents));
        }

        (string text, string[] damage) = Read("a.txt.zst", compressed.ToArray());
        Assert.Equal(Documents, text);
        Assert.Empty(damage);
    }

    [Theory]
    [MemberData(nameof(Endings))]
    public void A_file_whose_first_part_is_damaged_is_refused(string ending)
    {
        byte[] content = Compress("""{"text":"first"}""", ending);
        string message = Assert.Throws<InvalidDataException>(() => Read("a.jsonl" + ending, content[..^(content.Length - 7)])).Message;
        Assert.Contains("none of its records can be read", message, StringComparison.Ordinal);
        Assert.Contains("cut off", message, StringComparison.Ordinal);
    }

    /// <summary>The rest of its text is missing, so the run does not end as if all was read.</summary>
    [Theory]
    [MemberData(nameof(Endings))]
    public void A_file_that_is_cut_off_is_named_at_the_end_and_keeps_its_documents(string ending)
    {
        byte[] content = Compress("one\n\ntwo", ending)[..^2];
        string cut = _folder.Write("cut.txt" + ending, content), output = _folder.PathOf("corpus.txt");
        string last = _folder.Write("last.txt", "last\n");
        (int exitCode, string shown, string error) = SampleProcess.Run("PrepareData.dll", ["text", cut, last, "--out", output]);
        Assert.Equal(1, exitCode);
        string format = ending == ".gz" ? "gzip" : "zstd";
        string reason = $"the {format} data is cut off at byte {content.Length} of the compressed file. The rest is lost";
        Assert.StartsWith($"error: 1 of 2 files were not read: cut.txt{ending} (after line 3, byte 8: {reason}); the others are in ",
            ProgressLines.Removed(error), StringComparison.Ordinal);
        Assert.Equal("one\n\ntwo\n\nlast\n\n", File.ReadAllText(output));
        Assert.Contains("damaged and skipped: 0 records and 1 files", shown, StringComparison.Ordinal);
        JsonElement entry = JsonDocument.Parse(Assert.Single(File.ReadAllLines(output + ".damaged.jsonl"))).RootElement;
        Assert.Equal(("after line 3, byte 8", reason), (entry.GetProperty("place").GetString(), entry.GetProperty("reason").GetString()));
    }

    /// <summary>As parallel compressors write them: a frame to skip, then one of text.</summary>
    [Theory]
    [InlineData(0x50, 1)]
    [InlineData(0x5F, 3)]
    public void Frames_of_zstd_that_are_to_be_skipped_may_stand_anywhere(byte magic, int parts)
    {
        byte[] skipped = [magic, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 9, 9, 9, 9];
        byte[] content = [.. Enumerable.Range(0, parts).SelectMany(
            part => (byte[])[.. skipped, .. Compress($"line {part}\n\n", ".zst")]), .. skipped];
        (string text, string[] damage) = Read("a.txt.zst", content);
        Assert.Equal(string.Concat(Enumerable.Range(0, parts).Select(part => $"line {part}\n\n")), text);
        Assert.Empty(damage);
        Assert.Contains("this is zstd data",
            Assert.Throws<InvalidDataException>(() => Read("a.txt", content)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_program_takes_compressed_files_and_parquet()
    {
        string[] inputs =
        [
            _folder.Write("a.txt.gz", Compress("one\n\n", ".gz")),
            _folder.Write("b.json.gz", Compress("""{"text":"two","score":NaN}""", ".gz")),
            _folder.Write("c.jsonl.zst", Compress("""{"text":"three"}""", ".zst")),
            _folder.Write("d.parquet", HandMadeParquet.Write(new HandMadeParquet.Group([], ["four"]))),
            _folder.Write("e.txt.zst", Compress("five", ".zst")),
        ];
        string output = _folder.PathOf("corpus.txt");
        (int exitCode, string shown, string error) = SampleProcess.Run("PrepareData.dll", ["text", .. inputs, "--out", output]);
        Assert.True(exitCode == 0, error + shown);
        Assert.Equal("one\n\ntwo\n\nthree\n\nfour\n\nfive\n\n", File.ReadAllText(output));
        Assert.DoesNotContain("damaged", shown, StringComparison.Ordinal);
    }

    private static byte[] Compress(string text, string ending)
    {
        byte[] content = Encoding.UTF8.GetBytes(text);
        using MemoryStream compressed = new();
        if (ending == ".gz")
        {
            using GZipStream gzip = new(compressed, CompressionLevel.Fastest, leaveOpen: true);
            gzip.Write(content);
        }
        else
        {
            using ZstdSharp.CompressionStream zstd = new(compressed, level: 1, leaveOpen: true);
            zstd.SetParameter(ZstdSharp.Unsafe.ZSTD_cParameter.ZSTD_c_checksumFlag, 1);
            zstd.Write(content);
        }

        return compressed.ToArray();
    }

    /// <summary>Reads a file. What ends it early comes after the damage in it.</summary>
    private (string Text, string[] Damage) Read(string name, byte[] content)
    {
        using MemoryStream text = new(), damage = new();
        using var input = TextInput.Open(_folder.Write(name, content), "text", default, longest: 1000);
        DocumentWriter writer = new(text, new TextStatistics());
        DamageLog log = new(damage, 0);
        string[] end = [];
        try
        {
            while (input.Next(writer, log)) Assert.InRange(input.BytesRead, 0, content.Length);
        }
        catch (EarlyEndException early)
        {
            end = [$"{early.Place}: {early.Message}"];
        }

        string[] lines = Encoding.UTF8.GetString(damage.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => JsonDocument.Parse(line).Dispose());
        return (Encoding.UTF8.GetString(text.ToArray()), [.. lines, .. end]);
    }
}
