using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// Scores a model on held-out samples, as mean bits over all target bytes. The bytes are the same for every arm of a comparison and every
/// seed.
/// </summary>
public sealed class Evaluator
{
    private readonly SampleSource[] _sources;
    private readonly int _batchSize;
    private readonly Device _device;
    private readonly Collective _group;

    /// <summary>Creates an evaluator. It can be used any number of times.</summary>
    /// <param name="sources">The sources whose held-out samples are scored. Sources without held-out samples are skipped.</param>
    /// <param name="batchSize">Samples scored at once. It sets speed and memory; the result changes by rounding only.</param>
    /// <param name="device">The model's device; the CPU when null.</param>
    /// <param name="group">
    /// The processes that share the samples; null for one process. Every rank makes the same calls and has the same result, equal to that
    /// of one process bit for bit. The caller keeps ownership.
    /// </param>
    /// <exception cref="ArgumentException">No source has held-out samples, or two sources have the same name.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="batchSize"/> is less than 1.</exception>
    public Evaluator(IReadOnlyList<SampleSource> sources, int batchSize = 16, Device? device = null, IProcessGroup? group = null)
        : this(sources, batchSize, device ?? CPU, new Collective(group, new(), device ?? CPU))
    {
    }

    internal Evaluator(IReadOnlyList<SampleSource> sources, int batchSize, Device device, Collective group)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        _sources = [.. SourceNames.Require(sources).Where(source => source.HeldOut is not null)];
        if (_sources.Length == 0)
            throw new ArgumentException($"No source has held-out samples: {Names(sources)}.", nameof(sources));
        _batchSize = batchSize;
        _device = device;
        _group = group;
    }

    /// <summary>Scores the model. The model is in evaluation mode meanwhile; its earlier mode is restored afterwards.</summary>
    /// <param name="model">The model, on the evaluator's device.</param>
    /// <param name="progress">
    /// Receives a report after each batch, or each batch of all ranks, on the calling thread; null for no reports.
    /// </param>
    /// <param name="cancellationToken">Cancels between two batches. With a group, it stops all ranks.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="NotFiniteNumberException">The model scores a sample with NaN or infinity.</exception>
    public EvaluationResult Evaluate(
        ByteLanguageModel model, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        model.RequireNotDisposed();
        return InEvaluationMode(model, () => Evaluate(new TorchScorer(model, _device), progress, cancellationToken));
    }

    /// <summary>Scores any model of bytes, such as a <see cref="ByteDecoder"/>, on all cores of the CPU.</summary>
    /// <param name="model">The model. Several threads read it at once.</param>
    /// <param name="progress">
    /// Receives a report after each batch, or each batch of all ranks, on the calling thread; null for no reports.
    /// </param>
    /// <param name="cancellationToken">Cancels between two batches. With a group, it stops all ranks.</param>
    /// <remarks>The batch size should be at least the number of cores: the samples of a batch are scored side by side.</remarks>
    /// <exception cref="ArgumentException">The model cannot generate now, for example because it is in training mode.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="NotFiniteNumberException">The model scores a sample with NaN or infinity.</exception>
    public EvaluationResult Evaluate(
        IByteModel model, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model is ByteLanguageModel onTorch) return Evaluate(onTorch, progress, cancellationToken);
        model.RequireReady();
        return Evaluate(new ByteModelScorer(model), progress, cancellationToken);
    }

    /// <summary>
    /// Scores each held-out byte of one source, to show where the model is good. The model is in evaluation mode meanwhile; its earlier
    /// mode is restored afterwards.
    /// </summary>
    /// <param name="model">The model, on the evaluator's device.</param>
    /// <param name="source">The source's name.</param>
    /// <param name="progress">
    /// Receives a report after each batch, or each batch of all ranks, on the calling thread; null for no reports.
    /// </param>
    /// <param name="cancellationToken">Cancels between two batches. With a group, it stops all ranks.</param>
    /// <returns>
    /// The bits of each id of <see cref="HeldOutSamples.Targets"/>, in that order; 0 for MASK, which is not scored. Without MASK, their
    /// mean equals <see cref="SourceScore.BitsPerByte"/>, apart from rounding.
    /// </returns>
    /// <exception cref="KeyNotFoundException">There is no such source, or it has no held-out samples.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="NotFiniteNumberException">The model scores a sample with NaN or infinity.</exception>
    public double[] EvaluateBytes(
        ByteLanguageModel model, string source, IProgress<EvaluationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        model.RequireNotDisposed();
        SampleSource found = Array.Find(_sources, one => one.Name == source)
            ?? throw new KeyNotFoundException($"No held-out samples of '{source}'; there are {Names(_sources)}.");
        HeldOutSamples samples = found.HeldOut!;
        return InEvaluationMode(model, () => Bits(
            new TorchScorer(model, _device), found.Name, samples, swap: null, samples.Shape.TargetLength, exact: [],
            new SampleProgress(progress, samples.Count, cancellationToken)));
    }

    private static string Names(IEnumerable<SampleSource> sources) => string.Join(", ", sources.Select(source => source.Name));

    private static T InEvaluationMode<T>(ByteLanguageModel model, Func<T> score)
    {
        using TrainingMode mode = new(model, isTraining: false);
        using IDisposable quiet = inference_mode();
        return score();
    }

    private EvaluationResult Evaluate(
        SampleScorer scorer, IProgress<EvaluationProgress>? progress, CancellationToken cancellationToken)
    {
        long total = _sources.Sum(source => source.HeldOut!.Count * (1L + source.HeldOut.Swaps.Count));
        SampleProgress report = new(progress, total, cancellationToken);
        return new([.. _sources.Select(source => Score(scorer, source, report))]);
    }

    private SourceScore Score(SampleScorer scorer, SampleSource source, SampleProgress report)
    {
        HeldOutSamples samples = source.HeldOut!;
        double[] exact = new double[source.HasPadding ? samples.Count : 0];
        double[] bits = BitsOfSamples(scorer, source.Name, samples, swap: null, exact, report);
        double mean = bits.Average();
        return new SourceScore
        {
            Name = source.Name,
            BitsPerByte = mean,
            ExactMatch = exact.Length > 0 ? exact.Average() : null,
            Parts = new(samples.Parts.Select((part, i) => KeyValuePair.Create(
                part, bits.Where((_, sample) => samples.PartOf(sample) == i).DefaultIfEmpty(double.NaN).Average()))),
            Gaps = new(samples.Swaps.Select((swap, i) => KeyValuePair.Create(
                swap, BitsOfSamples(scorer, source.Name, samples, i, exact: [], report).Average() - mean))),
        };
    }

    /// <summary>Mean bits per byte of each sample.</summary>
    private double[] BitsOfSamples(
        SampleScorer scorer, string source, HeldOutSamples samples, int? swap, double[] exact, SampleProgress report) =>
        Bits(scorer, source, samples, swap, numbersPerSample: 1, exact, report);

    /// <summary>
    /// Scores all samples in batches, which the ranks take in turn. A batch is the same on any number of ranks, so the numbers are too.
    /// </summary>
    /// <param name="scorer">The model.</param>
    /// <param name="source">Name of the source.</param>
    /// <param name="samples">Its samples.</param>
    /// <param name="swap">Which contexts are swapped; null for none.</param>
    /// <param name="numbersPerSample">1 for the mean of a sample, or the target length for each byte.</param>
    /// <param name="exact">Receives for each sample whether it is exactly right, as 1 or 0; empty where that is not asked.</param>
    /// <param name="report">Counts the samples.</param>
    private double[] Bits(
        SampleScorer scorer, string source, HeldOutSamples samples, int? swap, int numbersPerSample, double[] exact,
        SampleProgress report)
    {
        double[] nats = new double[samples.Count * numbersPerSample]; // those of other ranks stay 0 until they are added
        int samplesPerRound = _batchSize * _group.Size;
        for (int round = 0; round < samples.Count; round += samplesPerRound)
        {
            _group.WatchStep("scoring", () =>
            {
                ThrowIfCancelled(report.CancellationToken);
                int first = round + (_group.Rank * _batchSize);
                if (first < samples.Count) ScoreBatch(first);
            });
            report.Add(source, Math.Min(samplesPerRound, samples.Count - round));
        }

        _group.Sum(nats);
        if (exact.Length > 0) _group.Sum(exact);
        for (int i = 0; i < nats.Length; i++) nats[i] = ToBits(nats[i], source, i / numbersPerSample);
        return nats;

        void ScoreBatch(int first)
        {
            SampleShape shape = samples.Shape;
            int count = Math.Min(_batchSize, samples.Count - first);
            ReadOnlySpan<short> contexts = swap is { } which ? samples.SwappedContexts[which].Span : samples.Contexts;
            scorer.Score(
                contexts.Slice(first * shape.ContextLength, count * shape.ContextLength),
                samples.Targets.Slice(first * shape.TargetLength, count * shape.TargetLength),
                nats.AsSpan(first * numbersPerSample, count * numbersPerSample),
                exact.Length == 0 ? [] : exact.AsSpan(first, count), count);
        }
    }

    /// <summary>All ranks stop together, if one of them is cancelled.</summary>
    private void ThrowIfCancelled(CancellationToken cancellationToken)
    {
        if (!_group.Any(cancellationToken.IsCancellationRequested)) return;
        cancellationToken.ThrowIfCancellationRequested();
        throw new OperationCanceledException("Another rank was asked to stop.");
    }

    private static double ToBits(double nats, string source, int sample) => double.IsFinite(nats)
        ? nats / Math.Log(2)
        : throw new NotFiniteNumberException(
            $"The loss of held-out {source} sample {sample} is {nats}: the model has diverged, or its weights are damaged.", nats);

    /// <summary>Counts the samples that are scored.</summary>
    private sealed class SampleProgress(IProgress<EvaluationProgress>? progress, long total, CancellationToken cancellationToken)
    {
        private long _done;

        public CancellationToken CancellationToken => cancellationToken;

        public void Add(string source, int samples) => progress?.Report(new(source, _done += samples, total));
    }
}

/// <summary>Progress of an evaluation.</summary>
/// <param name="Source">The source that is being scored.</param>
/// <param name="Done">Samples scored so far, over all sources. A sample counts once more for each of its swapped contexts.</param>
/// <param name="Total">All samples, counted in the same way.</param>
public sealed record EvaluationProgress(string Source, long Done, long Total);
