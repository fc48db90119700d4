using System.Text;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>The cues of a subtitle file, SubRip (.srt) or WebVTT (.vtt), ordered by start, and what could not be read.</summary>
internal sealed class SubtitleFile
{
    /// <summary>Largest file that is read. The subtitles of a film take a few hundred kilobytes.</summary>
    public const int LargestFile = 64 << 20;

    private SubtitleFile(IReadOnlyList<Cue> cues, int remarks, IEnumerable<DamagedCue> damaged)
    {
        Cues = cues;
        Remarks = remarks;
        Damaged = [.. damaged.OrderBy(cue => cue.Line)];
    }

    /// <summary>File endings that can be read.</summary>
    public static IReadOnlyList<string> Endings { get; } = [".srt", ".vtt"];

    /// <summary>The cues that have words.</summary>
    public IReadOnlyList<Cue> Cues { get; }

    /// <summary>Number of remarks in brackets, as [sighs]. They are not spoken, and are left out.</summary>
    public int Remarks { get; }

    /// <summary>What could not be read, in file order. A file without words says so here.</summary>
    public IReadOnlyList<DamagedCue> Damaged { get; }

    /// <summary>Reads a file. A .srt file that begins as WebVTT is read as WebVTT, as players do.</summary>
    /// <param name="path">The file.</param>
    /// <param name="encoding">The encoding of a file that is not Unicode; null where none is named.</param>
    /// <exception cref="InvalidDataException">The file is too large, no text, or a .vtt file lacks its first line.</exception>
    public static SubtitleFile Read(string path, Encoding? encoding = null)
    {
        long length = new FileInfo(path).Length;
        if (length > LargestFile) throw new InvalidDataException($"{path}: {length} bytes of subtitles; at most {LargestFile} are read.");
        byte[] bytes = File.ReadAllBytes(path);
        if (ForeignFile.IsGitLfsPointer(bytes)) throw new InvalidDataException($"{path}: {ForeignFile.GitLfsPointer}.");
        var text = SubtitleText.Decode(bytes, encoding);
        bool isVtt = VttFile.HasSignature(text.Text);
        if (!isVtt && length > 0 && Path.GetExtension(path).Equals(".vtt", StringComparison.OrdinalIgnoreCase))
            throw new InvalidDataException($"{path}: not WebVTT: it does not begin with WEBVTT. Rename it to .srt if it is SubRip.");
        return Parse(text, isVtt);
    }

    /// <summary>Reads the text of a file.</summary>
    public static SubtitleFile Parse(string text, bool isVtt) => Parse(SubtitleText.Of(text), isVtt);

    /// <summary>Reads the text of a file, or of a stream that ffmpeg has written as a file.</summary>
    public static SubtitleFile Parse(SubtitleText text, bool isVtt, bool isStream = false)
    {
        List<DamagedCue> damaged = [];
        IReadOnlyList<ShownCue> shown = !isVtt ? SrtFile.Read(text.Lines, damaged)
            : VttFile.Read(isStream ? VttFile.FillEmptyLines(text.Lines) : text.Lines, damaged);
        if (text.Fault is { } fault)
        {
            damaged.AddRange(shown.Where(IsUnreadable).Select(cue => new DamagedCue(cue.Line, fault)));
            shown = [.. shown.Where(cue => !IsUnreadable(cue))];
        }

        (IReadOnlyList<Cue> cues, int remarks) = SpokenCues.From(shown, damaged);
        if (cues.Count == 0 && damaged.Count == 0)
            damaged.Add(new DamagedCue(1, text.Text.Length == 0 ? "the file is empty"
                : shown.Count == 0 ? "the file has no cue" : $"the {shown.Count} cues of the file hold no words"));
        return new SubtitleFile(cues, remarks, damaged);
    }

    private static bool IsUnreadable(ShownCue cue) => cue.Text.Contains(SubtitleText.Unreadable, StringComparison.Ordinal);
}
