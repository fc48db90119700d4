using MathNet.Numerics.Random;

namespace HslEmbeddingZero.Training;

/// <summary>
/// Which samples each micro-batch holds: a pure function of the seed and the micro-batch's index, so that a run can resume
/// anywhere and every arm of a comparison sees the same bytes.
/// </summary>
/// <remarks>
/// Every sample is drawn uniformly and independently: a text sample begins anywhere in the training ids (and may run across the end of a
/// document, which EOS marks), video is a pair of successive windows of one film, a caption sample one window. The sampler has no state:
/// threads may share it.
/// </remarks>
public sealed class BatchSampler
{
    private readonly TextCorpus? _text;
    private readonly WindowCorpus? _windows;
    private readonly int _seed;

    /// <summary>A sampler over the training parts of the corpora.</summary>
    /// <param name="text">The text; may be null where its weight is 0.</param>
    /// <param name="windows">The windows; may be null where the weights of video and captions are 0.</param>
    /// <param name="mix">How often each modality comes.</param>
    /// <param name="batchSize">Samples in a micro-batch.</param>
    /// <param name="seed">Selects one of the possible sequences of samples. It does not change the schedule of modalities.</param>
    /// <exception cref="ArgumentException">A modality has a weight but no training samples, or the mix has no weights.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="batchSize"/> is less than 1.</exception>
    public BatchSampler(TextCorpus? text, WindowCorpus? windows, ModalityMix mix, int batchSize, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        if (mix == default)
            throw new ArgumentException("The mix has no weights: construct it with at least one above 0.", nameof(mix));
        CheckSamples(mix, Modality.Text, text?.Train.Length ?? 0, nameof(text));
        CheckSamples(mix, Modality.Video, windows?.TrainVideo.Count ?? 0, nameof(windows));
        CheckSamples(mix, Modality.Caption, windows?.TrainCaption.Count ?? 0, nameof(windows));

        _text = text;
        _windows = windows;
        _seed = seed;
        Mix = mix;
        BatchSize = batchSize;
    }

    /// <summary>How often each modality comes.</summary>
    public ModalityMix Mix { get; }

    /// <summary>Samples in a micro-batch.</summary>
    public int BatchSize { get; }

    /// <summary>
    /// Says what the samples depend on beside their index: seed, batch size, mix and the content of the corpora. Equal text, equal samples.
    /// </summary>
    public string Fingerprint => string.Join(
        ' ', [$"seed {_seed}", $"batch {BatchSize}", $"{Mix}", .. _text?.Sources.Select(s => s.Sha256) ?? [], .. _windows?.Sources.Select(s => s.Sha256) ?? []]);

    /// <summary>The modality of a micro-batch; all its samples have the same.</summary>
    /// <param name="microBatch">The micro-batch's index, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="microBatch"/> is negative.</exception>
    public Modality ModalityAt(long microBatch) => Mix.At(microBatch);

    /// <summary>Writes the ids of a text micro-batch, sample after sample.</summary>
    /// <param name="microBatch">The micro-batch's index, from 0.</param>
    /// <param name="context">Receives <see cref="BatchSize"/> × 512 ids.</param>
    /// <param name="targets">Receives <see cref="BatchSize"/> × 256 ids, those that follow.</param>
    /// <exception cref="InvalidOperationException">The micro-batch is not text.</exception>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public void Fill(long microBatch, Span<short> context, Span<short> targets)
    {
        if (ModalityAt(microBatch) is not Modality.Text and var modality)
            throw new InvalidOperationException($"Micro-batch {microBatch} is {modality}, whose samples are bytes, not text ids.");

        var shape = SampleShape.Of(Modality.Text);
        CheckLengths(shape, context.Length, targets.Length);
        var train = _text!.Train.Span;
        var random = RandomAt(microBatch);
        for (var row = 0; row < BatchSize; row++)
        {
            var sample = train.Slice(Below(random, train.Length - shape.Length + 1), shape.Length);
            sample[..shape.ContextLength].CopyTo(context[(row * shape.ContextLength)..]);
            sample[shape.ContextLength..].CopyTo(targets[(row * shape.TargetLength)..]);
        }
    }

    /// <summary>Writes the bytes of a video or caption micro-batch, sample after sample.</summary>
    /// <param name="microBatch">The micro-batch's index, from 0.</param>
    /// <param name="context">Receives <see cref="BatchSize"/> × 539 bytes of video, or × 514 bytes of frame and sound.</param>
    /// <param name="targets">Receives <see cref="BatchSize"/> × 539 bytes, the next windows, or × 25 bytes of caption.</param>
    /// <exception cref="InvalidOperationException">The micro-batch is text.</exception>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public void Fill(long microBatch, Span<byte> context, Span<byte> targets)
    {
        var modality = ModalityAt(microBatch);
        if (modality == Modality.Text)
            throw new InvalidOperationException($"Micro-batch {microBatch} is Text, whose samples are ids, not bytes.");

        var shape = SampleShape.Of(modality);
        CheckLengths(shape, context.Length, targets.Length);
        var indices = modality == Modality.Video ? _windows!.TrainVideo : _windows!.TrainCaption;
        var random = RandomAt(microBatch);
        for (var row = 0; row < BatchSize; row++)
            WindowSample.Write(
                _windows,
                modality,
                indices[Below(random, indices.Count)],
                context.Slice(row * shape.ContextLength, shape.ContextLength),
                targets.Slice(row * shape.TargetLength, shape.TargetLength));
    }

    private static int Below(Xoshiro256StarStar random, int limit) => (int)(random.NextDouble() * limit);

    private Xoshiro256StarStar RandomAt(long microBatch) => new((int)SplitMix64.Mix((ulong)_seed, microBatch), threadSafe: false);

    private static void CheckSamples(ModalityMix mix, Modality modality, int samples, string name)
    {
        if (mix.Weight(modality) > 0 && samples == 0)
            throw new ArgumentException(
                $"{modality} has weight {mix.Weight(modality)} in the mix but 0 training samples; give a corpus that has some.", name);
    }

    private void CheckLengths(SampleShape shape, int context, int targets)
    {
        if (context != BatchSize * shape.ContextLength || targets != BatchSize * shape.TargetLength)
            throw new ArgumentException(
                $"The spans hold {context} and {targets} values; " +
                $"{BatchSize} samples need {BatchSize * shape.ContextLength} and {BatchSize * shape.TargetLength}.");
    }
}
