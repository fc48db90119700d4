using HslEmbeddingZero.Samples.PrepareData;
using static HslEmbeddingZero.Samples.Tests.PrepareData.Subtitles;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

public sealed class VttFileTests
{
    private const string Times = "00:00:01.000 --> 00:00:03.000\n";

    [Fact]
    public void WebVtt_is_read()
    {
        SubtitleFile file = Vtt("""
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
            """);
        Assert.Equal(["1-2 Named cue", "62.5-62.7 Short", "62.7-63 time", "70-71 A & B <c> d"], Shown(file));
        Assert.Empty(file.Damaged);
    }

    [Theory]
    [InlineData("00:00:01.000 --> 00:00:03.000", "1-3")]
    [InlineData("00:01.000 --> 00:03.000", "1-3")]
    [InlineData("1:00:01.000 --> 100:00:03.000", "3601-360003")]
    [InlineData("00:01.000-->00:03.000", "1-3")]
    [InlineData(" \t00:01.000\t -->\t 00:03.000", "1-3")]
    [InlineData("00:01.000 --> 00:03.000align:start", "1-3")]
    [InlineData("00:01.000 --> 00:03.000 nonsense --> more", "1-3")]
    public void Times_of_the_standard_are_read(string times, string expected)
    {
        SubtitleFile file = Vtt($"{times}\ntext\n");
        Assert.Equal([expected + " text"], Shown(file));
        Assert.Empty(file.Damaged);
    }

