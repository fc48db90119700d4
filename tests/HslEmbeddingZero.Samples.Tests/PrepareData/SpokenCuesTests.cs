using HslEmbeddingZero.Samples.PrepareData;
using static HslEmbeddingZero.Samples.Tests.PrepareData.Subtitles;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

public sealed class SpokenCuesTests
{
    /// <summary>Automatic captions, as video sites make them: each line is shown again above the next.</summary>
    public const string Rolling =
        "WEBVTT\n"
            + "Kind: captions\n"
            + "Language: en\n"
            + "\n"
            + "00:00:00.500 --> 00:00:03.000 align:start position:0%\n"
            + " \n"
            + "green<00:00:01.000><c> apples</c><00:00:01.600><c> fall</c><00:00:02.300><c> slowly</c>\n"
            + "\n"
            + "00:00:03.000 --> 00:00:03.010 align:start position:0%\n"
            + "green apples fall slowly\n"
            + " \n"
            + "\n"
            + "00:00:03.010 --> 00:00:06.000 align:start position:0%\n"
            + "green apples fall slowly\n"
            + "under<00:00:03.800><c> quiet</c><00:00:04.500><c> trees</c><00:00:05.200><c> tonight</c>\n"
            + "\n"
            + "00:00:06.000 --> 00:00:06.010 align:start position:0%\n"
            + "under quiet trees tonight\n"
            + " \n";

    private static string[] Cues(params (double Start, double End, string Text)[] cues) =>
        Shown(Srt(string.Concat(cues.Select(cue => $"{Time(cue.Start)} --> {Time(cue.End)}\n{cue.Text}\n\n"))));

    private static string Time(double seconds) => TimeSpan.FromMilliseconds(Math.Round(seconds * 1000)).ToString(@"hh\:mm\:ss\,fff", null);

    [Fact]
    public void Rolling_captions_are_spoken_once_at_their_inline_times()
    {
        var file = SubtitleFile.Parse(Rolling, isVtt: true);
        Assert.Equal(
            ["", "green", "apples", "fall", "slowly", "slowly", "under", "quiet", "quiet", "trees", "tonight", "tonight", "", ""],
            Windows(14, file.Cues));
        Assert.Empty(file.Damaged);
    }

    /// <summary>The same captions, as ffmpeg converts them to SubRip.</summary>
    [Fact]
    public void Rolling_captions_without_inline_times_are_spoken_once() =>
        Assert.Equal(["0.5-3.01 green apples fall slowly", "3.01-6 under quiet trees tonight"], Cues(
            (0.5, 3, "\ngreen apples fall slowly"), (3, 3.01, "green apples fall slowly\n "),
            (3.01, 6, "green apples fall slowly\nunder quiet trees tonight"), (6, 6.01, "under quiet trees tonight\n ")));

    [Fact]
    public void Lines_that_roll_up_are_spoken_once() =>
        Assert.Equal(["1-2 one", "2-3 two", "3-4 three", "4-5 four five"],
            Cues((1, 2, "one"), (2, 3, "one\ntwo"), (3, 4, "one\ntwo\nthree"), (4, 5, "two\n<i>three</i>\nfour\nfive")));

    [Fact]
    public void Lines_that_grow_are_spoken_once() =>
        Assert.Equal(["1-2 green", "2-3 apples", "3-4 fall", "4-5 slowly", "5-6 down", "7-8 green apples"], Cues(
            (1, 2, "green"), (2, 3, "green apples"), (3, 4, "green apples fall"), (4, 5, "green apples fall\nslowly"),
            (5, 6, "green apples fall\nslowly down"), (7, 8, "green apples")));

    [Fact]
    public void A_line_that_is_said_again_is_spoken_again()
    {
        Assert.Equal(["1-2 no", "2.5-3 no", "4-5 no"], Cues((1, 2, "no"), (2.5, 3, "no"), (4, 5, "no")));
        Assert.Equal(["1-2 wait", "2-3 wait here"], Cues((1, 2, "wait"), (2, 3, "wait here")));
        Assert.Equal(["1-2 a b", "2-3 c a"], Cues((1, 2, "a\nb"), (2, 3, "c\na")));
    }

    [Fact]
    public void A_text_that_stays_on_screen_is_one() =>
        Assert.Equal(["1-3 same words", "3-4 other"], Cues((1, 2, "same words"), (2, 3, "<b>same</b> words"), (3, 4, "other")));

    [Theory]
    [InlineData("<00:01.000>one <00:02.000>two", "1-2 one|2-3 two")]
    [InlineData("<00:01.500>one", "1.5-3 one")]
    [InlineData("one <00:02.000>two<00:03.000>", "1-2 one|2-3 two")]
    [InlineData("zero <00:01.500><00:02.000>two", "1-2 zero|2-3 two")]
    [InlineData("ka<00:01.500>ra<00:02.000>o<00:02.500>ke sings", "1-2.5 karaoke|2.5-3 sings")]
    [InlineData("今日<00:01.500>は<00:02.000>天気", "1-1.5 今日|1.5-2 は|2-3 天気")]
    [InlineData("a [soft<00:01.500> music]<00:02.000> b", "1-2 a|2-3 b")]
    public void Inline_times_place_the_words_after_them(string text, string expected)
    {
        SubtitleFile file = Vtt($"00:01.000 --> 00:03.000\n{text}\n");
        Assert.Equal(expected.Split('|'), Shown(file));
        Assert.Empty(file.Damaged);
    }

    [Theory]
    [InlineData("one <00:02.500>two <00:02.000>three", "1-2.5 one|2.5-3 two three")]
    [InlineData("one <00:00.500>two", "1-3 one two")]
    [InlineData("one <00:03.000>two", "1-3 one two")]
    public void An_inline_time_out_of_order_loses_no_word_and_is_named(string text, string expected)
    {
        SubtitleFile file = Vtt($"00:01.000 --> 00:03.000\n{text}\n");
        Assert.Equal(expected.Split('|'), Shown(file));
        Assert.Contains("is out of order", Assert.Single(file.Damaged).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Remarks_in_brackets_are_counted()
    {
        var file = SubtitleFile.Parse(
            "1\n00:00:01,000 --> 00:00:02,000\n[music] ♪ la (softly)\n\n2\n00:00:03,000 --> 00:00:04,000\nf(x) and list[0]\n",
            isVtt: false);
        Assert.Equal(2, file.Remarks);
        Assert.Equal(["la", "f(x) and list[0]"], file.Cues.Select(cue => cue.Text));
    }
}
