using Spectre.Console;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>What is read of a film: one stream of pictures, one of sound, and captions. Each may be missing.</summary>
/// <param name="Path">The film.</param>
/// <param name="Video">Its pictures, or null.</param>
/// <param name="Audio">Its sound, or null.</param>
/// <param name="Captions">Its captions, or null.</param>
/// <param name="Duration">Its duration, or null where the file does not say it.</param>
internal sealed record FilmInput(string Path, FilmStream? Video, FilmStream? Audio, CaptionTrack? Captions, TimeSpan? Duration)
{
    /// <summary>Chooses the streams and the captions. The console says which, and the log what could not be read.</summary>
    /// <param name="console">Where the choice is told.</param>
    /// <param name="path">The film.</param>
    /// <param name="captions">The subtitle file, or null.</param>
    /// <param name="options">The options of the command.</param>
    /// <param name="damage">The log of what could not be read.</param>
    /// <param name="cancellationToken">Stops the reading of captions.</param>
    /// <exception cref="InvalidDataException">The film has nothing to make windows of, or its files cannot be read.</exception>
    public static FilmInput Open(
        IAnsiConsole console, string path, string? captions, WindowOptions options, DamageLog damage, CancellationToken cancellationToken)
    {
        InputFile.Of(path, path).RequireContent();
        if (IsList(path)) throw new InvalidDataException($"{path}: this is a list of other files. Name those files as inputs instead.");
        FilmStreams streams = Ffmpeg.Probe(path);
        foreach (string line in streams.NotUnderstood)
            damage.Add(path, "its list of streams", $"{DamagedCue.Quote(line)} is not understood; this stream is not read");
        FilmStream? video = ChooseVideo(path, streams, damage);
        FilmStream? audio = ChooseAudio(path, streams, options.AudioStream, damage);
        CaptionTrack? track = new CaptionChoice(console, path, options, damage, cancellationToken).Read(captions, streams);
        string noAudio = streams.All.Any(IsAudio) ? "no audio stream that can be decoded" : "no audio stream";
        if (video is null && (audio is null || track is null))
            throw new InvalidDataException(
                $"{path}: it has no video stream and {(audio is null ? noAudio : "no captions (.srt or .vtt)")}; a film needs pictures, or "
                    + "sound with captions.");
        if (video is null) console.WriteLine($"{path}: no video stream; its frames are black, and it is used for captions only.");
        if (audio is null) console.WriteLine($"{path}: {noAudio}; its sound is silence.");
        return new FilmInput(path, video, audio, track, streams.Duration);
    }

    /// <summary>Of several streams, the first that can be decoded. A single one must be: its error is that of the film.</summary>
    private static FilmStream? ChooseVideo(string path, FilmStreams streams, DamageLog damage)
    {
        IReadOnlyList<FilmStream> candidates = streams.Preferred(StreamKind.Video);
        return candidates.Count > 1 ? FirstDecoded(path, candidates, damage) ?? candidates[0] : candidates is [var only] ? only : null;
    }

    private static FilmStream? ChooseAudio(string path, FilmStreams streams, int? number, DamageLog damage)
    {
        IReadOnlyList<FilmStream> candidates = streams.Preferred(StreamKind.Audio);
        if (number is null) return FirstDecoded(path, candidates, damage);
        FilmStream? chosen = candidates.FirstOrDefault(stream => stream.Number == number);
        if (chosen is null)
        {
            string those = string.Concat(streams.All.Where(IsAudio).Select((stream, index) => (index == 0 ? ": " : ", ") + stream.Name));
            throw new InvalidDataException($"{path}: --audio-stream {number}: the film has {candidates.Count} audio streams{those}.");
        }

        return Ffmpeg.FaultOf(path, chosen) is { } fault
            ? throw new InvalidDataException($"{path}: --audio-stream {number}: {chosen.Name} cannot be decoded: {fault}")
            : chosen;
    }

    /// <summary>Whether a file is text that names other files: a list of ffmpeg, or a playlist.</summary>
    private static bool IsList(string path)
    {
        Span<byte> start = stackalloc byte[FileContent.StartLength];
        using FileStream file = File.OpenRead(path);
        ReadOnlySpan<byte> text = FileContent.WithoutMark(start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)]);
        return text.StartsWith("ffconcat version"u8) || text.StartsWith("#EXTM3U"u8);
    }

    private static bool IsAudio(FilmStream stream) => stream.Kind == StreamKind.Audio;

    private static FilmStream? FirstDecoded(string path, IEnumerable<FilmStream> candidates, DamageLog damage)
    {
        foreach (FilmStream stream in candidates)
        {
            string? fault = Ffmpeg.FaultOf(path, stream);
            if (fault is null) return stream;
            damage.Add(path, stream.Name, $"it cannot be decoded: {fault}");
        }

        return null;
    }
}
