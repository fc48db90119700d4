using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>The cues of a subtitle file, SubRip (.srt) or WebVTT (.vtt), ordered by start, and its damaged cues.</summary>
/// <remarks>
/// In both formats, a cue is a line of times, then lines of text up to an empty line or the next line of times. Indices and names of cues
/// may be missing. The encoding is UTF-8, or UTF-16 with a byte order mark.
/// </remarks>
internal sealed partial class SubtitleFile
{
    /// <summary>Largest file that is read. The subtitles of a film take a few hundred kilobytes.</summary>
    private const long LargestFile = 64 << 20;

    private const string Arrow = "-->";
    private const char Unreadable = '\uFFFD';

    private readonly List<Cue> _cues = [];
    private readonly List<DamagedCue> _damaged = [];

    private SubtitleFile(IReadOnlyList<string> lines, bool isVtt)
    {
        for (int at = 0; at < lines.Count;)
        {
            if (isVtt && IsBlockWithoutCues(lines[at])) at = AfterBlock(lines, at);
            else if (lines[at].Contains(Arrow, StringComparison.Ordinal)) at = ReadCue(lines, at, isVtt);
            else at++;
        }

        // A stable sort: cues with the same start stay in file order.
        Cues = [.. _cues.OrderBy(cue => cue.Start)];
    }

    /// <summary>File endings that can be read.</summary>
    public static IReadOnlyList<string> Endings { get; } = [".srt", ".vtt"];

    /// <summary>The cues that have text.</summary>
    public IReadOnlyList<Cue> Cues { get; }

    /// <summary>The cues that could not be read, in file order.</summary>
    public IReadOnlyList<DamagedCue> Damaged => _damaged;

    /// <summary>Reads a file by its ending.</summary>
    /// <exception cref="InvalidDataException">The file is too large, or a .vtt file lacks its first line.</exception>
    public static SubtitleFile Read(string path)
    {
        long length = new FileInfo(path).Length;
        if (length > LargestFile) throw new InvalidDataException($"{path}: {length} bytes of subtitles; at most {LargestFile} are read.");
        string text;
        using (StreamReader reader = new(path, Encoding.UTF8, detectEncodingFromByteOrderMarks: true)) text = reader.ReadToEnd();
        bool isVtt = Path.GetExtension(path).Equals(".vtt", StringComparison.OrdinalIgnoreCase);
        if (isVtt && !(text.StartsWith("WEBVTT", StringComparison.Ordinal) && (text.Length == 6 || char.IsWhiteSpace(text[6]))))
            throw new InvalidDataException($"{path}: not WebVTT: it does not begin with WEBVTT.");
        return Parse(text, isVtt);
    }

    /// <summary>Reads the text of a file.</summary>
    public static SubtitleFile Parse(string text, bool isVtt) => new(text.TrimStart('\uFEFF').ReplaceLineEndings("\n").Split('\n'), isVtt);

    private static bool IsBlockWithoutCues(string line) =>
        line is "STYLE" or "REGION" or "NOTE" || line.StartsWith("NOTE ", StringComparison.Ordinal)
            || line.StartsWith("WEBVTT", StringComparison.Ordinal);

    private static int AfterBlock(IReadOnlyList<string> lines, int at)
    {
        while (at < lines.Count && !string.IsNullOrWhiteSpace(lines[at])) at++;
        return at;
    }

    private int ReadCue(IReadOnlyList<string> lines, int timesAt, bool isVtt)
    {
        int end = timesAt + 1;
        while (end < lines.Count && !string.IsNullOrWhiteSpace(lines[end]) && !lines[end].Contains(Arrow, StringComparison.Ordinal)) end++;
        int textEnd = end;

        // If the empty line between two cues is missing, the index of the next cue must not become text.
        bool runsIntoNext = end < lines.Count && lines[end].Contains(Arrow, StringComparison.Ordinal);
        if (runsIntoNext && textEnd > timesAt + 1 && lines[textEnd - 1].AsSpan().Trim() is var last
            && last.IndexOfAnyExceptInRange('0', '9') < 0)
            textEnd--;

        string? fault = ReadTimes(lines[timesAt], out TimeSpan start, out TimeSpan finish);
        string text = Clean(string.Join(' ', lines.Skip(timesAt + 1).Take(textEnd - timesAt - 1)), isVtt);
        if (fault is null && text.Contains(Unreadable)) fault = "its text is not UTF-8";
        if (fault is not null) _damaged.Add(new DamagedCue(timesAt + 1, fault));
        else if (text.Length > 0) _cues.Add(new Cue(start, finish, text));
        return end;
    }

    private static string? ReadTimes(string line, out TimeSpan start, out TimeSpan end)
    {
        (start, end) = (default, default);
        Match match = Times().Match(line);
        if (!match.Success) return $"'{Short(line)}' is no pair of times";
        if (!TryTime(match, "a", out start) || !TryTime(match, "b", out end)) return $"'{Short(line)}' has a time out of range";
        return end > start ? null : $"it ends at {end:c}, not after its start at {start:c}";
    }

    private static bool TryTime(Match match, string name, out TimeSpan time)
    {
        time = default;
        string hours = match.Groups[name + "h"].Value;
        int minutes = Number(match.Groups[name + "m"].Value);
        int seconds = Number(match.Groups[name + "s"].Value);
        if (hours.Length > 6 || minutes > 59 || seconds > 59) return false;
        time = new TimeSpan(0, hours.Length == 0 ? 0 : Number(hours), minutes, seconds,
            Number(match.Groups[name + "f"].Value.PadRight(3, '0')));
        return true;
    }

    private static int Number(string digits) => int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>Removes tags, remarks in brackets and repeated white space, and decodes the character references of WebVTT.</summary>
    private static string Clean(string text, bool isVtt)
    {
        text = Tags().Replace(text, "");
        if (isVtt) text = WebUtility.HtmlDecode(text);
        text = Remarks().Replace(text, " ");
        return string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    private static string Short(string line) => line.Length <= 60 ? line : string.Concat(line.AsSpan(0, 60), "…");

    [GeneratedRegex(
        @"^\s*(?:(?<ah>\d+):)?(?<am>\d{1,2}):(?<as>\d{1,2})[.,](?<af>\d{1,3})\s*-->\s*"
            + @"(?:(?<bh>\d+):)?(?<bm>\d{1,2}):(?<bs>\d{1,2})[.,](?<bf>\d{1,3})(?:\s.*)?$",
        RegexOptions.CultureInvariant | RegexOptions.ECMAScript)]
    private static partial Regex Times();

    [GeneratedRegex(@"<[^<>]*>|\{\\[^{}]*\}", RegexOptions.CultureInvariant)]
    private static partial Regex Tags();

    [GeneratedRegex(@"\[[^\[\]]*\]|\([^()]*\)|[♪♫]", RegexOptions.CultureInvariant)]
    private static partial Regex Remarks();
}