    [Theory]
    [InlineData("00:00:01,000 --> 00:00:02,000", "no pair of times of WebVTT")]
    [InlineData("00:00:01 --> 00:00:02", "no pair of times of WebVTT")]
    [InlineData("00:00:01.5 --> 00:00:02.5", "no pair of times of WebVTT")]
    [InlineData("00:00:01.5000 --> 00:00:02.5000", "no pair of times of WebVTT")]
    [InlineData("0:01.000 --> 0:02.000", "no pair of times of WebVTT")]
    [InlineData("00:61.000 --> 00:62.000", "no pair of times of WebVTT")]
    [InlineData("00:61:01.000 --> 00:62:01.000", "no pair of times of WebVTT")]
    [InlineData("00:0:01.000 --> 00:0:02.000", "no pair of times of WebVTT")]
    [InlineData("9999999999:00:01.000 --> 9999999999:00:02.000", "no pair of times of WebVTT")]
    [InlineData("00:01.000 -- > 00:02.000", "no pair of times")]
    [InlineData("00:01.000 -> 00:02.000", "no pair of times")]
    [InlineData("00:01.000 00:02.000", "no pair of times")]
    [InlineData("-00:01.000 --> 00:02.000", "no pair of times of WebVTT")]
    [InlineData("00:01.000 -->", "no pair of times of WebVTT")]
    [InlineData("a --> b", "no pair of times of WebVTT")]
    [InlineData("00:02.000 --> 00:01.000", "not after its start")]
    [InlineData("00:02.000 --> 00:02.000", "not after its start")]
    public void Times_that_a_browser_refuses_are_named(string times, string reason)
    {
        SubtitleFile file = Vtt($"{times}\nlost\n\n00:03.000 --> 00:04.000\nkept\n");
        Assert.Equal(["3-4 kept"], Shown(file));
        DamagedCue damaged = Assert.Single(file.Damaged);
        Assert.Equal(3, damaged.Line);
        Assert.Contains(reason, damaged.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("WEBVTT\n00:01.000 --> 00:02.000\nin the header", "1-2 in the header")]
    [InlineData("WEBVTT\nKind: captions\nLanguage: en\n\n00:01.000 --> 00:02.000\ntext", "1-2 text")]
    [InlineData("WEBVTT a title\n\n\n\n00:01.000 --> 00:02.000\ntext", "1-2 text")]
    [InlineData("WEBVTT\n\nNOTE\n00:01.000 --> 00:02.000\nnamed NOTE", "1-2 named NOTE")]
    [InlineData("WEBVTT\n\nNOTE\n1\n00:01.000 --> 00:02.000\nafter a note", "1-2 after a note")]
    [InlineData("WEBVTT\n\nNOTE a remark\n\n00:01.000 --> 00:02.000\ntext\nNOTE is text here", "1-2 text NOTE is text here")]
    [InlineData("WEBVTT\n\nNOTE 00:00:05,000 --> x\n\n00:01.000 --> 00:02.000\ntext", "1-2 text")]
    [InlineData("WEBVTT\n\n1 - a name\n00:01.000 --> 00:02.000\ntext", "1-2 text")]
    [InlineData("WEBVTT\n\n00:01.000 --> 00:02.000\ntext\n00:03.000 --> 00:04.000\nnext", "1-2 text|3-4 next")]
    [InlineData("WEBVTT\n\n00:01.000 --> 00:02.000\nline 1\n \nline 3", "1-2 line 1 line 3")]
    [InlineData("WEBVTT\n\n00:01.000 --> 00:02.000\n\n00:03.000 --> 00:04.000\nnext", "3-4 next")]
    [InlineData("WEBVTT\n\n00:01.000 --> 00:02.000\ntext\n\nSTYLE\n::cue {}\n\nREGION\nid:x", "1-2 text")]
    [InlineData("WEBVTT\n\n00:01.000 --> 00:02.000\ntext\n\nWEBVTT\nX-MAP=LOCAL:0\n\n00:03.000 --> 00:04.000\nnext", "1-2 text|3-4 next")]
    public void Blocks_are_divided_as_the_standard_says(string text, string expected)
    {
        var file = SubtitleFile.Parse(text, isVtt: true);
        Assert.Equal(expected.Split('|'), Shown(file));
        Assert.Empty(file.Damaged);
    }

    [Theory]
    [InlineData("00:01.000 --> 00:02.000\n\nlost text\n", "5: text outside a cue: 'lost text'")]
    [InlineData("a title\nof a film\n", "3: text outside a cue: 'a title'")]
    [InlineData("one\ntwo\n00:01.000 -> 00:02.000\n", "3: '00:01.000 -> 00:02.000' is no pair of times")]
    [InlineData("00:01.000 --> 00:02.000\ntext\na --> b", "5: 'a --> b' is no pair of times of WebVTT, as 00:01:02.500 --> 00:01:04.000")]
    [InlineData("00:01.000 --> 00:02.000\ntext\n00:03.000 -> 00:04.000",
        "3: '00:03.000 -> 00:04.000' in its text is no pair of times, and is read as text")]
    public void What_a_browser_does_not_show_is_named(string text, string expected) => Assert.Contains(expected, Damage(Vtt(text)));

    [Theory]
    [InlineData("<c>a</c> <c.yellow.bg_blue>b</c> <i>c</i> <b>d</b> <u>e</u> <lang en-GB>f</lang> <v.loud Mary Ann>g", "a b c d e f g")]
    [InlineData("<ruby>漢<rt>kan</rt></ruby>", "漢kan")]
    [InlineData("<v A &gt; B>text</v>", "text")]
    [InlineData("<v\nMary>over lines", "over lines")]
    [InlineData("<font color=red>x</font> <s>y</s>", "x y")]
    [InlineData("<>a</> b", "a b")]
    [InlineData("&amp;amp; &AMP &notit; &notin; &hellip; &NotEqualTilde; &#39; &#x41 &#128; &#0; &#xD800; &bogus; & &;",
        "&amp; & ¬it; ∉ … ≂̸ ' A € \uFFFD \uFFFD &bogus; & &;")]
    [InlineData("a&lrm;b&rlm;", "ab")]
    [InlineData("\\N {x} a > b", "\\N {x} a > b")]
    [InlineData("nul\0l", "nul\uFFFDl")]
    public void Text_is_read_as_the_standard_says(string text, string expected)
    {
        SubtitleFile file = Vtt(Times + text + "\n");
        Assert.Equal([$"1-3 {expected}"], Shown(file));
        Assert.Empty(file.Damaged);
    }

    [Theory]
    [InlineData("use List<int> here", "use List here", "<int>")]
    [InlineData("when a < b or c > d", "when a d", "< b or c >")]
    [InlineData("if a < b", "if a", "< b>")]
    [InlineData("<00:1.0>at", "at", "<00:1.0>")]
    [InlineData("<B>at</B>", "at", "<B>")]
    public void What_looks_like_a_tag_is_dropped_as_by_a_browser_and_named(string text, string expected, string named)
    {
        SubtitleFile file = Vtt(Times + text + "\n");
        Assert.Equal([$"1-3 {expected}"], Shown(file));
        Assert.Contains($"its text has {named}, which is no tag", file.Damaged[0].Reason, StringComparison.Ordinal);
    }
}
