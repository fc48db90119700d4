using HslEmbeddingZero.Samples.PrepareData;
using static HslEmbeddingZero.Samples.Tests.PrepareData.Subtitles;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

public sealed class SrtFileTests
{
    private const string Times = "1\n00:00:01,000 --> 00:00:03,000\n";

    [Fact]
    public void SubRip_is_read()
    {
        Assert.Equal(
            ["1-2.5 Hello there, you", "3661.042-3662 Bye"],
            Shown(Srt("1\n00:00:01,000 --> 00:00:02,500\nHello there,\nyou\n\n2\n01:01:01,042 --> 01:01:02,000\nBye\n")));
    }

    [Theory]
    [InlineData("00:00:01 --> 00:00:03", "1-3")]
    [InlineData("00:00:01,000 --> 00:00:03", "1-3")]
    [InlineData("00:00:01.500 --> 00:00:03.250", "1.5-3.25")]
    [InlineData("00:00:01,5 --> 00:00:03,05", "1.005-3.005")]
    [InlineData("00:00:01,5000 --> 00:00:03,123456789012", "1.5-3.123")]
    [InlineData("101:00:00,000 --> 101:00:01,000", "363600-363601")]
    [InlineData("1:0:1,0-->1:0:2,0", "3601-3602")]
    [InlineData("01:02,500 --> 01:03,000", "62.5-63")]
    [InlineData("01:02 --> 01:03", "62-63")]
    [InlineData("00:00:01,000\u00A0-->\u00A000:00:02,000", "1-2")]
    [InlineData("00:61:01,000 --> 00:62:99,000", "3661-3819")]
    [InlineData("00: 00: 10, 000 --> 00: 00: 12, 000", "10-12")]
    [InlineData("  00:00:15,000\t-->\t00:00:16,000  ", "15-16")]
    [InlineData("0:00:01,500-->0:00:02,050   X1:100 X2:200 Y1:3 Y2:4", "1.5-2.05")]
    [InlineData("00:00:01,000 --> 00:00:03,000 align:start position:10%", "1-3")]
    public void Times_are_read_as_players_read_them(string times, string expected)
    {
        SubtitleFile file = Srt($"1\n{times}\ntext\n");
        Assert.Equal([expected + " text"], Shown(file));
        Assert.Empty(file.Damaged);
    }

