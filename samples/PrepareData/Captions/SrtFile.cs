using System.Globalization;
using System.Text.RegularExpressions;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>SubRip, which has no standard. It is read as ffmpeg and the players that use it show it.</summary>
/// <remarks>
/// A line of times starts a cue. All lines up to the next line of times are its text, empty lines between them or not. The index of the
/// next cue is no text. Where most cues have no index, a number is text.
/// </remarks>
internal static partial class SrtFile
{
    private const string Arrow = "-->";
    private const int MostDigits = 6;

    /// <summary>Reads the cues in file order.</summary>
    public static IReadOnlyList<ShownCue> Read(IReadOnlyList<string> lines, ICollection<DamagedCue> damaged)
    {
        List<ShownCue> cues = [];
        int[] starts = [.. Enumerable.Range(0, lines.Count).Where(at => StartsCue(lines, at))];
        bool hasIndices = starts.Count(at => HasIndex(lines, at)) * 2 >= starts.Length;
        ReportText(lines, starts.Length == 0 ? lines.Count : TextEnd(lines, 0, starts[0], hasIndices: true), damaged);
        foreach ((int index, int at) in starts.Index())
        {
            bool isLast = index + 1 == starts.Length;
            int end = isLast ? lines.Count : TextEnd(lines, at + 1, starts[index + 1], hasIndices);
            if (ReadCue(lines, at, end, damaged) is { } cue) cues.Add(cue);
        }

        return cues;
    }

    /// <summary>Whether a line is, or is meant to be, a pair of times. Text may hold an arrow, and times as 12:30 --> 13:45.</summary>
    private static bool StartsCue(IReadOnlyList<string> lines, int at)
    {
        string line = lines[at];
        if (line.Length == 0) return false;
        if (CueTimes.AreLike(line) || (Times().Match(line) is { Success: true } match && IsExact(match))) return true;
        bool followsIndex = at > 0 && IsIndex(lines[at - 1]) && (at == 1 || string.IsNullOrWhiteSpace(lines[at - 2]));
        return followsIndex && (line.Contains(Arrow, StringComparison.Ordinal) || CueTimes.AreTwo(line));

        static bool IsExact(Match match) => match.Groups["h1"].Success || match.Groups["f1"].Success;
    }

    /// <summary>Whether a number stands right before a line of times. Some files have an empty line after each line.</summary>
    private static bool HasIndex(IReadOnlyList<string> lines, int at)
    {
        if (at > 0 && IsIndex(lines[at - 1])) return true;
        bool isSpaced = at > 1 && at + 1 < lines.Count && lines[at - 1].Length == 0 && lines[at + 1].Length == 0;
        return isSpaced && IsIndex(lines[at - 2]);
    }

    /// <summary>Returns where the text before a line of times ends: the index of the cue is no text, nor are empty lines.</summary>
    private static int TextEnd(IReadOnlyList<string> lines, int from, int times, bool hasIndices)
    {
        int end = times;
        while (end > from && string.IsNullOrWhiteSpace(lines[end - 1])) end--;
        if (end == from || !IsIndex(lines[end - 1])) return end;

        // A number that ends a text, as a year, is followed by an empty line and has none before it.
        // Where cues have no index, only a number that stands alone right before the times is one.
        bool isFirst = end - 1 == from, isAlone = !isFirst && string.IsNullOrWhiteSpace(lines[end - 2]);
        bool isIndex = hasIndices ? end == times || isFirst || isAlone : end == times && isAlone;
        return isIndex ? end - 1 : end;
    }

    private static void ReportText(IReadOnlyList<string> lines, int end, ICollection<DamagedCue> damaged)
    {
        int at = 0;
        while (at < end && string.IsNullOrWhiteSpace(lines[at])) at++;
        if (at < end) damaged.Add(new DamagedCue(at + 1, $"text outside a cue: {DamagedCue.Quote(lines[at].Trim())}"));
    }

    private static ShownCue? ReadCue(IReadOnlyList<string> lines, int at, int end, ICollection<DamagedCue> damaged)
    {
        if (ReadTimes(lines[at], out TimeSpan start, out TimeSpan finish, out string rest) is { } fault)
        {
            damaged.Add(new DamagedCue(at + 1, fault));
            return null;
        }

        // Places on the screen may follow, as X1:100 or align:start. Players do not show the rest of the line.
        if (!Settings().IsMatch(rest))
            damaged.Add(new DamagedCue(at + 1, $"{DamagedCue.Quote(rest.Trim())} stands after its times and is not read"));
        List<TimeSpan> times = [];
        string text = string.Join('\n', lines.Skip(at + 1).Take(end - at - 1));
        text = Markup().Replace(text, match =>
        {
            if (!match.Groups["time"].Success) return match.Groups["break"].Success ? "\n" : "";
            if (!TryTime(match, "", out TimeSpan time)) return match.Value;
            times.Add(time);
            return $"{ShownCue.TimeMark}";
        });
        return new ShownCue(at + 1, start, finish, CharacterReference.DecodeClosed(text), times);
    }

