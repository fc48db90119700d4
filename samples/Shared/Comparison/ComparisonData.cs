using HslEmbeddingZero.Training;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>The byte mix that every run is trained and scored on, and the scores of n-gram count models on the same text.</summary>
internal sealed class ComparisonData
{
    private readonly Lazy<TextNovelty> _novelty;

    private ComparisonData(ByteMix mix, CancellationToken cancellationToken)
    {
        Mix = mix;
        Bigram = CountModelBits(2);
        cancellationToken.ThrowIfCancellationRequested();
        Trigram = CountModelBits(3);
        _novelty = new Lazy<TextNovelty>(() => new TextNovelty(mix.TextCorpus.Train, mix.Text.HeldOut!));
    }

    /// <summary>The sources for training and scoring.</summary>
    public ByteMix Mix { get; }

    /// <summary>Bits per byte of each text input under a byte bigram model. The last entry is over all inputs.</summary>
    public IReadOnlyList<double> Bigram { get; }

    /// <summary>The same under a byte trigram model.</summary>
    public IReadOnlyList<double> Trigram { get; }

    /// <summary>Divides the held-out text by how often the training text has it.</summary>
    public TextNovelty Novelty => _novelty.Value;

    public static ComparisonData Load(
        IAnsiConsole console, IReadOnlyList<string> text, IReadOnlyList<string> windows, TrainingBudget budget,
        CancellationToken cancellationToken)
    {
        var mix = ByteMix.Load(console, text, windows, budget.Mix, budget.HeldOut, cancellationToken);
        using WorkProgress progress = new(console, "counting the bytes of the training text");
        return new(mix, cancellationToken);
    }

    private double[] CountModelBits(int order)
    {
        NGramModel model = new(order);
        model.Fit(Mix.TextCorpus.Train);
        HeldOutSamples heldOut = Mix.Text.HeldOut!;
        (int Part, double Bits)[] samples =
            [.. Enumerable.Range(0, heldOut.Count).Select(
                i => (heldOut.PartOf(i), model.BitsPerByte(heldOut.Context(i), heldOut.Target(i))))];
        return
        [
            .. samples.GroupBy(sample => sample.Part).OrderBy(group => group.Key).Select(group => group.Average(sample => sample.Bits)),
            samples.Average(sample => sample.Bits),
        ];
    }
}
