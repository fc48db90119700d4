using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using HslEmbeddingZero.Samples.PrepareData;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

/// <summary>Compares the cues with those that ffmpeg reads of the same file.</summary>
/// <remarks>
/// The reader differs on purpose where ffmpeg loses words: angle brackets that are no tag, text that begins with a number before the next
/// times, and .vtt by ffmpeg's own rules. It also differs in times that ffmpeg misreads: a fraction of more than three digits, no
/// fraction, and an end that is not after its start.
/// </remarks>
public sealed partial class SubtitlesOfFfmpegTests : IDisposable
{
    private const string Next = "\n\n9\n00:00:50,000 --> 00:00:51,000\nnext\n";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableTheory]
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\nplain text\non two lines" + Next)]
    [InlineData("1\n00:00:01,5 --> 00:00:02,05\nshort fractions" + Next)]
    [InlineData("1\n00:00:01.500 --> 00:00:02.250\npoints" + Next)]
    [InlineData("1\n00:61:01,000 --> 00:62:99,000\nmany minutes")]
    [InlineData("100:00:01,000 --> 100:00:02,000\nmany hours")]
    [InlineData("1\n00: 00: 10, 000 --> 00: 00: 12, 000\nspaces in times" + Next)]
    [InlineData("1\n  00:00:15,000\t-->\t00:00:16,000\ntabs" + Next)]
    [InlineData("1\n0:0:15,000-->0:0:16,000  X1:100 X2:200 Y1:3 Y2:4\ntight times with a place" + Next)]
    [InlineData("00:00:01,000 --> 00:00:02,000\nno index\n\n00:00:03,000 --> 00:00:04,000\nthere" + Next)]
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\nno empty line\n2\n00:00:03,000 --> 00:00:04,000\nthere" + Next)]
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\n\nempty line first\n\n2\n00:00:03,000 --> 00:00:04,000\n\n\nthere" + Next)]
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\nempty line\n\nwithin" + Next)]
    [InlineData("1\r\r\n00:00:01,000 --> 00:00:02,000\r\r\ndouble\r\r\n\r\r\n2\r\r\n00:00:03,000 --> 00:00:04,000\r\r\ncr\r\r\n")]
    [InlineData("1\r00:00:01,000 --> 00:00:02,000\rlone\r\r2\r00:00:03,000 --> 00:00:04,000\rcr\r")]
    [InlineData("1\r\n00:00:01,000 --> 00:00:02,000\r\nno line end at the end")]
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\nan arrow --> in text, and -> one" + Next)]
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\n<i>a</i> <B>b</B> <u>c</u> <s>d</s> <font color=\"#ff0000\">e</font> a < b" + Next)]
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\none<br>two\\Nthree\\nfour" + Next)]
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\n{\\an8}top {\\i1}slanted{\\i0} {x} {Y:i}q" + Next)]
    [InlineData("1\n00:00:01,000 --> 00:00:02,000\nending in a year\n2024")]
    [InlineData("2\n00:00:03,000 --> 00:00:04,000\nlater\n\n1\n00:00:01,000 --> 00:00:02,000\nearlier" + Next)]
    [InlineData("1\n00:00:01,000 --> 00:00:05,000\nlong\n\n2\n00:00:02,000 --> 00:00:03,000\nwithin" + Next)]
    [InlineData("\uFEFF1\n00:00:01,000 --> 00:00:02,000\na byte order mark" + Next)]
    public void SubRip_is_read_as_by_ffmpeg(string text) => Compare("film.srt", text);

    [SkippableTheory]
    [InlineData("WEBVTT\n\n00:00:01.000 --> 00:00:02.000 align:start\nplain text\non two lines\n")]
    [InlineData("WEBVTT a title\nKind: captions\n\nname\n01:02.500 --> 01:03.000\n<v Mary>a <i.loud>name</i></v>\n")]
    [InlineData("WEBVTT\n\nNOTE a remark\n\n00:01.000 --> 00:02.000\na &amp; b &lt;c&gt;\n\n100:00:01.000 --> 100:00:02.000\nlate\n")]
    [InlineData("\uFEFFWEBVTT\r\n\r\n00:01.000 --> 00:02.000\r\none <00:01.500>two <c.red>three</c>\r\n")]
    public void WebVtt_is_read_as_by_ffmpeg(string text) => Compare("film.vtt", text);

    private void Compare(string name, string text)
    {
        FfmpegTools.SkipWithout("ffmpeg");
        string path = _folder.Write(name, Encoding.UTF8.GetBytes(text));
        string[] expected = [.. OfFfmpeg(path)];
        Assert.NotEmpty(expected);
        var file = SubtitleFile.Read(path);

        // ffmpeg shows a text with inline times as one.
        IEnumerable<Cue> whole = file.Cues.Aggregate(new List<Cue>(), (cues, cue) =>
        {
            if (cue.StartsExactly && cues is [.., var last] && last.End == cue.Start)
                cues[^1] = last with { End = cue.End, Text = $"{last.Text} {cue.Text}" };
            else
                cues.Add(cue);
            return cues;
        });
        Assert.Equal(expected, whole.Select(cue => $"{cue.Start:c} {cue.End:c} {cue.Text}"));
        Assert.Empty(file.Damaged);
    }

    private static IEnumerable<string> OfFfmpeg(string path)
    {
        string format = path.EndsWith(".vtt", StringComparison.Ordinal) ? "webvtt" : "srt"; // ffmpeg would guess it from the start
        string output = FfmpegTools.Call("ffmpeg", "-v", "error", "-nostdin", "-f", format, "-i", path, "-f", "srt", "-");
        foreach (Match cue in FfmpegCue().Matches(output.ReplaceLineEndings("\n") + "\n"))
        {
            string text = Styles().Replace(cue.Groups["text"].Value, "");
            string words = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            yield return $"{Time(cue, "a"):c} {Time(cue, "b"):c} {words}";
        }
    }

    private static TimeSpan Time(Match match, string name)
    {
        int[] parts = [.. match.Groups[name].Value.Split(':', ',').Select(part => int.Parse(part, CultureInfo.InvariantCulture))];
        return new TimeSpan(0, parts[0], parts[1], parts[2], parts[3]);
    }

    [GeneratedRegex(
        @"^\d+\n(?<a>[\d:,]+) --> (?<b>[\d:,]+)\n(?<text>.*?)\n(?=\n\d+\n[\d:,]+ -->|\n*\z)",
        RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex FfmpegCue();

    /// <summary>The styles that ffmpeg translates and writes again.</summary>
    [GeneratedRegex(@"</?[ibus]>|</?font[^<>]*>|\{\\an\d\}")]
    private static partial Regex Styles();
}
