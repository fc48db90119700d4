using System.Globalization;
using System.Text.RegularExpressions;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>The kinds of streams that are read.</summary>
internal enum StreamKind
{
    /// <summary>Moving pictures.</summary>
    Video,

    /// <summary>Sound.</summary>
    Audio,

    /// <summary>Text or pictures of text.</summary>
    Subtitle,
}

/// <summary>A stream of a film, as ffmpeg describes it.</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="Index">Its number among all streams of the film, from 0.</param>
/// <param name="Number">Its number among the streams of its kind, from 0.</param>
/// <param name="Codec">The name of its codec; none where ffmpeg does not know it.</param>
/// <param name="Language">Its language as three letters, or an empty text.</param>
/// <param name="IsDefault">Whether the film says that players use it.</param>
/// <param name="IsForced">Whether it holds subtitles of foreign parts only.</param>
internal sealed record FilmStream(
    StreamKind Kind, int Index, int Number, string Codec, string Language, bool IsDefault, bool IsForced)
{
    private static readonly string[] BitmapCodecs = ["dvb_subtitle", "dvd_subtitle", "hdmv_pgs_subtitle", "xsub"];

    /// <summary>Whether its subtitles are pictures, which hold no text to read.</summary>
    public bool IsBitmap => BitmapCodecs.Contains(Codec);

    /// <summary>Name of the stream in messages.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture,
        $"{Kind.ToString().ToLowerInvariant()} stream {Number} ({Codec}{(Language.Length == 0 ? "" : ", " + Language)})");
}

/// <summary>The streams of a film, and its duration.</summary>
/// <param name="All">All streams of the kinds that are read. A cover picture is none of them.</param>
/// <param name="Duration">Duration, or null where the file has none.</param>
internal sealed partial record FilmStreams(IReadOnlyList<FilmStream> All, TimeSpan? Duration)
{
    /// <summary>Lines that describe a stream of these kinds in a way that is not known. The stream is not read.</summary>
    public IReadOnlyList<string> NotUnderstood { get; private init; } = [];

    /// <summary>Reads the description that ffmpeg prints of its input.</summary>
    public static FilmStreams Parse(IReadOnlyList<string> lines)
    {
        // A stream that belongs to several programs is listed in each of them. ffmpeg counts by index, not by program.
        FilmStream[] streams =
        [
            .. lines.Select(line => (Line: line, Match: StreamLine().Match(line)))
                .Where(found => found.Match.Success && !found.Line.Contains("(attached pic)", StringComparison.Ordinal))
                .Select(found => Parse(found.Match))
                .DistinctBy(stream => stream.Index)
                .OrderBy(stream => stream.Index),
        ];
        Match? duration = lines.Select(line => DurationLine().Match(line)).FirstOrDefault(match => match.Success);
        FilmStream[] numbered =
        [
            .. streams.GroupBy(stream => stream.Kind).SelectMany(kind => kind.Select((stream, number) => stream with { Number = number })),
        ];
        return new FilmStreams(
            numbered,
            duration is null ? null : new TimeSpan(0, Number(duration, "h"), Number(duration, "m"), Number(duration, "s")))
        {
            NotUnderstood =
            [
                .. lines.Where(line => AnyStreamLine().IsMatch(line) && !StreamLine().IsMatch(line)).Select(line => line.Trim()).Distinct(),
            ],
        };
    }

    /// <summary>The streams of a kind in the order of preference: those that the film marks as default first, forced ones last.</summary>
    public IReadOnlyList<FilmStream> Preferred(StreamKind kind) =>
        [.. All.Where(stream => stream.Kind == kind).OrderBy(stream => stream.IsForced).ThenBy(stream => !stream.IsDefault)];

    private static FilmStream Parse(Match match)
    {
        string flags = match.Groups["rest"].Value;
        return new FilmStream(
            Enum.Parse<StreamKind>(match.Groups["kind"].Value), Number(match, "index"), Number: 0, match.Groups["codec"].Value,
            match.Groups["language"].Value is "und" ? "" : match.Groups["language"].Value,
            flags.Contains("(default)", StringComparison.Ordinal), flags.Contains("(forced)", StringComparison.Ordinal));
    }

    private static int Number(Match match, string group) =>
        int.Parse(match.Groups[group].Value, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(
        @"^\s*Stream #0:(?<index>\d{1,6})(?:\[\w+\])?(?:\((?<language>[^()]*)\))?: "
            + @"(?<kind>Video|Audio|Subtitle): (?<codec>\w+)(?<rest>.*)$",
        RegexOptions.CultureInvariant)]
    private static partial Regex StreamLine();

    [GeneratedRegex(@"^\s*Stream #0:.*: (?:Video|Audio|Subtitle)\b", RegexOptions.CultureInvariant)]
    private static partial Regex AnyStreamLine();

    [GeneratedRegex(@"^\s*Duration: (?<h>\d{1,5}):(?<m>\d\d):(?<s>\d\d)", RegexOptions.CultureInvariant)]
    private static partial Regex DurationLine();
}
