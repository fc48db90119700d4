using System.Buffers;
using System.Globalization;
using System.Text;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>WebVTT, read by the parsing algorithms of the W3C standard: what a browser shows is what is read.</summary>
/// <remarks>The parser collects blocks of lines as the standard says. What a browser drops without a word is reported.</remarks>
internal static class VttFile
{
    private const string Signature = "WEBVTT";
    private const string Arrow = "-->";
    private const string Space = " \t\f";
    private const int MostDigits = 6;

    private static readonly SearchValues<char> NameEnds = SearchValues.Create(" \t\n\f./");
    private static readonly string[] SilentBlocks = ["NOTE", "STYLE", "REGION", Signature];
    private static readonly string[] Tags = ["c", "i", "b", "u", "ruby", "rt", "v", "lang"];

    // Not in the standard, but in many files, and not meant as text.
    private static readonly string[] ForeignTags = ["s", "font", "br", "em", "strong", "span", "p", "div"];

    /// <summary>Whether a text begins as every WebVTT file does.</summary>
    public static bool HasSignature(string text) =>
        text.StartsWith(Signature, StringComparison.Ordinal)
            && (text.Length == Signature.Length || text[Signature.Length] is ' ' or '\t' or '\n' or '\r');

    /// <summary>Reads the cues in file order. The first line is the signature.</summary>
    public static IReadOnlyList<ShownCue> Read(IReadOnlyList<string> lines, ICollection<DamagedCue> damaged)
    {
        List<ShownCue> cues = [];
        int at = 1;
        while (at < lines.Count && lines[at].Length > 0 && !HasArrow(lines[at])) at++; // the header
        while (at < lines.Count)
        {
            if (lines[at].Length == 0) at++;
            else if (ReadBlock(lines, ref at, damaged) is { } cue) cues.Add(cue);
        }

        return cues;
    }

    /// <summary>
    /// Fills empty lines within the text of cues. A stream in a film keeps its cues apart, and their text may have empty lines. ffmpeg
    /// writes them to a file as they are, where they would end the cue.
    /// </summary>
    public static IReadOnlyList<string> FillEmptyLines(IReadOnlyList<string> lines)
    {
        string[] filled = [.. lines];
        int firstCue = Array.FindIndex(filled, HasArrow), next = -1;
        for (int at = lines.Count - 1; firstCue >= 0 && at > firstCue; at--)
        {
            if (lines[at].Length > 0) next = at;
            else if (next >= 0 && !IsStart(next)) filled[at] = " ";
        }

        return filled;

        bool IsStart(int at) => HasArrow(lines[at]) || (at + 1 < lines.Count && HasArrow(lines[at + 1])); // a cue may have a name
    }

    /// <summary>
    /// Reads lines up to an empty one, or up to a second arrow. An arrow in the first line starts a cue, and in the second where the first
    /// is its name.
    /// </summary>
    private static ShownCue? ReadBlock(IReadOnlyList<string> lines, ref int at, ICollection<DamagedCue> damaged)
    {
        int first = at, times = -1;
        string? fault = null;
        TimeSpan start = default, end = default;
        for (; at < lines.Count && lines[at].Length > 0; at++)
        {
            if (!HasArrow(lines[at])) continue;
            if (times >= 0 || at > first + 1) break;
            times = at;
            fault = ReadTimes(lines[at], out start, out end);
        }

        bool isSilent = SilentBlocks.Any(name => IsNamed(lines[first], name));
        if (times < 0)
        {
            if (!isSilent) damaged.Add(new DamagedCue(first + 1, FaultOfText([.. lines.Skip(first).Take(at - first)])));
            return null;
        }

        if (fault is not null)
        {
            if (!isSilent) damaged.Add(new DamagedCue(times + 1, fault));
            return null;
        }

        if (lines.Skip(times + 1).Take(at - times - 1).FirstOrDefault(CueTimes.AreLike) is { } like)
            damaged.Add(new DamagedCue(times + 1, $"{DamagedCue.Quote(like.Trim())} in its text is no pair of times, and is read as text"));
        List<TimeSpan> inline = [];
        string text = ReadText(string.Join('\n', lines.Skip(times + 1).Take(at - times - 1)), times + 1, inline, damaged);
        return new ShownCue(times + 1, start, end, text, inline);
    }

    private static bool HasArrow(string line) => line.Contains(Arrow, StringComparison.Ordinal);

    private static bool IsNamed(string line, string name) =>
        line.StartsWith(name, StringComparison.Ordinal) && (line.Length == name.Length || line[name.Length] is ' ' or '\t');

