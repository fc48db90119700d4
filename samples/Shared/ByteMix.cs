using HslEmbeddingZero.Training;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>How often text, video and captions are drawn in training. Only the proportions matter.</summary>
internal sealed record MixWeights(double Text = 1, double Video = 1, double Caption = 1);

/// <summary>Upper limits on scored held-out samples per source. The default covers all captions of the embedded corpus.</summary>
internal sealed record HeldOutWindows(int TextWindows = 256, int VideoWindows = 128, int CaptionWindows = 457);

/// <summary>The three sources of the byte mix: text, video and captions. For training and scoring.</summary>
internal sealed class ByteMix
{
    private ByteMix(TextCorpus text, WindowCorpus windows, MixWeights weights, HeldOutWindows heldOut)
    {
        TextCorpus = text;
        Windows = windows;
        Weights = weights;
        Text = new TextSource(text, weight: weights.Text, heldOutSamples: heldOut.TextWindows);
        Video = new VideoSource(windows, weights.Video, heldOut.VideoWindows);
        Caption = new CaptionSource(windows, weights.Caption, heldOut.CaptionWindows);
        HeldOutSha256 = CommittedWords.HeldOutSha256(this);
    }

    public TextCorpus TextCorpus { get; }

    public WindowCorpus Windows { get; }

    public MixWeights Weights { get; }

    public SampleSource Text { get; }

    public SampleSource Video { get; }

    public SampleSource Caption { get; }

    /// <summary>Text, video, caption. Committed runs depend on this order.</summary>
    public IReadOnlyList<SampleSource> Sources => [Text, Video, Caption];

    /// <summary>SHA-256 of all held-out samples.</summary>
    public string HeldOutSha256 { get; }

    /// <summary>Number of held-out samples of text, video and captions.</summary>
    public IReadOnlyList<int> HeldOutCounts => [.. Sources.Select(source => source.HeldOut?.Count ?? 0)];

    /// <summary>Names of the text inputs, each different from the others.</summary>
    public IReadOnlyList<string> TextNames => ShortestNames.Of([.. TextCorpus.Inputs.Select(input => Path.GetFullPath(input.Path))]);

    /// <summary>Names of the files of windows, each different from the others.</summary>
    public IReadOnlyList<string> WindowNames => ShortestNames.Of([.. Windows.Files.Select(file => Path.GetFullPath(file.Path))]);

    /// <summary>Name and SHA-256 of every file, in the order of text and windows.</summary>
    public IReadOnlyDictionary<string, string> Files => FilesOf(TextCorpus, Windows);

    /// <summary>Name and SHA-256 of every file of two corpora, in the order of text and windows.</summary>
    public static IReadOnlyDictionary<string, string> FilesOf(TextCorpus text, WindowCorpus windows) =>
        new OrderedDictionary<string, string>(
            ShortestNames.Of([.. text.Inputs.Select(input => input.Path).Concat(windows.Files.Select(file => file.Path))
                .Select(Path.GetFullPath)])
            .Zip(text.Inputs.Select(input => input.Sha256).Concat(windows.Files.Select(file => file.Sha256)), KeyValuePair.Create));

    /// <summary>Reads the corpora. Shows the progress for large files, and prints which files are left out.</summary>
    public static ByteMix Load(
        IAnsiConsole console, IReadOnlyList<string> text, IReadOnlyList<string> windows, MixWeights weights, HeldOutWindows heldOut,
        CancellationToken cancellationToken)
    {
        TextCorpus corpus;
        using (WorkProgress progress = new(console, "reading"))
            corpus = TextCorpus.Load(text, progress: new ReadingProgress(progress), cancellationToken: cancellationToken);
        foreach (SkippedFile skipped in corpus.Skipped) console.WriteLine($"left out: {skipped.Reason}");
        cancellationToken.ThrowIfCancellationRequested();
        using WorkProgress more = new(console, $"reading {string.Join(", ", windows)}");
        return new(corpus, WindowCorpus.Load(windows), weights, heldOut);
    }

    private sealed class ReadingProgress(WorkProgress progress) : IProgress<TextIndexProgress>
    {
        public void Report(TextIndexProgress value) => progress.Report(new(value.BytesRead, value.Bytes, value.Path));
    }
}
