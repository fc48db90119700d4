using System.Text;
using HslEmbeddingZero.Samples.PrepareData;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

public sealed class SubtitleFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static string[] Srt(string text) => Shown(SubtitleFile.Parse(text, isVtt: false));

    private static string[] Vtt(string text) => Shown(SubtitleFile.Parse("WEBVTT\n\n" + text, isVtt: true));

    private static string[] Shown(SubtitleFile file) =>
        [.. file.Cues.Select(cue => $"{cue.Start.TotalSeconds:0.###}-{cue.End.TotalSeconds:0.###} {cue.Text}")];

    [Fact]
    public void SubRip_is_read()
    {
        Assert.Equal(
            ["1-2.5 Hello there, you", "3661.042-3662 Bye"],
            Srt("1\n00:00:01,000 --> 00:00:02,500\nHello there,\nyou\n\n2\n01:01:01,042 --> 01:01:02,000\nBye\n"));
    }

    [Fact]
    public void WebVtt_is_read()
    {
        Assert.Equal(
            ["1-2 Named cue", "62.5-63 Short time", "70-71 A & B <c> d"],
            Vtt("""
                STYLE
                ::cue { color: red --> }

                NOTE 00:00:00.000 --> 00:00:01.000
                is no cue

                intro
                00:00:01.000 --> 00:00:02.000 align:start position:10%,line-left size:35%
                <v Mary>Named <i.loud>cue</i></v>

                01:02.500 --> 01:03.000
                Short <00:01:02.700>time

                REGION
                id:fred

                01:10.000 --> 01:11.000
                A &amp; B &lt;c&gt;&nbsp;d
                """));
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("\r")]
    [InlineData("\n")]
    public void Line_ends_of_every_kind_and_a_byte_order_mark_are_read(string newline)
    {
        string text = "1\n00:00:01,000 --> 00:00:02,000\nOne\n\n2\n00:00:03,000 --> 00:00:04,000\nTwo".ReplaceLineEndings(newline);
        Assert.Equal(["1-2 One", "3-4 Two"],
            Shown(SubtitleFile.Read(_folder.Write("a.srt", [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(text)]))));
        Assert.Equal(["1-2 One", "3-4 Two"],
            Shown(SubtitleFile.Read(_folder.Write("b.SRT", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(text)]))));
    }

    [Fact]
    public void Tags_and_remarks_are_dropped_and_other_signs_kept()
    {
        Assert.Equal(
            ["1-2 3 < 4 is so: {x} 안녕"],
            Srt("1\n00:00:01,000 --> 00:00:02,000\n{\\an8}<font color=\"#ff0000\"><b>3 < 4</b></font> [sighs] is (aside) so: {x} ♪ 안녕\n"));
        Assert.Empty(Srt("1\n00:00:01,000 --> 00:00:02,000\n<i></i>[music]\n"));
    }

    [Fact]
    public void Cues_without_index_or_empty_line_between_are_read()
    {
        Assert.Equal(["1-2 One", "3-4 Two", "5-6 Three 3"], Srt(
            "00:00:01,000 --> 00:00:02,000\nOne\n\n00:00:03,000 --> 00:00:04,000\nTwo\n7\n00:00:05,000 --> 00:00:06,000\nThree\n3\n"));
    }

    [Fact]
    public void Overlapping_cues_come_in_order_of_their_start()
    {
        Assert.Equal(["1-9 first", "2-3 second", "2-4 third"], Srt(
            "00:00:02,000 --> 00:00:03,000\nsecond\n\n00:00:01,000 --> 00:00:09,000\nfirst\n\n00:00:02,000 --> 00:00:04,000\nthird\n"));
    }

    [Fact]
    public void Many_hours_and_loose_times_are_read()
    {
        Assert.Equal(["363600-363601 late", "1.5-2.05 loose"],
            [.. Srt("101:00:00,000 --> 101:00:01,000\nlate\n"), .. Srt("0:00:01.5-->0:00:02,05   X1:100 X2:200\nloose\n")]);
    }

    [Theory]
    [InlineData("00:00:02,000 --> 00:00:01,000", "not after its start")]
    [InlineData("00:00:01,000 --> 00:00:01,000", "not after its start")]
    [InlineData("00:61:01,000 --> 00:62:01,000", "out of range")]
    [InlineData("00:00:01,000 --> 00:00:99,000", "out of range")]
    [InlineData("99999999999:00:01,000 --> 99999999999:00:02,000", "out of range")]
    [InlineData("00:00:01 --> 00:00:02", "no pair of times")]
    [InlineData("one --> two", "no pair of times")]
    [InlineData("-00:00:01,000 --> 00:00:02,000", "no pair of times")]
    [InlineData("٠٠:٠٠:٠١,٠٠٠ --> ٠٠:٠٠:٠٢,٠٠٠", "no pair of times")]
    public void A_malformed_cue_is_skipped_and_named(string times, string reason)
    {
        var file = SubtitleFile.Parse($"1\n{times}\nlost\n\n2\n00:00:03,000 --> 00:00:04,000\nkept\n", isVtt: false);
        Assert.Equal(["3-4 kept"], Shown(file));
        DamagedCue damaged = Assert.Single(file.Damaged);
        Assert.Equal(2, damaged.Line);
        Assert.Contains(reason, damaged.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_that_is_not_UTF8_is_skipped_and_named()
    {
        byte[] content = [.. "00:00:01,000 --> 00:00:02,000\ncaf"u8, 0xE9, .. "\n\n00:00:03,000 --> 00:00:04,000\nkept"u8];
        var file = SubtitleFile.Read(_folder.Write("latin.srt", content));
        Assert.Equal(["3-4 kept"], Shown(file));
        Assert.Contains("UTF-8", Assert.Single(file.Damaged).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_vtt_file_without_its_first_line_is_refused()
    {
        InvalidDataException error =
            Assert.Throws<InvalidDataException>(() => SubtitleFile.Read(_folder.Write("a.vtt", "WEBVTTX\n"u8.ToArray())));
        Assert.Contains("a.vtt", error.Message, StringComparison.Ordinal);
        Assert.Contains("WEBVTT", error.Message, StringComparison.Ordinal);
        Assert.Empty(SubtitleFile.Read(_folder.Write("b.vtt", "WEBVTT - a title"u8.ToArray())).Cues);
    }

    [Fact]
    public void Empty_and_foreign_files_have_no_cues()
    {
        Assert.Empty(Srt(""));
        Assert.Empty(Srt("just\n\nsome text\n"));
    }
}