    private static string? ReadTimes(string line, out TimeSpan start, out TimeSpan end, out string rest)
    {
        (start, end, rest) = (default, default, "");
        Match match = Times().Match(line);
        if (!match.Success) return CueTimes.NoPair(line);
        if (!TryTime(match, "1", out start) || !TryTime(match, "2", out end)) return CueTimes.OutOfRange(line);
        rest = match.Groups["rest"].Value;
        return CueTimes.Reversed(start, end);
    }

    private static bool TryTime(Match match, string part, out TimeSpan time)
    {
        time = default;
        string hours = match.Groups["h" + part].Value, minutes = match.Groups["m" + part].Value, seconds = match.Groups["s" + part].Value;
        if (Math.Max(hours.Length, Math.Max(minutes.Length, seconds.Length)) > MostDigits) return false;

        // ffmpeg reads ,5 as 5 milliseconds. It would read ,5000 as 5 seconds: there, the first three digits are the milliseconds.
        string fraction = match.Groups["f" + part].Value;
        time = new TimeSpan(0, Number(hours), Number(minutes), Number(seconds), Number(fraction.Length > 3 ? fraction[..3] : fraction));
        return true;
    }

    private static int Number(string digits) =>
        digits.Length == 0 ? 0 : int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);

    private static bool IsIndex(string line) =>
        line.AsSpan().Trim() is { Length: > 0 } digits && !digits.ContainsAnyExceptInRange('0', '9');

    [GeneratedRegex(
        @"^\s*(?:(?<h1>[0-9]+)\s*:\s*)?(?<m1>[0-9]+)\s*:\s*(?<s1>[0-9]+)(?:\s*[.,]\s*(?<f1>[0-9]+))?\s*-->\s*"
            + @"(?:(?<h2>[0-9]+)\s*:\s*)?(?<m2>[0-9]+)\s*:\s*(?<s2>[0-9]+)(?:\s*[.,]\s*(?<f2>[0-9]+))?(?![0-9:]|[.,;]\s*[0-9])(?<rest>.*)$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Times();

    [GeneratedRegex(@"^\s*(?:[A-Za-z][A-Za-z0-9]*:\S*(?:\s+|$))*$", RegexOptions.CultureInvariant)]
    private static partial Regex Settings();

    /// <summary>
    /// The tags that players know, with attributes or none; drawings of ASS, which stand between {\p1} and the next braces; style overrides
    /// of ASS and MicroDVD; breaks; and the inline times that converters leave. Other text in angle brackets is text.
    /// </summary>
    [GeneratedRegex(
        @"(?i:</?(?:font\b[^<>]*|(?:b|i|u|s|em|strong|span|p|c(?:\.[\w.-]*)?)"
            + @"(?:\s+[\w-]+\s*=\s*(?:""[^""<>]*""|'[^'<>]*'|[^\s<>""']+))*\s*/?)>)"
            + @"|\{\\(?:[^{}]*\\)?p[1-9][^{}]*\}[^{}]*|\{\\[^{}]*\}|\{[CcFfoPSsYy]:[^{}]*\}"
            + @"|(?<break>(?i:</?br\s*/?>)|\\[Nnh])"
            + @"|<(?<time>(?:(?<h>\d+):)?(?<m>\d\d):(?<s>\d\d)[.,](?<f>\d{3}))>",
        RegexOptions.CultureInvariant)]
    private static partial Regex Markup();
}

/// <summary>What lines of times have in common in both formats.</summary>
internal static partial class CueTimes
{
    /// <summary>Whether a line begins with a time and an arrow, or an arrow and a time, in whatever way these are written.</summary>
    public static bool AreLike(string line) => Like().IsMatch(line);

    /// <summary>Whether a line begins with two times, with any signs between them.</summary>
    public static bool AreTwo(string line) => Two().IsMatch(line);

    /// <summary>The fault of a line that is not written as a pair of times.</summary>
    public static string NoPair(string line) => $"{DamagedCue.Quote(line.Trim())} is no pair of times";

    /// <summary>The fault of a line with a time that does not exist.</summary>
    public static string OutOfRange(string line) => $"{DamagedCue.Quote(line.Trim())} has a time out of range";

    /// <summary>Returns the fault of times that leave no time between them, or null.</summary>
    public static string? Reversed(TimeSpan start, TimeSpan end) =>
        end > start ? null : $"it ends at {end:c}, not after its start at {start:c}";

    [GeneratedRegex(
        @"^\s*(?:(?:[-+]\s*)?[0-9]+\s*:\s*[0-9]+\s*[:.,;]\s*[0-9]+(?:\s*[.,:;]\s*[0-9]+)?\s*(?:[-–—=\s]{0,4}>|[→⇒])"
            + @"|(?:-\s?-\s?>|→)\s*[0-9]+\s*:\s*[0-9]+\s*[:.,;]\s*[0-9])",
        RegexOptions.CultureInvariant)]
    private static partial Regex Like();

    [GeneratedRegex(
        @"^\s*[-+]?[0-9]+\s*:\s*[0-9]+\s*[:.,;]\s*[0-9]+(?:\s*[.,:;]\s*[0-9]+)?[^\w]{1,8}[0-9]+\s*:\s*[0-9]+\s*[:.,;]\s*[0-9]",
        RegexOptions.CultureInvariant)]
    private static partial Regex Two();
}
