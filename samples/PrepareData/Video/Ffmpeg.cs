namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Calls the ffmpeg program: lists the streams of a film, and decodes frames, sound and subtitles through pipes.</summary>
internal static class Ffmpeg
{
    /// <summary>Frames per second of output.</summary>
    public const int FramesPerSecond = 2;

    /// <summary>Audio samples per second of output.</summary>
    public const int SampleRate = 8000;

    /// <summary>Pixels on each side of a frame.</summary>
    public const int FrameSide = 16;

    /// <summary>ffmpeg's name of the codec of WebVTT.</summary>
    public const string WebVtt = "webvtt";

    /// <summary>ffmpeg's name of the codec of ASS and SSA.</summary>
    public const string Ass = "ass";

    private const string SubRip = "subrip";
    private const int MostDescription = 20_000; // lines; a film may have thousands of chapters

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
        using FfmpegProcess process = new(Find(), [.. Quiet, "-i", "file:" + path], keepLines: MostDescription);
        process.Output.CopyTo(Stream.Null);
        IReadOnlyList<string> lines = process.WaitForLines();
        if (!lines.Any(line => line.StartsWith("Input #0", StringComparison.Ordinal)))
            throw new InvalidDataException($"{path}: ffmpeg cannot read it: {(lines.Count == 0 ? "no message" : lines[^1].Trim())}");
        return FilmStreams.Parse(lines);
    }

    /// <summary>Decodes the start of a stream of pictures or sound. Returns null, or why nothing can be decoded.</summary>
    public static string? FaultOf(string path, FilmStream stream)
    {
        using FfmpegProcess process = stream.Kind == StreamKind.Video
            ? Decode(path, stream, "-frames:v", "1", "-f", "rawvideo") : Decode(path, stream, "-frames:a", "1", "-f", "s16le");
        if (process.Output.ReadByte() >= 0) return null;
        IReadOnlyList<string> lines = process.WaitForLines();
        return lines.Count == 0 ? "it is empty" : lines[^1].Trim();
    }

    /// <summary>Decodes gray frames of 16×16 bytes, two per second from the start of the film, scaled by area averaging.</summary>
    public static FfmpegProcess Frames(string path, FilmStream stream) => Decode(
        path, stream, "-vf", $"fps={FramesPerSecond}:start_time=0,scale={FrameSide}:{FrameSide}:flags=area,format=gray", "-f",
        "rawvideo", "-pix_fmt", "gray");

    /// <summary>Decodes sound as 16-bit little-endian samples, 8000 per second from the start of the film, one channel.</summary>
    public static FfmpegProcess Sound(string path, FilmStream stream) => Decode(
        path, stream, "-af", $"aresample={SampleRate}:async=1:first_pts=0", "-ac", "1", "-ar", $"{SampleRate}", "-f", "s16le");

    /// <summary>Reads a stream of subtitles as a file: WebVTT and ASS as they are, every other kind as SubRip.</summary>
    /// <exception cref="InvalidDataException">ffmpeg cannot convert it, or it is too large.</exception>
    public static byte[] ReadSubtitles(string path, FilmStream stream, CancellationToken cancellationToken)
    {
        // Copied text keeps its tags, and what only looks like them. Other kinds have tags of their own, which ffmpeg translates.
        string[] output = stream.Codec switch
        {
            WebVtt => ["-c:s", "copy", "-f", "webvtt"],
            SubRip => ["-c:s", "copy", "-f", "srt"],
            Ass => ["-c:s", "copy", "-f", "ass"],
            _ => ["-c:s", "srt", "-f", "srt"],
        };
        using FfmpegProcess process = Decode(path, stream, output);
        using CancellationTokenRegistration stop = cancellationToken.Register(process.Kill);
        using MemoryStream text = new();
        byte[] buffer = new byte[1 << 16];
        for (int read; text.Length <= SubtitleFile.LargestFile && (read = process.Output.Read(buffer)) > 0;) text.Write(buffer, 0, read);
        cancellationToken.ThrowIfCancellationRequested();
        if (text.Length > SubtitleFile.LargestFile)
            throw new InvalidDataException($"{path}: {stream.Name}: at most {SubtitleFile.LargestFile} bytes of subtitles are read.");
        process.RequireSuccess(path);
        return text.ToArray();
    }

    private static FfmpegProcess Decode(string path, FilmStream stream, params string[] output) =>
        new(Find(), [.. Quiet, "-v", "error", "-i", "file:" + path, "-map", $"0:{stream.Index}", .. output, "pipe:1"], keepLines: 20);
}
