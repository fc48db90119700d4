using System.Text;
using HslEmbeddingZero.Samples.PrepareData;
using HslEmbeddingZero.Tests;
using static HslEmbeddingZero.Samples.Tests.PrepareData.Subtitles;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

public sealed class SubtitleFileTests : IDisposable
{
    private const string Text = "1\n00:00:01,000 --> 00:00:02,000\nOne 안녕\n\n2\n00:00:03,000 --> 00:00:04,000\nTwo é";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("\r\n")]
    [InlineData("\r")]
    [InlineData("\n")]
    [InlineData("\r\r\n")]
    [InlineData("\r\r\r\n")]
    public void Line_ends_of_every_kind_are_read(string newline)
    {
        string[] expected = ["1-2 One", "3-4 Two"];
        string srt = "1\n00:00:01,000 --> 00:00:02,000\nOne\n\n2\n00:00:03,000 --> 00:00:04,000\nTwo";
        string vtt = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nOne\n\n00:00:03.000 --> 00:00:04.000\nTwo\n";
        foreach (SubtitleFile file in new[] { Srt(Ended(srt)), Srt(Ended(srt + "\n")), SubtitleFile.Parse(Ended(vtt), isVtt: true) })
        {
            Assert.Equal(expected, Shown(file));
            Assert.Empty(file.Damaged);
        }

        string Ended(string text) => text.Replace("\n", newline, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("utf-8", true)]
    [InlineData("utf-8", false)]
    [InlineData("utf-16", true)]
    [InlineData("utf-16", false)]
    [InlineData("utf-16BE", true)]
    [InlineData("utf-16BE", false)]
    [InlineData("utf-32", true)]
    [InlineData("utf-32BE", true)]
    public void Unicode_is_read_in_every_form(string name, bool hasMark)
    {
        var encoding = Encoding.GetEncoding(name);
        byte[] content = [.. hasMark ? encoding.GetPreamble() : [], .. encoding.GetBytes(Text)];
        foreach (Encoding? named in new[] { null, SubtitleText.EncodingNamed("euc-kr") }) // Unicode is known before what is named
        {
            var file = SubtitleFile.Read(_folder.Write("a.SRT", content), named);
            Assert.Equal(["1-2 One 안녕", "3-4 Two é"], Shown(file));
            Assert.Empty(file.Damaged);
        }

        Assert.Equal(["1-2 안녕"], Shown(SubtitleFile.Read(_folder.Write("a.vtt",
            [.. hasMark ? encoding.GetPreamble() : [], .. encoding.GetBytes("WEBVTT\n\n00:01.000 --> 00:02.000\n안녕")]))));
    }

    [Theory]
    [InlineData("windows-1252", "café – naïve")]
    [InlineData("windows-1251", "привет")]
    [InlineData("iso-8859-2", "žluťoučký")]
    [InlineData("euc-kr", "안녕하세요")]
    [InlineData("ks_c_5601-1987", "안녕하세요")]
    [InlineData("shift_jis", "こんにちは")]
    [InlineData("iso-2022-jp", "こんにちは")]
    [InlineData("gb18030", "你好")]
    [InlineData("big5", "你好")]
    public void Legacy_code_pages_are_read_by_their_name(string name, string text)
    {
        Encoding encoding = SubtitleText.EncodingNamed(name)!;
        string path = _folder.Write("a.srt", encoding.GetBytes($"1\n00:00:01,000 --> 00:00:02,000\n{text}\n"));
        var file = SubtitleFile.Read(path, encoding);
        Assert.Equal([$"1-2 {text}"], Shown(file));
        Assert.Empty(file.Damaged);
    }

    [Theory]
    [InlineData("klingon")]
    [InlineData("")]
    [InlineData("utf-7")]
    public void An_encoding_that_is_not_known_is_none(string name) => Assert.Null(SubtitleText.EncodingNamed(name));

    [Fact]
    public void Text_that_is_not_UTF8_is_skipped_and_named()
    {
        byte[] content = [.. "00:00:01,000 --> 00:00:02,000\ncaf"u8, 0xE9, .. "\n\n00:00:03,000 --> 00:00:04,000\nkept"u8];
        string path = _folder.Write("latin.srt", content);
        var file = SubtitleFile.Read(path);
        Assert.Equal(["3-4 kept"], Shown(file));
        Assert.Equal(["1: its text is not UTF-8; name the encoding of the file with --captions-encoding"], Damage(file));
        Assert.Equal(["1-2 café", "3-4 kept"], Shown(SubtitleFile.Read(path, SubtitleText.EncodingNamed("windows-1252"))));
        Assert.Equal(["1: its text is not EUC-KR"], Damage(SubtitleFile.Read(path, SubtitleText.EncodingNamed("euc-kr"))));
    }

    [Fact]
    public void A_sign_of_a_lost_character_is_text_where_the_file_is_UTF8()
    {
        string path = _folder.Write("a.srt", "00:00:01,000 --> 00:00:02,000\na\uFFFDb"u8.ToArray());
        Assert.Equal(["1-2 a\uFFFDb"], Shown(SubtitleFile.Read(path)));
    }

    [Fact]
    public void A_vtt_file_without_its_first_line_is_refused()
    {
        foreach (string start in new[] { "WEBVTTX\n", "webvtt\n", "\nWEBVTT\n", "1\n00:00:01,000 --> 00:00:02,000\ntext" })
        {
            InvalidDataException error =
                Assert.Throws<InvalidDataException>(() => SubtitleFile.Read(_folder.Write("a.vtt", Encoding.UTF8.GetBytes(start))));
            Assert.Contains("a.vtt", error.Message, StringComparison.Ordinal);
            Assert.Contains("WEBVTT", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(["1: the file has no cue"], Damage(SubtitleFile.Read(_folder.Write("b.vtt", "WEBVTT - a title"u8.ToArray()))));
        Assert.Equal(["1: the file is empty"], Damage(SubtitleFile.Read(_folder.Write("c.vtt", []))));
    }

    [Fact]
    public void WebVtt_under_the_name_of_SubRip_is_read_as_what_it_is() => Assert.Equal(["1-2 ¬ text"],
        Shown(SubtitleFile.Read(_folder.Write("a.srt", "WEBVTT\n\n00:01.000 --> 00:02.000\n&not text"u8.ToArray()))));

    [Fact]
    public void A_git_LFS_pointer_is_refused_and_says_what_to_do()
    {
        string path = _folder.Write("a.srt", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n"u8.ToArray());
        string message = Assert.Throws<InvalidDataException>(() => SubtitleFile.Read(path)).Message;
        Assert.Contains("git lfs pull", message, StringComparison.Ordinal);
    }

    /// <summary>With time that grew with the square of the length, this test would not end.</summary>
    [Theory]
    [InlineData("\r", "1: the file has no cue")]
    [InlineData(" ", "1: the file has no cue")]
    [InlineData("1:", "1: text outside a cue: '1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:…'")]
    [InlineData("<b a=b ", "1: text outside a cue: '<b a=b <b a=b <b a=b <b a=b <b a=b <b a=b <b a=b <b a=b <b a…'")]
    public void Large_files_without_cues_are_read_in_time_that_grows_with_their_length(string part, string expected) =>
        Assert.Equal([expected], Damage(Srt(string.Concat(Enumerable.Repeat(part, 1_000_000)))));
}
