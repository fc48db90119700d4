using System.Text;
using System.Text.RegularExpressions;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>The subtitles of an ASS stream, as ffmpeg copies them: a line of ten fields for each cue.</summary>
internal static partial class AssText
{
    /// <summary>Returns the cues in the form of SubRip. Style overrides and drawings stay, as the reader of SubRip knows them.</summary>
    public static string ToSubRip(IEnumerable<string> lines)
    {
        StringBuilder text = new();
        foreach (Match cue in lines.Select(line => Dialogue().Match(line)).Where(match => match.Success))
        {
            // Times have hundredths of a second. Braces without a backslash hold a remark of the author.
            text.Append(cue.Groups["start"].ValueSpan).Append("0 --> ").Append(cue.Groups["end"].ValueSpan).Append("0\n")
                .Append(Remark().Replace(cue.Groups["text"].Value, "")).Append("\n\n");
        }

        return text.ToString();
    }

    [GeneratedRegex(
        @"^Dialogue: [^,]*,(?<start>\d+:\d\d:\d\d\.\d\d),(?<end>\d+:\d\d:\d\d\.\d\d),(?:[^,]*,){6}(?<text>.*)$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Dialogue();

    [GeneratedRegex(@"\{[^{}\\]*\}", RegexOptions.CultureInvariant)]
    private static partial Regex Remark();
}
