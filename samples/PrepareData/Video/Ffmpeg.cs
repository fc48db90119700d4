using System.Globalization;
using System.Text.RegularExpressions;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>The ffmpeg program: what a film holds, and its frames and sound through pipes.</summary>
internal static partial class Ffmpeg
{
    /// <summary>Frames in a second of output.</summary>
    public const int FramesPerSecond = 2;

    /// <summary>Samples in a second of output.</summary>
    public const int SampleRate = 8000;

    /// <summary>Pixels on each side of a frame.</summary>
    public const int FrameSide = 16;

    private static readonly string Program = OperatingSystem.IsWindows() ? "ffmpeg.exe" : "ffmpeg";

    // Films may name other files and servers, as playlists do; only the file itself is read.
    private static readonly string[] Quiet = ["-hide_banner", "-nostdin", "-nostats", "-protocol_whitelist", "file,pipe,crypto,data"];

    /// <summary>Where ffmpeg is.</summary>
    /// <exception cref="FileNotFoundException">It is in no folder of PATH.</exception>
    public static string Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, Program))
            .FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException(
            "The program ffmpeg is needed to read films, and is in no folder of PATH. Install it (Debian, Ubuntu: apt-get install ffmpeg) "
                + "or add its folder to PATH.");

    /// <summary>Asks what a film holds.</summary>
    /// <exception cref="InvalidDataException">ffmpeg cannot read it; the message holds ffmpeg's own.</exception>
    public static FilmStreams Probe(string path)
    {
        // Without an output ffmpeg describes its input and ends with an error about that.
        using FfmpegProcess process = new(Find(), [.. Quiet, "-i", "file:" + path], keepLines: 400);
        process.Output.CopyTo(Stream.Null);
        IReadOnlyList<string> lines = process.WaitForLines();
        if (!lines.Any(line => line.StartsWith("Input #0", StringComparison.Ordinal)))
            throw new InvalidDataException($"{path}: ffmpeg cannot read it: {(lines.Count == 0 ? "it says nothing" : lines[^1].Trim())}");

        TimeSpan? duration = lines.Select(line => Duration().Match(line)).FirstOrDefault(match => match.Success) is { } found
            ? new TimeSpan(0, Number(found, "h"), Number(found, "m"), Number(found, "s"))
            : null;
        return new FilmStreams(
            HasVideo: lines.Any(line => StreamLine().Match(line) is { Success: true } match && match.Groups["kind"].Value == "Video"
                && !line.Contains("(attached pic)", StringComparison.Ordinal)),
            HasAudio: lines.Any(line => StreamLine().Match(line) is { Success: true } match && match.Groups["kind"].Value == "Audio"),
            duration);
    }

    /// <summary>Gray frames of 16×16 bytes, two a second from the film's start, squashed by area.</summary>
    public static FfmpegProcess Frames(string path) => Decode(
        path, "-map", "0:V:0", "-vf", $"fps={FramesPerSecond}:start_time=0,scale={FrameSide}:{FrameSide}:flags=area,format=gray", "-f",
        "rawvideo", "-pix_fmt", "gray");

    /// <summary>Sound as 16-bit little-endian samples, 8000 a second from the film's start, one channel.</summary>
    public static FfmpegProcess Sound(string path) => Decode(
        path, "-map", "0:a:0", "-af", $"aresample={SampleRate}:async=1:first_pts=0", "-ac", "1", "-ar", $"{SampleRate}", "-f", "s16le");

    private static FfmpegProcess Decode(string path, params string[] output) =>
        new(Find(), [.. Quiet, "-v", "error", "-i", "file:" + path, .. output, "pipe:1"], keepLines: 20);

    private static int Number(Match match, string group) =>
        int.Parse(match.Groups[group].Value, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\s*Stream #0:\d+.*?: (?<kind>Video|Audio):", RegexOptions.CultureInvariant)]
    private static partial Regex StreamLine();

    [GeneratedRegex(@"^\s*Duration: (?<h>\d{1,5}):(?<m>\d\d):(?<s>\d\d)", RegexOptions.CultureInvariant)]
    private static partial Regex Duration();
}

/// <summary>What a film holds.</summary>
/// <param name="HasVideo">Moving pictures; a cover picture does not count.</param>
/// <param name="HasAudio">Sound.</param>
/// <param name="Duration">How long it lasts, or null where the file does not say.</param>
internal sealed record FilmStreams(bool HasVideo, bool HasAudio, TimeSpan? Duration);
