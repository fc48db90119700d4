using System.Buffers;
using System.Globalization;

namespace HslEmbeddingZero.Training;

/// <summary>
/// Text: a sequence of ids as context, and the ids that follow as targets. A sample may begin anywhere in the training ids and may cross
/// the end of a document, which EOS marks.
/// </summary>
public sealed class TextSource : SampleSource
{
    private readonly TextCorpus _corpus;

    /// <summary>Creates the source.</summary>
    /// <param name="corpus">The text. The caller keeps ownership.</param>
    /// <param name="contextLength">Number of ids given as context.</param>
    /// <param name="targetLength">Number of ids to score.</param>
    /// <param name="weight">How often the source is sampled, relative to the weights of the other sources.</param>
    /// <param name="heldOutSamples">
    /// Maximum number of held-out samples to score, over all inputs and at least one of each; 0: none. No id is scored twice.
    /// </param>
    /// <param name="name">Name in progress, metrics and results.</param>
    /// <exception cref="ArgumentException">The name is invalid.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A length is below 1, the weight is negative or not finite, or there are fewer held-out samples than inputs.
    /// </exception>
    /// <exception cref="CorpusException">
    /// The training part, or the held-out part of an input, is shorter than one sample. The message names it.
    /// </exception>
    public TextSource(
        TextCorpus corpus, int contextLength = 512, int targetLength = 256, double weight = 1, int heldOutSamples = 256,
        string name = "text")
        : base(name, new(contextLength, targetLength), weight)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        ArgumentOutOfRangeException.ThrowIfNegative(heldOutSamples);
        _corpus = corpus;
        RequireLength(string.Join(", ", corpus.Inputs.Select(NameOf)), "training", corpus.Train.Length,
            corpus.Inputs.Sum(input => input.Bytes));
        HeldOut = heldOutSamples == 0 ? null : ChooseHeldOut(heldOutSamples);
    }

    /// <inheritdoc/>
    public override string Fingerprint => string.Create(
        CultureInfo.InvariantCulture,
        $"{_corpus.Train.Length} ids, held out {_corpus.HeldOutShare:R} of "
            + $"{string.Join(' ', _corpus.Inputs.Select(input => input.Sha256))}");

    /// <inheritdoc/>
    public override HeldOutSamples? HeldOut { get; }

    /// <inheritdoc/>
    public override void Fill(SampleDraw draw, Span<short> context, Span<short> targets)
    {
        short[] sample = ArrayPool<short>.Shared.Rent(Shape.Length);
        _corpus.Train.CopyTo(draw.Below(_corpus.Train.Length - Shape.Length + 1), sample.AsSpan(0, Shape.Length));
        sample.AsSpan(0, Shape.ContextLength).CopyTo(context);
        sample.AsSpan(Shape.ContextLength, Shape.TargetLength).CopyTo(targets);
        ArrayPool<short>.Shared.Return(sample);
    }

    /// <summary>
    /// The held-out ids of an input have (length - context) / target places, whose targets touch but do not overlap. The samples are
    /// divided among the inputs in proportion to their lengths, at least one each. They are evenly spread over the places.
    /// </summary>
    private HeldOutSamples ChooseHeldOut(int most)
    {
        if (most < _corpus.Inputs.Count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(most), most, $"There are {_corpus.Inputs.Count} inputs of text; each needs at least 1 of the held-out samples.");
        }

        int[] shares = ShareOut(most);
        int count = shares.Sum();
        short[] contexts = new short[count * Shape.ContextLength], targets = new short[count * Shape.TargetLength];
        int[] inputs = new int[count];
        int sample = 0;
        for (int input = 0; input < shares.Length; input++)
        {
            TextIds ids = _corpus.HeldOut(input);
            foreach (long place in EvenSpread.Places(shares[input], Places(ids.Length)))
            {
                long start = place * Shape.TargetLength;
                ids.CopyTo(start, contexts.AsSpan(sample * Shape.ContextLength, Shape.ContextLength));
                ids.CopyTo(start + Shape.ContextLength, targets.AsSpan(sample * Shape.TargetLength, Shape.TargetLength));
                inputs[sample++] = input;
            }
        }

        return new(Shape, contexts, targets, [.. _corpus.Inputs.Select(input => input.Name)], inputs);
    }

    private long Places(long length) => (length - Shape.ContextLength) / Shape.TargetLength;

    /// <summary>
    /// Gives one sample to each input. Each further sample goes to the input that has a place left and the greatest length per sample.
    /// </summary>
    private int[] ShareOut(int most)
    {
        long[] lengths = [.. _corpus.Inputs.Select((input, i) =>
        {
            RequireLength(NameOf(input), "held-out", _corpus.HeldOut(i).Length, input.Bytes);
            return _corpus.HeldOut(i).Length;
        })];
        long[] places = Array.ConvertAll(lengths, Places);
        int[] shares = Array.ConvertAll(lengths, _ => 1);
        PriorityQueue<int, double> queue = new();
        for (int input = 0; input < lengths.Length; input++) Offer(input);
        for (int given = shares.Length; given < most && queue.TryDequeue(out int input, out _); given++)
        {
            shares[input]++;
            Offer(input);
        }

        return shares;

        void Offer(int input)
        {
            if (shares[input] < places[input]) queue.Enqueue(input, -lengths[input] / (shares[input] + 0.5));
        }
    }

    private void RequireLength(string name, string part, long ids, long bytes)
    {
        if (ids >= Shape.Length) return;
        throw new CorpusException(
            $"{name}: its {part} part is {ids} ids of {bytes} bytes; at least {Shape.Length} are needed "
            + $"({Shape.ContextLength} of context and {Shape.TargetLength} to score). "
            + "Use more text, shorter samples or another held-out share.");
    }

    private static string NameOf(TextInput input) => input.Path.Length > 0 ? input.Path : input.Name;
}
