namespace HslEmbeddingZero.Training;

/// <summary>One input of a <see cref="TextCorpus"/>: a file, all files of a folder or pattern, or content given in memory.</summary>
public sealed record TextInput
{
    /// <summary>Name of the file or folder, without the folders before it. If two inputs share a name, the whole path.</summary>
    public required string Name { get; init; }

    /// <summary>The path or pattern as it was given; empty for content given in memory.</summary>
    public required string Path { get; init; }

    /// <summary>How many files the input has; 0 for content given in memory.</summary>
    public required int Files { get; init; }

    /// <summary>Its length in bytes, over all files.</summary>
    public required long Bytes { get; init; }

    /// <summary>The SHA-256 of its content (of the files' SHA-256 where there are several), in lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Number of documents. A single document counts as two, because it is divided in two.</summary>
    public required long Documents { get; init; }

    /// <summary>Number of held-out documents.</summary>
    public required long HeldOutDocuments { get; init; }

    /// <summary>
    /// Number of documents that the rule selects as held-out, but that are dropped because a training document has the same bytes.
    /// </summary>
    public required long RepeatedDocuments { get; init; }
}

/// <summary>A file of a folder or of a pattern that a <see cref="TextCorpus"/> leaves out.</summary>
/// <param name="Path">The file.</param>
/// <param name="Reason">Why it is left out.</param>
public sealed record SkippedFile(string Path, string Reason);

/// <summary>Progress of reading a large corpus.</summary>
/// <param name="Path">The file that is being read.</param>
/// <param name="BytesRead">Bytes of it read so far.</param>
/// <param name="Bytes">Its length in bytes.</param>
public sealed record TextIndexProgress(string Path, long BytesRead, long Bytes);
