using System.Text;
using HslEmbeddingZero.Samples.PrepareData;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

public sealed class TextInputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The output for a file, and its skipped records.</summary>
    private (string Text, string[] Damage, TextStatistics Statistics) Read(string name, byte[] content, int longest = 1000)
    {
        using MemoryStream text = new(), damage = new();
        TextStatistics statistics = new();
        using var input = TextInput.Open(_folder.Write(name, content), "text", default, longest);
        DocumentWriter writer = new(text, statistics);
        DamageLog log = new(damage, 0);
        while (input.Next(writer, log)) Assert.InRange(input.BytesRead, 0, content.Length);
        Assert.Equal(content.Length, input.BytesRead);
        string[] lines = Encoding.UTF8.GetString(damage.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(log.Count, lines.Length);
        return (Encoding.UTF8.GetString(text.ToArray()), lines, statistics);
    }

    private (string Text, string[] Damage, TextStatistics Statistics) Read(string name, string content, int longest = 1000) =>
        Read(name, Encoding.UTF8.GetBytes(content), longest);

    [Fact]
    public void Plain_text_keeps_its_documents()
    {
        (string text, string[] damage, TextStatistics statistics) = Read("a.txt", "\uFEFFone\r\ntwo\r\n\r\n\n\nthree\r\r\n\r\r\nfour");
        Assert.Equal("one\ntwo\n\nthree\n\nfour\n\n", text);
        Assert.Empty(damage);
        Assert.Equal((3, 8 + 6 + 5, 8), (statistics.Documents, statistics.Bytes, statistics.Longest));
    }

    [Fact]
    public void Plain_text_lines_that_cannot_be_used_are_skipped_and_named()
    {
        (string text, string[] damage, _) =
            Read("a.txt", [.. "good\n"u8, 0xFF, .. "bad\n"u8, .. Enumerable.Repeat((byte)'x', 51), .. "\nlast"u8],
            longest: 50);
        Assert.Equal("good\nlast\n\n", text);
        Assert.Equal(2, damage.Length);
        Assert.Contains("line 2, byte 5", damage[0], StringComparison.Ordinal);
        Assert.Contains("line 3, byte 10", damage[1], StringComparison.Ordinal);
        Assert.Contains("longer than 50 bytes", damage[1], StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_line_within_a_json_document_does_not_divide_it()
    {
        (string text, string[] damage, TextStatistics statistics) = Read(
            "a.jsonl", """{"id":1,"text":"one\n\n\r\ntwo \u00e9 \ud55c","more":{"text":"not this"}}""" + "\r\n\n" + """{"text":""}""" + "\n" + """{"text":"three"}""");
        Assert.Equal("one\ntwo é 한\n\nthree\n\n", text);
        Assert.Empty(damage);
        Assert.Equal((2, 1, 2), (statistics.Documents, statistics.EmptyDocuments, statistics.EmptyLines));
    }

    public static TheoryData<string, string> DamagedLines => new()
    {
        { """{"text":"cut off""", "not JSON" },
        { """{"text":"one"} {"text":"two"}""", "not JSON" },
        { """["text"]""", "not a JSON object" },
        { """{"body":"x"}""", "no field 'text'" },
        { """{"text":7}""", "no string" },
        { """{"text":null}""", "no string" },
        { """{"text":"a","text":"b"}""", "twice" },
        { """{"text":"\ud800"}""", "surrogate" },
        { """{'text':'single quotes'}""", "not JSON" },
        { """{"text":"x",}""", "not JSON" },
        { """{"text":"x"} // a comment""", "not JSON" },
        { "# a comment", "not JSON" },
        { """{"text":NaN}""", "no string" },
        { """{"text":["a"]}""", "no string" },
        { """{"text":"NaN","n":nan}""", "not JSON" },
        { """{"text":"x","n":1NaN}""", "not JSON" },
        { """{"text":"x","n":NaNs}""", "not JSON" },
        { """{"text":"x","n":NaN""", "not JSON" },
        { """{"text":"long"}""" + new string(' ', 1000), "longer than 1000 bytes" },
    };

    [Theory]
    [MemberData(nameof(DamagedLines))]
    public void A_damaged_json_line_is_skipped_and_named(string line, string reason)
    {
        (string text, string[] damage, _) = Read("a.jsonl", $$"""{"text":"before"}{{"\n"}}{{line}}{{"\n"}}{"text":"after"}""");
        Assert.Equal("before\n\nafter\n\n", text);
        Assert.Contains("line 2, byte 18", Assert.Single(damage), StringComparison.Ordinal);
        Assert.Contains(reason, damage[0].Replace("\\u0027", "'", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    /// <summary>Other fields hold what JSON forbids and writers write. The text of the line is not lost.</summary>
    [Theory]
    [InlineData("""{"n":NaN,"text":"kept"}""")]
    [InlineData("""{"text":"kept","n":NaN}""")]
    [InlineData("""{"a": Infinity, "b": -Infinity , "c":[NaN,NaN, {"d":{"e":-Infinity}}],"text":"kept"}""")]
    [InlineData("""{"a\"NaN":NaN,"b":"\\","c":NaN,"text":"kept"}""")]
    [InlineData("""{"other":"\ud800","text":"kept"}""")]
    [InlineData("""{"\ud800":1,"text":"kept"}""")]
    [InlineData("""{"a":1,"a":2,"text":"kept","more":{"text":1,"text":2}}""")]
    [InlineData("\uFEFF{\"text\":\"kept\"}")]
    [InlineData("""{"te\u0078t":"kept"}""")]
    public void What_other_fields_hold_does_not_cost_the_text(string line)
    {
        (string text, string[] damage, _) = Read("a.jsonl", $$"""{"text":"before"}{{"\n"}}{{line}}{{"\n"}}{"text":"after"}""");
        Assert.Equal("before\n\nkept\n\nafter\n\n", text);
        Assert.Empty(damage);
    }

    [Fact]
    public void Constants_inside_the_text_stay()
    {
        const string line = """{"n":NaN,"text":"a, NaN, [Infinity] \\\" -Infinity,"}""";
        Assert.Equal("a, NaN, [Infinity] \\\" -Infinity,\n\n", Read("a.jsonl", line).Text);
    }

    [Fact]
    public void Deep_nesting_in_another_field_does_not_cost_the_text()
    {
        string line = $$"""{"a":{{new string('[', 200_000)}}{{new string(']', 200_000)}},"text":"kept"}""";
        (string text, string[] damage, _) = Read("a.jsonl", line, longest: 1 << 20);
        Assert.Equal("kept\n\n", text);
        Assert.Empty(damage);
    }

    [Fact]
    public void Bytes_that_are_no_text_cost_only_the_line_whose_text_has_them()
    {
        (string text, string[] damage, _) = Read("a.jsonl",
            [.. """{"name":"caf"""u8, 0xE9, .. "\",\"text\":\"kept\"}\n{\"text\":\"caf"u8, 0xE9, .. "\"}\n"u8]);
        Assert.Equal("kept\n\n", text);
        Assert.Contains("not UTF-8", Assert.Single(damage), StringComparison.Ordinal);
        Assert.Contains("line 2", damage[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.jsonl")]
    [InlineData("a.ndjson")]
    [InlineData("A.JSONL")]
    public void Json_lines_are_read_by_all_their_endings(string name) => Assert.Equal("x\n\n", Read(name, """{"text":"x"}""").Text);

    public static TheoryData<string, string, string> OtherFiles => new()
    {
        { "a.txt", "", "the file is empty (0 bytes)" },
        { "a.jsonl", "", "the file is empty (0 bytes)" },
        { "a.txt", "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n", "git lfs pull" },
        { "a.jsonl", "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n", "git lfs pull" },
        { "a.jsonl", "<!DOCTYPE html>\n<html>", "an HTML or XML page" },
        { "a.jsonl", """[{"text":"x"},{"text":"y"}]""", "jq -c '.[]'" },
        { "a.ndjson", " [\n{\"text\":\"x\"},\n{\"text\":\"y\"}\n]", "jq -c '.[]'" },
        { "a.jsonl", "{\n  \"text\": \"x\"\n}", "none of its records can be read. Damaged: 3" },
        { "a.jsonl", """{"body":"x"}""", "there is no field 'text'" },
        { "a.txt", "PK\u0003\u0004more", "a zip archive" },
        { "a.jsonl", "PAR1more", "parquet data" },
        { "a.txt.gz", "plain text", "not gzip data" },
        { "a.jsonl.gz", "<html>404</html>", "not gzip data: this is an HTML or XML page" },
        { "a.jsonl.zst", "version https://git-lfs.github.com/spec/v1\n", "git lfs pull" },
        { "a.txt.zst", "", "the file is empty" },
    };

    [Theory]
    [MemberData(nameof(OtherFiles))]
    public void A_file_that_is_not_what_its_name_says_is_refused(string name, string content, string reason)
    {
        string message = Assert.Throws<InvalidDataException>(() => Read(name, content)).Message;
        Assert.StartsWith(_folder.PathOf(name), message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    /// <summary>A run that stops in the middle says the same in the end as a run that does not.</summary>
    [Fact]
    public void A_file_with_damaged_lines_only_is_refused_after_a_stop_too()
    {
        string[] lines = ["[]", "", "{}", "7", "\"text\"", " "];
        string content = string.Join('\n', ["{", .. lines]);
        string message = Assert.Throws<InvalidDataException>(() => Read("a.jsonl", content)).Message;
        Assert.Contains("Damaged: 5, the last at line 6, byte 11", message, StringComparison.Ordinal);
        for (int stop = 1; stop <= 5; stop++)
        {
            TextPosition position = Stop(stop);
            using var input = TextInput.Open(_folder.PathOf("a.jsonl"), "text", position, longest: 1000);
            Assert.Equal(message, Assert.Throws<InvalidDataException>(() => ReadAll(input, int.MaxValue)).Message);
        }

        TextPosition Stop(int records)
        {
            using var input = TextInput.Open(_folder.PathOf("a.jsonl"), "text", default, longest: 1000);
            ReadAll(input, records);
            return input.Position;
        }

        static void ReadAll(TextInput input, int records)
        {
            DocumentWriter writer = new(Stream.Null, new TextStatistics());
            DamageLog log = new(Stream.Null, 0);
            while (records-- > 0 && input.Next(writer, log)) continue;
        }
    }

    [Fact]
    public void A_stop_after_the_last_text_forgets_no_text()
    {
        string path = _folder.Write("a.jsonl", """{"text":"x"}""" + "\n{}\n{}\n");
        TextPosition position;
        DocumentWriter writer = new(Stream.Null, new TextStatistics());
        DamageLog log = new(Stream.Null, 0);
        using (var input = TextInput.Open(path, "text", default, longest: 1000))
        {
            Assert.True(input.Next(writer, log) && input.Next(writer, log));
            position = input.Position;
        }

        using (var input = TextInput.Open(path, "text", position, longest: 1000))
            while (input.Next(writer, log)) continue;
        Assert.Equal(2, log.Count);
    }

    public static TheoryData<string, byte[]> WideText => new()
    {
        { "little endian with a mark", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("{\"text\":1}")] },
        { "big endian with a mark", [0xFE, 0xFF, .. Encoding.BigEndianUnicode.GetBytes("{\"text\":1}")] },
        { "little endian", Encoding.Unicode.GetBytes("{\"text\":1}") },
        { "big endian", Encoding.BigEndianUnicode.GetBytes("{\"text\":1}") },
        { "four bytes each", Encoding.UTF32.GetBytes("{\"text\":1}") },
    };

    [Theory]
    [MemberData(nameof(WideText))]
    public void Text_of_another_encoding_is_refused(string name, byte[] content)
    {
        foreach (string ending in (string[])[".txt", ".jsonl"])
            Assert.Contains("UTF-16", Assert.Throws<InvalidDataException>(() => Read(name + ending, content)).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void Long_lines_cross_the_reading_buffer()
    {
        string[] documents = [.. Enumerable.Range(0, 20).Select(i => new string((char)('a' + i), 30_000 * i))];
        string lines = string.Join('\n', documents.Select(d => $$"""{"text":"{{d}}"}"""));
        (string text, string[] damage, TextStatistics statistics) = Read("a.jsonl", lines, longest: 400_000);
        Assert.Equal(string.Concat(documents.Where(d => d.Length is > 0 and < 400_000).Select(d => d + "\n\n")), text);
        Assert.Equal(documents.Count(d => d.Length > 399_000), damage.Length);
        Assert.Equal(1, statistics.EmptyDocuments);
    }
}