    private static string FaultOfText(string[] block) =>
        block.FirstOrDefault(line => CueTimes.AreLike(line) || CueTimes.AreTwo(line)) is { } like
            ? CueTimes.NoPair(like) : $"text outside a cue: {DamagedCue.Quote(block[0].Trim())}";

    private static string? ReadTimes(string line, out TimeSpan start, out TimeSpan end)
    {
        ReadOnlySpan<char> rest = line.AsSpan().TrimStart(Space);
        end = default;
        bool isPair = TryTime(ref rest, out start);
        rest = rest.TrimStart(Space);
        isPair = isPair && rest.StartsWith(Arrow, StringComparison.Ordinal);
        if (isPair) rest = rest[Arrow.Length..].TrimStart(Space);
        isPair = isPair && TryTime(ref rest, out end); // settings may follow, even without a space
        return isPair ? CueTimes.Reversed(start, end) : $"{CueTimes.NoPair(line)} of WebVTT, as 00:01:02.500 --> 00:01:04.000";
    }

    /// <summary>Reads a time as 01:02.500 or 00:01:02.500, and moves on to what follows it.</summary>
    private static bool TryTime(ref ReadOnlySpan<char> rest, out TimeSpan time)
    {
        time = default;
        int[] units = new int[3];
        int count = 0, firstDigits = 0;
        do
        {
            if (count > 0) rest = rest[1..];
            if (!TryNumber(ref rest, out units[count], out int digits) || (count > 0 && digits != 2)) return false;
            if (count == 0) firstDigits = digits;
            count++;
        }
        while (count < units.Length && rest.StartsWith(':'));

        // The first number may have any length, but only hours do. Minutes have two digits.
        if (count == 1 || (count == 2 && firstDigits != 2) || !rest.StartsWith('.')) return false;
        rest = rest[1..];
        if (!TryNumber(ref rest, out int milliseconds, out int fraction) || fraction != 3) return false;
        (int hours, int minutes, int seconds) = count == 3 ? (units[0], units[1], units[2]) : (0, units[0], units[1]);
        if (minutes > 59 || seconds > 59) return false;
        time = new TimeSpan(0, hours, minutes, seconds, milliseconds);
        return true;
    }

    private static bool TryNumber(ref ReadOnlySpan<char> rest, out int number, out int digits)
    {
        int end = rest.IndexOfAnyExceptInRange('0', '9');
        digits = end < 0 ? rest.Length : end;
        bool isRead = int.TryParse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out number) && digits <= MostDigits;
        rest = rest[digits..];
        return isRead;
    }

    /// <summary>Divides the text of a cue into characters, tags and inline times.</summary>
    private static string ReadText(string raw, long line, List<TimeSpan> times, ICollection<DamagedCue> damaged)
    {
        StringBuilder text = new(raw.Length);
        for (int at = 0; at < raw.Length;)
        {
            if (raw[at] == '&')
            {
                at = CharacterReference.Read(raw, at, out string decoded);
                text.Append(decoded);
            }
            else if (raw[at] != '<')
            {
                text.Append(raw[at++]);
            }
            else
            {
                // Whatever a tag is, it goes to the next >, or to the end of the cue.
                int end = raw.IndexOf('>', at);
                string tag = raw[(at + 1)..(end < 0 ? raw.Length : end)];
                at = end < 0 ? raw.Length : end + 1;
                if (tag.Length > 0 && char.IsAsciiDigit(tag[0]))
                {
                    ReadOnlySpan<char> rest = tag;
                    if (TryTime(ref rest, out TimeSpan time) && rest.IsEmpty)
                    {
                        times.Add(time);
                        text.Append(ShownCue.TimeMark);
                        continue;
                    }
                }

                if (!IsKnownTag(tag)) damaged.Add(new DamagedCue(line,
                    $"its text has <{DamagedCue.Quote(tag)[1..^1]}>, which is no tag of WebVTT and is not shown; write &lt; for <"));
            }
        }

        return text.ToString();
    }

    private static bool IsKnownTag(string tag)
    {
        ReadOnlySpan<char> name = tag.StartsWith('/') ? tag.AsSpan(1) : tag;
        int end = name.IndexOfAny(NameEnds);
        string known = name[..(end < 0 ? name.Length : end)].ToString();
        return known.Length == 0 ? tag.Trim('/').Length == 0
            : Tags.Contains(known) || ForeignTags.Contains(known.ToLowerInvariant());
    }
}
