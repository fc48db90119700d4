using System.Globalization;

namespace HslEmbeddingZero.Training;

/// <summary>
/// Determines which samples each micro-batch holds. This is a pure function of the seed and the micro-batch's index. Therefore a run can
/// resume at any step, and every arm of a comparison sees the same bytes.
/// </summary>
/// <remarks>
/// All samples of a micro-batch are from one source. The sources alternate by their weights, in a fixed schedule that does not depend on
/// the seed. The sampler has no state, so threads may share it.
/// </remarks>
public sealed class BatchSampler
{
    private readonly SampleSource[] _sources;
    private readonly SourceSchedule _schedule;
    private readonly int _seed;

    /// <summary>Creates a sampler over the training samples of one or more sources.</summary>
    /// <param name="sources">The sources. Their order is part of the schedule.</param>
    /// <param name="batchSize">Samples in a micro-batch.</param>
    /// <param name="seed">Selects one of the possible sequences of samples.</param>
    /// <exception cref="ArgumentException">There is no source, no weight above 0, or two sources have the same name.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="batchSize"/> is less than 1.</exception>
    public BatchSampler(IReadOnlyList<SampleSource> sources, int batchSize, int seed)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        _sources = SourceNames.Require(sources);
        _schedule = new([.. _sources.Select(source => source.Weight)]);
        _seed = seed;
        BatchSize = batchSize;
    }

    /// <summary>The sources, in the order given.</summary>
    public IReadOnlyList<SampleSource> Sources => _sources;

    /// <summary>Samples in a micro-batch.</summary>
    public int BatchSize { get; }

    /// <summary>
    /// Text that identifies the samples: seed, batch size, and name, weight, shape and content of each source. Equal text means equal
    /// samples.
    /// </summary>
    public string Fingerprint => string.Join("; ", [
        $"seed {_seed}, batch {BatchSize}",
        .. _sources.Select(source => string.Create(
            CultureInfo.InvariantCulture,
            $"{source.Name} {source.Weight:R} {source.Shape.ContextLength}+{source.Shape.TargetLength} {source.Fingerprint}"))]);

    /// <summary>The source of a micro-batch: an index into <see cref="Sources"/>.</summary>
    /// <param name="microBatch">The micro-batch's index, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="microBatch"/> is negative.</exception>
    public int SourceAt(long microBatch) => _schedule.At(microBatch).Source;

    /// <summary>Writes the ids of a micro-batch, sample after sample.</summary>
    /// <param name="microBatch">The micro-batch's index, from 0.</param>
    /// <param name="context">Receives <see cref="BatchSize"/> × the context length of its source.</param>
    /// <param name="targets">Receives <see cref="BatchSize"/> × the target length of its source.</param>
    /// <exception cref="ArgumentException">A span has the wrong length.</exception>
    /// <exception cref="InvalidOperationException">The source left an id unwritten, or wrote one out of range.</exception>
    public void Fill(long microBatch, Span<short> context, Span<short> targets) => Fill(microBatch, 0, BatchSize, context, targets);

    /// <summary>Writes the ids of some rows of a micro-batch. They are those that the whole micro-batch has there.</summary>
    internal void Fill(long microBatch, int firstRow, int rows, Span<short> context, Span<short> targets)
    {
        (int place, long earlier) = _schedule.At(microBatch);
        SampleSource source = _sources[place];
        SampleShape shape = source.Shape;
        if (context.Length != rows * shape.ContextLength || targets.Length != rows * shape.TargetLength)
        {
            throw new ArgumentException(
                $"The spans hold {context.Length} and {targets.Length} ids; {rows} samples of {source.Name} need "
                + $"{rows * shape.ContextLength} and {rows * shape.TargetLength}.");
        }

        context.Fill(-1); // so that an id that a source does not write is noticed
        targets.Fill(-1);
        Xoshiro256 random = new((int)SplitMix64.Mix((ulong)_seed, microBatch));
        for (int row = 0; row < firstRow; row++) random.NextDouble(); // each row has its own number, whoever computes it
        for (int row = 0; row < rows; row++)
        {
            SampleDraw draw = new(_seed, (earlier * BatchSize) + firstRow + row, random.NextDouble());
            Span<short> given = context.Slice(row * shape.ContextLength, shape.ContextLength);
            Span<short> scored = targets.Slice(row * shape.TargetLength, shape.TargetLength);
            source.Fill(draw, given, scored);
            RequireIds(source, draw, "context", given);
            RequireIds(source, draw, "targets", scored);
        }
    }

    private static void RequireIds(SampleSource source, SampleDraw draw, string part, ReadOnlySpan<short> ids)
    {
        if (SampleIds.FirstFault(ids) is not (>= 0 and var at)) return;
        throw new InvalidOperationException(
            $"Source '{source.Name}', sample {draw.Index}: id {at} of its {part} is {(ids[at] == -1 ? "-1 or was not written" : ids[at])}; "
            + $"an id is 0 to {ByteIds.Count - 1}.");
    }
}

/// <summary>Checks the names of sources, which are the keys of metrics and results.</summary>
internal static class SourceNames
{
    /// <summary>Returns a copy of the sources. There must be at least one, and no two may have the same name.</summary>
    public static SampleSource[] Require(IReadOnlyList<SampleSource> sources)
    {
        if (sources.Count == 0) throw new ArgumentException("At least one source is needed.", nameof(sources));
        foreach (SampleSource source in sources) ArgumentNullException.ThrowIfNull(source, nameof(sources));
        if (sources.CountBy(source => source.Name).FirstOrDefault(pair => pair.Value > 1) is { Key: { } twice })
            throw new ArgumentException($"Two sources have the name '{twice}'; each needs its own.", nameof(sources));
        return [.. sources];
    }
}
