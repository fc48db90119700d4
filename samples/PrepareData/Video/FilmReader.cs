using System.Buffers.Binary;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>
/// Reads the windows of one film. A window covers half a second: the frame at its start, the first 256 samples of its sound, and its
/// caption. Two ffmpeg processes deliver frames and sound. They are read window by window, so a film of any length takes the same memory.
/// </summary>
internal sealed class FilmReader : IDisposable
{
    private const int SamplesPerWindow = Ffmpeg.SampleRate / Ffmpeg.FramesPerSecond;
    private const byte Silence = 128;

    private readonly string _path;
    private readonly FfmpegProcess? _frames;
    private readonly FfmpegProcess? _sound;
    private readonly CaptionTrack.Reader? _captions;
    private readonly byte[] _samples = new byte[SamplesPerWindow * sizeof(short)];

    /// <summary>Starts to decode a film.</summary>
    public FilmReader(FilmInput film)
    {
        _path = film.Path;
        _captions = film.Captions?.Read();
        _frames = film.Video is null ? null : Ffmpeg.Frames(film.Path, film.Video);
        _sound = film.Audio is null ? null : Ffmpeg.Sound(film.Path, film.Audio);
    }

    /// <summary>Why the film ends before its end; null where it is whole. Known after <see cref="Finish"/>.</summary>
    public string? EarlyEnd => _frames?.EarlyEnd ?? _sound?.EarlyEnd;

    /// <summary>Words of the captions that had no space in their windows.</summary>
    public int LeftOutWords => _captions?.LeftOut ?? 0;

    /// <summary>Words of the captions that come after the last window, with the time of the first.</summary>
    public (int Count, TimeSpan First) WordsAfterEnd => _captions?.Left() ?? default;

    /// <summary>True where the last window has a caption.</summary>
    public bool HasCaption { get; private set; }

    /// <summary>True where the last window has sound other than silence.</summary>
    public bool HasSound { get; private set; }

    /// <summary>
    /// Writes the next window; false at the end of the frames, or of the sound in a film without pictures. Missing pictures are black.
    /// Missing sound is silence.
    /// </summary>
    public bool Next(Span<byte> window)
    {
        Span<byte> frame = window.Slice(WindowRecord.FrameOffset, WindowRecord.FrameSize);
        Span<byte> audio = window.Slice(WindowRecord.AudioOffset, WindowRecord.AudioSize);
        frame.Clear();
        if (_frames is not null && _frames.Output.ReadAtLeast(frame, frame.Length, throwOnEndOfStream: false) < frame.Length) return false;

        int bytes = _sound?.Output.ReadAtLeast(_samples, _samples.Length, throwOnEndOfStream: false) ?? 0;
        int samples = Math.Min(bytes / sizeof(short), audio.Length);
        if (_frames is null && samples < audio.Length) return false;
        for (int i = 0; i < audio.Length; i++)
            audio[i] = i < samples
                ? MuLaw.Encode(BinaryPrimitives.ReadInt16LittleEndian(_samples.AsSpan(i * sizeof(short))) / 32768f) : Silence;

        HasSound = audio.ContainsAnyExcept(Silence);
        Span<byte> caption = window.Slice(WindowRecord.CaptionOffset, WindowRecord.CaptionSize);
        caption.Fill((byte)' ');
        HasCaption = _captions?.Next(caption) ?? false;
        window[WindowRecord.AudioOffset - 1] = WindowRecord.FieldSeparator;
        window[WindowRecord.CaptionOffset - 1] = WindowRecord.FieldSeparator;
        window[WindowRecord.Size - 1] = WindowRecord.RecordEnd;
        return true;
    }

    /// <summary>Call after the last window. Waits for both processes to end, and returns the problems that they recovered from.</summary>
    /// <exception cref="InvalidDataException">One of the processes failed.</exception>
    public IReadOnlyList<string> Finish()
    {
        List<string> trouble = [];
        foreach (FfmpegProcess? process in new[] { _frames, _sound })
        {
            if (process is null) continue;
            process.Output.CopyTo(Stream.Null); // The sound may last longer than the pictures.
            trouble.AddRange(process.RequireSuccess(_path));
        }

        return trouble;
    }

    public void Dispose()
    {
        _frames?.Dispose();
        _sound?.Dispose();
    }
}