    [Theory]
    [InlineData("00:00:02,000 --> 00:00:01,000", "not after its start")]
    [InlineData("00:00:01,000 --> 00:00:01,000", "not after its start")]
    [InlineData("99999999999:00:01,000 --> 99999999999:00:02,000", "out of range")]
    [InlineData("one --> two", "no pair of times")]
    [InlineData("-00:00:01,000 --> 00:00:02,000", "no pair of times")]
    [InlineData("00:00:01,000 --> -00:00:02,000", "no pair of times")]
    [InlineData("٠٠:٠٠:٠١,٠٠٠ --> ٠٠:٠٠:٠٢,٠٠٠", "no pair of times")]
    [InlineData("00:00:01,000 -> 00:00:02,000", "no pair of times")]
    [InlineData("00:00:01,000 - -> 00:00:02,000", "no pair of times")]
    [InlineData("00:00:01,000 → 00:00:02,000", "no pair of times")]
    [InlineData("00:00:01,000 —> 00:00:02,000", "no pair of times")]
    [InlineData("00:00:01,000 00:00:02,000", "no pair of times")]
    [InlineData("00:00:01,000 - 00:00:02,000", "no pair of times")]
    [InlineData("00:00:01.00,00:00:02.00", "no pair of times")]
    [InlineData("00:00:01:000 --> 00:00:02:000", "no pair of times")]
    [InlineData("00:00:01;000 --> 00:00:02;000", "no pair of times")]
    [InlineData("00:00:01,000 -->", "no pair of times")]
    [InlineData("--> 00:00:02,000", "no pair of times")]
    public void A_malformed_cue_is_skipped_and_named(string times, string reason)
    {
        SubtitleFile file = Srt($"1\n{times}\nlost\n\n2\n00:00:03,000 --> 00:00:04,000\nkept\n");
        Assert.Equal(["3-4 kept"], Shown(file));
        DamagedCue damaged = Assert.Single(file.Damaged);
        Assert.Equal(2, damaged.Line);
        Assert.Contains(reason, damaged.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_malformed_cue_amid_others_leaves_them_as_they_are()
    {
        SubtitleFile file = Srt(
            "1\n00:00:01,000 --> 00:00:02,000\nfirst\n2\n00:00:02,000 -> 00:00:03,000\nlost\n\n3\n00:00:03,000 --> 00:00:04,000\nlast\n");
        Assert.Equal(["1-2 first", "3-4 last"], Shown(file));
        Assert.Equal(["5: '00:00:02,000 -> 00:00:03,000' is no pair of times"], Damage(file));
    }

    [Theory]
    [InlineData("use List<int> here when a < b or c > d", "use List<int> here when a < b or c > d")]
    [InlineData("<foo> </bar> <b or c> <3 a<", "<foo> </bar> <b or c> <3 a<")]
    [InlineData("<i>a</i> <B>b</B> <u>c</u> <s>d</s>", "a b c d")]
    [InlineData("<font color=\"#ff0000\" size='3'>red</font> <FONT face=Arial>x</FONT>", "red x")]
    [InlineData("<font\ncolor=red>over lines</font>", "over lines")]
    [InlineData("<span class=\"a b\">x</span>", "x")]
    [InlineData("one<br>two<br/>three<BR />four", "one two three four")]
    [InlineData("{\\p1}m 0 0 l 100 0 100 100{\\p0}sign", "sign")]
    [InlineData("a {\\an7\\pos(1,2)\\p4}m 0 0\nl 5 5{\\p0} b {\\pos(1,2)}c{\\p0} d {\\bord1\\p1\\c&HFF&}m 1 2", "a b c d")]
    [InlineData("{\\an8}top {\\i1}slanted{\\i0} {\\pos(10,20)}placed", "top slanted placed")]
    [InlineData("{Y:i}micro {C:$0000ff}DVD", "micro DVD")]
    [InlineData("{x} {an8} {", "{x} {an8} {")]
    [InlineData("one\\Ntwo\\nthree\\hfour", "one two three four")]
    [InlineData("&amp; &lt;i&gt; &quot;q&quot; &#39;x&#39; &#x1F600; &hellip; a&nbsp;b", "& <i> \"q\" 'x' 😀 … a b")]
    [InlineData("left&lrm; right&rlm;", "left right")]
    [InlineData("\u200Bsof\u200Ft\u00ADer \u202Aleft\u202E \u2066x\u2069 &#x200B;", "softer left x")]
    [InlineData("می\u200Cخواهم 👩\u200D🚀", "می\u200Cخواهم 👩\u200D🚀")] // these two join letters, or keep them apart
    [InlineData("(a (b) c) yes [d [e (f)] g] no", "yes no")]
    [InlineData("(a (b) c yes", "(a c yes")]
    [InlineData("AT&T &copy 100 &bogus; &amp;lt;", "AT&T &copy 100 &bogus; &lt;")]
    [InlineData("a --> b and then -> c", "a --> b and then -> c")]
    [InlineData("from 12:30 - 13:45 daily", "from 12:30 - 13:45 daily")]
    [InlineData("12:30 -> 13:45", "12:30 -> 13:45")]
    [InlineData("12:30 --> 13:45", "12:30 --> 13:45")]
    [InlineData("3 < 4</b> [sighs] is (aside) so: {x} ♪ 안녕", "3 < 4 is so: {x} 안녕")]
    [InlineData("call f(x) of list[0] (aside)", "call f(x) of list[0]")]
    [InlineData("[door\ncreaks] come in", "come in")]
    public void Only_what_is_no_text_is_removed(string text, string expected)
    {
        SubtitleFile file = Srt($"{Times}{text}\n");
        Assert.Equal([$"1-3 {expected}"], Shown(file));
        Assert.Empty(file.Damaged);
    }

    [Theory]
    [InlineData("00:00:01,000 --> 00:00:02,000\nOne\n\n00:00:03,000 --> 00:00:04,000\nTwo", "One|Two")] // no index
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\nOne\n7\n00:00:03,000 --> 00:00:04,000\nTwo", "One|Two")] // no empty line
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\nOne\n00:00:03,000 --> 00:00:04,000\nTwo", "One|Two")] // neither
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\n\nOne\n\n2\n00:00:03,000 --> 00:00:04,000\n \n\t\nTwo", "One|Two")] // empty first
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\nOne\n\nmore\n\n\n2\n00:00:03,000 --> 00:00:04,000\nTwo", "One more|Two")] // within
    [InlineData("1\n\n00:00:01,000 --> 00:00:02,000\n\nOne\n\n2\n\n00:00:03,000 --> 00:00:04,000\n\nTwo\n\n", "One|Two")] // after each line
    [InlineData("\uFEFF1\n00:00:01,000 --> 00:00:02,000\nOne\n\n\uFEFF1\n00:00:03,000 --> 00:00:04,000\nTwo", "One|Two")] // joined files
    [InlineData("\n\n\n1\n00:00:01,000 --> 00:00:02,000\nOne\n\n 2 \n00:00:03,000 --> 00:00:04,000\nTwo", "One|Two")] // before, spaces
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\nin\n1984\n\n00:00:03,000 --> 00:00:04,000\nTwo\n2024", "in 1984|Two 2024")] // years
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\n7 dwarves\n2\n00:00:03,000 --> 00:00:04,000\n42", "7 dwarves|42")]
    [InlineData("00:00:01,000 --> 00:00:02,000\n1984\n\n00:00:03,000 --> 00:00:04,000\n42", "1984|42")] // no index at all
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\n1984\n\n2\n00:00:03,000 --> 00:00:04,000\n42", "1984|42")]
    [InlineData("00:00:01,000 --> 00:00:02,000\nOne\n\n2\n00:00:02,5 --> 00:00:02,6\n\n3\n00:00:03,000 --> 00:00:04,000\nTwo", "One|Two")]
    public void Text_is_found_wherever_empty_lines_and_indices_are(string text, string expected)
    {
        SubtitleFile file = Srt(text);
        string[] texts = expected.Split('|');
        Assert.Equal([$"1-2 {texts[0]}", $"3-4 {texts[1]}"], Shown(file));
        Assert.Empty(file.Damaged);
    }

    /// <summary>In the last two, no empty line shows where a cue ends, or one stands after each line.</summary>
    [Theory]
    [InlineData("\n", "\n\n", "in 1984")]
    [InlineData("\n", "\n", "in 1984")]
    [InlineData("\n\n", "\n\n", "1984")]
    public void Where_most_cues_have_no_index_a_number_is_text(string within, string between, string number)
    {
        string[] texts = ["One", number.Replace(" ", within, StringComparison.Ordinal), "Two", "Three"];
        string text = string.Join(between, texts.Select((words, i) => $"00:00:0{i},000 --> 00:00:0{i + 1},000{within}{words}"));
        SubtitleFile file = Srt(text);
        Assert.Equal(["0-1 One", $"1-2 {number}", "2-3 Two", "3-4 Three"], Shown(file));
        Assert.Empty(file.Damaged);
    }

    [Fact]
    public void Overlapping_cues_come_in_order_of_their_start()
    {
        Assert.Equal(["1-9 first", "2-3 second", "2-4 third"], Shown(Srt(
            "00:00:02,000 --> 00:00:03,000\nsecond\n\n00:00:01,000 --> 00:00:09,000\nfirst\n\n00:00:02,000 --> 00:00:04,000\nthird\n")));
    }

    [Fact]
    public void Text_before_the_first_cue_and_beside_its_times_is_named()
    {
        Assert.Equal(["2: text outside a cue: 'A title'"], Damage(Srt("\nA title\nof a film\n\n" + Times + "text\n")));
        SubtitleFile file = Srt("1\n00:00:01,000 --> 00:00:03,000 Hello there\ntext\n");
        Assert.Equal(["1-3 text"], Shown(file));
        Assert.Equal(["2: 'Hello there' stands after its times and is not read"], Damage(file));
        Assert.Equal(["1-3 text"], Shown(Srt("1\n00:00:01,000 --> 00:00:03,000.\ntext\n")));
    }

    [Fact]
    public void A_file_without_words_says_so()
    {
        Assert.Equal(["1: the file is empty"], Damage(Srt("")));
        Assert.Equal(["1: the file has no cue"], Damage(Srt("\n \n")));
        Assert.Equal(["1: text outside a cue: 'just'"], Damage(Srt("just\n\nsome text\n")));
        Assert.Equal(["1: the 1 cues of the file hold no words"], Damage(Srt(Times + "<i></i>[music]\n")));
        Assert.Empty(Srt(Times + "[music]\n").Cues);
        Assert.Equal(["1: the 1 cues of the file hold no words"], Damage(Srt(Times + "\u200B\u200E\n")));
    }

    [Fact]
    public void Inline_times_that_a_converter_left_place_the_words() =>
        Assert.Equal(["1-2 one", "2-3 two"], Shown(Srt(Times + "one<00:00:02,000><c> two</c>\n")));
}
