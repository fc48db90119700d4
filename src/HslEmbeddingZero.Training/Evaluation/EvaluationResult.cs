namespace HslEmbeddingZero.Training;

/// <summary>What a model scores on the held-out samples of some sources, in bits per scored byte.</summary>
public sealed class EvaluationResult
{
    private readonly SourceScore[] _sources;

    /// <summary>Puts scores together.</summary>
    /// <param name="sources">A score for each source, at least one; no two of one name.</param>
    /// <exception cref="ArgumentException">There is none, or two have one name.</exception>
    public EvaluationResult(IReadOnlyList<SourceScore> sources)
    {
        ArgumentNullException.ThrowIfNull(sources);
        if (sources.Count == 0) throw new ArgumentException("At least one score is needed.", nameof(sources));
        if (sources.DistinctBy(score => score.Name).Count() < sources.Count)
            throw new ArgumentException($"Two sources have one name: {Names(sources)}.", nameof(sources));
        _sources = [.. sources];
    }

    /// <summary>The scores, in the order of the sources.</summary>
    public IReadOnlyList<SourceScore> Sources => _sources;

    /// <summary>The mean over the sources, each counted once: what says which weights are best. Lower is better.</summary>
    public double Mean => _sources.Average(score => score.BitsPerByte);

    /// <summary>The score of one source.</summary>
    /// <param name="source">The source's name.</param>
    /// <exception cref="KeyNotFoundException">There is no such source, or it has no held-out samples.</exception>
    public SourceScore this[string source] => Array.Find(_sources, score => score.Name == source)
        ?? throw new KeyNotFoundException($"There is no score of '{source}'; there are {Names(_sources)}.");

    private static string Names(IEnumerable<SourceScore> sources) => string.Join(", ", sources.Select(score => score.Name));
}

/// <summary>What a model scores on one source.</summary>
public sealed record SourceScore
{
    /// <summary>The source's name.</summary>
    public required string Name { get; init; }

    /// <summary>Mean bits over every held-out target byte.</summary>
    public required double BitsPerByte { get; init; }

    /// <summary>The same for each part of the held-out samples, such as the files of a corpus; empty where there are no parts.</summary>
    public NamedValues Parts { get; init; } = NamedValues.Empty;

    /// <summary>
    /// For each swap of contexts the bits under swapped contexts minus those under the true ones: what the model owes to what was swapped.
    /// </summary>
    public NamedValues Gaps { get; init; } = NamedValues.Empty;
}
