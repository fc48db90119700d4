using System.Globalization;
using System.Text.RegularExpressions;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Calls the ffmpeg program: lists the streams of a film, and decodes frames and sound through pipes.</summary>
internal static partial class Ffmpeg
{
    /// <summary>Frames per second of output.</summary>
    public const int FramesPerSecond = 2;

    /// <summary>Audio samples per second of output.</summary>
    public const int SampleRate = 8000;

    /// <summary>Pixels on each side of a frame.</summary>
    public const int FrameSide = 16;

    private static readonly string Program = OperatingSystem.IsWindows() ? "ffmpeg.exe" : "ffmpeg";

    // Films can refer to other files and servers, as playlists do. Only the file itself is read.
    private static readonly string[] Quiet = ["-hide_banner", "-nostdin", "-nostats", "-protocol_whitelist", "file,pipe,crypto,data"];

    /// <summary>Path of the ffmpeg program.</summary>
    /// <exception cref="FileNotFoundException">No folder of PATH has it.</exception>
    public static string Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, Program))
            .FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException(
            "Reading films needs the program ffmpeg, which is in no folder of PATH. Install it (Debian, Ubuntu: apt-get install ffmpeg) "
                + "or add its folder to PATH.");

    /// <summary>Reads which streams a film has, and its duration.</summary>
    /// <exception cref="InvalidDataException">ffmpeg cannot read the film. The message includes that of ffmpeg.</exception>
    public static FilmStreams Probe(string path)
    {
        // Without an output, ffmpeg describes its input and ends with an error about the missing output.
        using FfmpegProcess process = new(Find(), [.. Quiet, "-i", "file:" + path], keepLines: 400);
        process.Output.CopyTo(Stream.Null);
        IReadOnlyList<string> lines = process.WaitForLines();
        if (!lines.Any(line => line.StartsWith("Input #0", StringComparison.Ordinal)))
            throw new InvalidDataException($"{path}: ffmpeg cannot read it: {(lines.Count == 0 ? "no message" : lines[^1].Trim())}");

        TimeSpan? duration = lines.Select(line => Duration().Match(line)).FirstOrDefault(match => match.Success) is { } found
            ? new TimeSpan(0, Number(found, "h"), Number(found, "m"), Number(found, "s"))
            : null;
        return new FilmStreams(
            HasVideo: lines.Any(line => StreamLine().Match(line) is { Success: true } match && match.Groups["kind"].Value == "Video"
                && !line.Contains("(attached pic)", StringComparison.Ordinal)),
            HasAudio: lines.Any(line => StreamLine().Match(line) is { Success: true } match && match.Groups["kind"].Value == "Audio"),
            duration);
    }

    /// <summary>Decodes gray frames of 16×16 bytes, two per second from the start of the film, scaled by area averaging.</summary>
    public static FfmpegProcess Frames(string path) => Decode(
        path, "-map", "0:V:0", "-vf", $"fps={FramesPerSecond}:start_time=0,scale={FrameSide}:{FrameSide}:flags=area,format=gray", "-f",
        "rawvideo", "-pix_fmt", "gray");

    /// <summary>Decodes sound as 16-bit little-endian samples, 8000 per second from the start of the film, one channel.</summary>
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

/// <summary>The streams of a film.</summary>
/// <param name="HasVideo">Whether it has moving pictures. A cover picture does not count.</param>
/// <param name="HasAudio">Whether it has sound.</param>
/// <param name="Duration">Duration, or null where the file has none.</param>
internal sealed record FilmStreams(bool HasVideo, bool HasAudio, TimeSpan? Duration);
