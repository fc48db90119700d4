using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>The corpora, the held-out set that every run is scored on, and the count models' scores on the same text.</summary>
internal sealed class ComparisonData
{
    private readonly Lazy<TextNovelty> _novelty;

    private ComparisonData(TextCorpus text, WindowCorpus windows, HeldOutSet heldOut)
    {
        Text = text;
        Windows = windows;
        HeldOut = heldOut;
        Bigram = CountModelBits(2);
        Trigram = CountModelBits(3);
        _novelty = new Lazy<TextNovelty>(() => new TextNovelty(text.Train.Span, heldOut.Text!));
    }

    public TextCorpus Text { get; }

    public WindowCorpus Windows { get; }

    public HeldOutSet HeldOut { get; }

    /// <summary>Bits per byte of each text source under a byte bigram model, the last over all.</summary>
    public IReadOnlyList<double> Bigram { get; }

    /// <summary>The same under a byte trigram model.</summary>
    public IReadOnlyList<double> Trigram { get; }

    /// <summary>Which held-out text is new.</summary>
    public TextNovelty Novelty => _novelty.Value;

    public static ComparisonData Load(IReadOnlyList<string> textFiles, IReadOnlyList<string> windowFiles, HeldOutOptions heldOut)
    {
        TextCorpus text = TextCorpus.Load(textFiles);
        WindowCorpus windows = WindowCorpus.Load(windowFiles);
        return new ComparisonData(text, windows, HeldOutSet.Create(text, windows, heldOut));
    }

    public BatchSampler Sampler(TrainerOptions training) => new(Text, Windows, training.Mix, training.BatchSize, training.Seed);

    private double[] CountModelBits(int order)
    {
        NGramModel model = new(order);
        model.Fit(Text.Train.Span);
        HeldOutText heldOut = HeldOut.Text!;
        SampleShape shape = SampleShape.Of(Modality.Text);
        double[] bits = [.. Enumerable.Range(0, heldOut.Count).Select(i => model.BitsPerByte(
            heldOut.Contexts.AsSpan(i * shape.ContextLength, shape.ContextLength), heldOut.Targets.AsSpan(i * shape.TargetLength, shape.TargetLength)))];
        return [.. heldOut.Source.Zip(bits).GroupBy(w => w.First).OrderBy(g => g.Key).Select(g => g.Average(w => w.Second)), bits.Average()];
    }
}
