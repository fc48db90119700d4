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
    public void UTF16_text_is_refused() =>
        Assert.Contains("UTF-16", Assert.Throws<InvalidDataException>(() => Read("a.txt", [0xFF, 0xFE, 65, 0])).Message,
            StringComparison.Ordinal);

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
        { """{"a":""" + new string('[', 200) + new string(']', 200) + ""","text":"x"}""", "not JSON" },
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

    [Fact]
    public void Long_lines_cross_the_reading_buffer()
    {
        string[] documents = [.. Enumerable.Range(0, 20).Select(i => new string((char)('a' + i), 30_000 * i))];
        (string text, string[] damage, TextStatistics statistics) = Read("a.jsonl", string.Join('\n', documents.Select(d => $$"""{"text":"{{d}}"}""")), longest: 400_000);
        Assert.Equal(string.Concat(documents.Where(d => d.Length is > 0 and < 400_000).Select(d => d + "\n\n")), text);
        Assert.Equal(documents.Count(d => d.Length > 399_000), damage.Length);
        Assert.Equal(1, statistics.EmptyDocuments);
    }
}
