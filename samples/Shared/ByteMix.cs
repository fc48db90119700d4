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

    /// <summary>Name and SHA-256 of every file.</summary>
    public IReadOnlyDictionary<string, string> Files =>
        TextCorpus.Inputs.Select(input => (input.Name, input.Sha256)).Concat(Windows.Files.Select(file => (file.Name, file.Sha256)))
            .ToDictionary(file => file.Name, file => file.Sha256);

    /// <summary>Reads the corpora. Prints the progress for large files, and which files are left out.</summary>
    public static ByteMix Load(
        IAnsiConsole console, IReadOnlyList<string> text, IReadOnlyList<string> windows, MixWeights weights, HeldOutWindows heldOut,
        CancellationToken cancellationToken)
    {
        var corpus = TextCorpus.Load(text, progress: new ReadingLines(console), cancellationToken: cancellationToken);
        foreach (SkippedFile skipped in corpus.Skipped) console.WriteLine($"left out: {skipped.Reason}");
        return new(corpus, WindowCorpus.Load(windows), weights, heldOut);
    }

    /// <summary>Prints a line at each tenth of a file.</summary>
    private sealed class ReadingLines(IAnsiConsole console) : IProgress<TextIndexProgress>
    {
        private (string Path, long Tenth) _last;

        public void Report(TextIndexProgress value)
        {
            (string, long) now = (value.Path, value.BytesRead * 10 / value.Bytes);
            if (now == _last) return;
            _last = now;
            console.WriteLine($"reading {value.Path}: {now.Item2 * 10}%");
        }
    }
}
