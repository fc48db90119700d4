using System.Globalization;
using System.Text;
using Spectre.Console;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Finds and reads the captions of a film: a file that is named, a file beside the film, or a stream inside it.</summary>
internal sealed class CaptionChoice(
    IAnsiConsole console, string film, WindowOptions options, DamageLog damage, CancellationToken cancellationToken)
{
    private readonly Encoding? _encoding = options.CaptionsEncoding is { } name ? SubtitleText.EncodingNamed(name) : null;

    /// <summary>Reads the captions; null where there are none.</summary>
    /// <param name="file">The subtitle file, or null. Where no files are named, the film may hold captions itself.</param>
    /// <param name="streams">The streams of the film.</param>
    public CaptionTrack? Read(string? file, FilmStreams streams)
    {
        if (options.Captions.Count == 0) TellUnused(file);
        if (file is not null) return ReadFile(file);
        return options.Captions.Count == 0 ? ReadStreams(streams) : null;
    }

    private void TellUnused(string? used)
    {
        string[] unused = [.. CaptionLookup.Beside(film).Unused.Select(path => Path.GetFileName(path))];
        if (unused.Length == 0) return;
        string reason = $"not used: {string.Join(", ", unused)}; choose a file with --captions";
        console.WriteLine($"{film}: {reason}.");
        if (used is null) damage.Add(film, "captions", reason); // there, these may be the words of the film
    }

    private CaptionTrack? ReadFile(string path)
    {
        var file = SubtitleFile.Read(path, _encoding);
        foreach (DamagedCue cue in file.Damaged) damage.Add(path, $"line {cue.Line}", cue.Reason);
        console.WriteLine(file.Cues.Count > 0 ? $"{film}: captions from {Path.GetFileName(path)}{LeftOut(file)}."
            : $"{path}: no captions are read from it; line {file.Damaged[0].Line}: {file.Damaged[0].Reason}.");
        return new CaptionTrack(file.Cues);
    }

    private static string LeftOut(SubtitleFile file) => file.Remarks == 0 ? ""
        : string.Create(CultureInfo.InvariantCulture, $"; {file.Remarks} remarks in brackets are left out");

    /// <summary>Reads the first stream that holds words.</summary>
    private CaptionTrack? ReadStreams(FilmStreams streams)
    {
        List<(FilmStream Stream, string Reason)> unread = [];
        foreach (FilmStream stream in streams.Preferred(StreamKind.Subtitle))
        {
            if (stream.IsForced)
            {
                unread.Add((stream, "it is for foreign parts only and is not used; give a .srt or .vtt file with --captions"));
                continue;
            }

            if (stream.IsBitmap)
            {
                unread.Add((stream, "it holds pictures of text, which are not read; give a .srt or .vtt file with --captions"));
                continue;
            }

            try
            {
                var text = SubtitleText.Decode(Ffmpeg.ReadSubtitles(film, stream, cancellationToken), _encoding);
                if (stream.Codec == Ffmpeg.Ass) text = text.With(AssText.ToSubRip(text.Lines));
                var file = SubtitleFile.Parse(text, isVtt: stream.Codec == Ffmpeg.WebVtt, isStream: true);
                if (file.Cues.Count > 0)
                {
                    foreach (DamagedCue cue in file.Damaged) damage.Add(film, $"{stream.Name}, line {cue.Line} of its text", cue.Reason);
                    console.WriteLine($"{film}: captions from its {stream.Name}{LeftOut(file)}.");
                    return new CaptionTrack(file.Cues);
                }

                unread.Add((stream, file.Damaged[0].Reason));
            }
            catch (InvalidDataException failure)
            {
                unread.Add((stream, failure.Message));
            }
        }

        foreach ((FilmStream stream, string reason) in unread) damage.Add(film, stream.Name, reason);
        console.WriteLine(unread.Count == 0 ? $"{film}: no captions."
            : $"{film}: no captions; {unread[0].Stream.Name}: {unread[0].Reason}.");
        return null;
    }
}
