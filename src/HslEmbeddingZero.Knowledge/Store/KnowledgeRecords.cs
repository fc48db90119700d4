namespace HslEmbeddingZero.Knowledge;

/// <summary>A fact that a search found.</summary>
/// <param name="Id">Number of the fact in its store. Later facts have higher numbers.</param>
/// <param name="Text">The fact, at most <see cref="FactSplitter.MaxBytes"/> bytes of UTF-8.</param>
/// <param name="Score">
/// BM25 of the question's trigrams, and more for words that begin alike; above 0. Higher is better. Scores of two questions cannot be
/// compared.
/// </param>
/// <param name="Source">Name of the source.</param>
/// <param name="Offset">First byte of the fact in its source.</param>
public sealed record FoundFact(long Id, string Text, double Score, string Source, long Offset);

/// <summary>A source of a store.</summary>
/// <param name="Name">Name of the source: a path as it was given, or a name of the caller.</param>
/// <param name="Bytes">Size in bytes.</param>
/// <param name="Facts">Number of facts that are in the store.</param>
/// <param name="IsComplete">False where an import was interrupted. The same import goes on there.</param>
public sealed record KnowledgeSource(string Name, long Bytes, long Facts, bool IsComplete);

/// <summary>How far an import is.</summary>
/// <param name="Source">The source that is read.</param>
/// <param name="BytesDone">Bytes of all sources that are done.</param>
/// <param name="BytesTotal">Bytes of all sources.</param>
/// <param name="Facts">Facts that this import has added so far.</param>
public readonly record struct ImportProgress(string Source, long BytesDone, long BytesTotal, long Facts);

/// <summary>A source that was not imported.</summary>
/// <param name="Name">Name of the source.</param>
/// <param name="Reason">Why: the source, the value and the limit.</param>
public sealed record SkippedSource(string Name, string Reason);

/// <summary>What an import did.</summary>
public sealed record ImportResult
{
    /// <summary>Sources that are new, or that were completed.</summary>
    public int Added { get; init; }

    /// <summary>Sources whose content has changed. Their earlier facts are gone.</summary>
    public int Replaced { get; init; }

    /// <summary>Sources that were in the store already, with the same content.</summary>
    public int Unchanged { get; init; }

    /// <summary>Facts that were added.</summary>
    public long Facts { get; init; }

    /// <summary>Sources that could not be imported.</summary>
    public IReadOnlyList<SkippedSource> Skipped { get; init; } = [];
}
