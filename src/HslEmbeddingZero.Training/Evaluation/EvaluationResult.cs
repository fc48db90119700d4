namespace HslEmbeddingZero.Training;

/// <summary>A model's scores on the held-out samples of one or more sources, in bits per scored byte.</summary>
public sealed class EvaluationResult
{
    private readonly SourceScore[] _sources;

    /// <summary>Creates a result from the scores of the sources.</summary>
    /// <param name="sources">One score for each source: at least one, and all names differ.</param>
    /// <exception cref="ArgumentException">There is no score, or two scores have the same name.</exception>
    public EvaluationResult(IReadOnlyList<SourceScore> sources)
    {
        ArgumentNullException.ThrowIfNull(sources);
        if (sources.Count == 0) throw new ArgumentException("At least one score is needed.", nameof(sources));
        if (sources.DistinctBy(score => score.Name).Count() < sources.Count)
            throw new ArgumentException($"Two sources have the same name: {Names(sources)}.", nameof(sources));
        _sources = [.. sources];
    }

    /// <summary>The scores, in the order of the sources.</summary>
    public IReadOnlyList<SourceScore> Sources => _sources;

    /// <summary>
    /// The mean over the sources; each source counts once. Lower is better. By default it decides which weights are best.
    /// </summary>
    public double Mean => _sources.Average(score => score.BitsPerByte);

    /// <summary>The score of one source.</summary>
    /// <param name="source">The source's name.</param>
    /// <exception cref="KeyNotFoundException">There is no such source, or it has no held-out samples.</exception>
    public SourceScore this[string source] => Array.Find(_sources, score => score.Name == source)
        ?? throw new KeyNotFoundException($"There is no score of '{source}'; there are {Names(_sources)}.");

    private static string Names(IEnumerable<SourceScore> sources) => string.Join(", ", sources.Select(score => score.Name));
}

/// <summary>A model's score on one source.</summary>
public sealed record SourceScore
{
    /// <summary>The source's name.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Mean bits per byte over all held-out target bytes: the mean over the samples, each the mean over its scored bytes.
    /// </summary>
    public required double BitsPerByte { get; init; }

    /// <summary>
    /// The share of the held-out samples that greedy generation answers exactly: every scored id is the most likely one. null for sources
    /// without padding (<see cref="SampleSource.HasPadding"/>), whose samples are no answers.
    /// </summary>
    /// <value>null by default; otherwise 0 to 1.</value>
    public double? ExactMatch { get; init; }

    /// <summary>
    /// Mean bits per byte of each part of the held-out samples, such as the files of a corpus. Empty if there are no parts.
    /// </summary>
    public NamedValues Parts { get; init; } = NamedValues.Empty;

    /// <summary>
    /// For each swap of contexts: bits per byte with swapped contexts minus bits per byte with the true ones. A larger gap means that the
    /// model uses more of what was swapped.
    /// </summary>
    public NamedValues Gaps { get; init; } = NamedValues.Empty;
}
