namespace HslEmbeddingZero.Training;

/// <summary>One input of a <see cref="TextCorpus"/>: a file, all files of a folder or of a pattern, or content given in memory.</summary>
public sealed record TextInput
{
    /// <summary>Its name: that of the file or folder without what leads to it, or the whole path where two inputs share a name.</summary>
    public required string Name { get; init; }

    /// <summary>The path or pattern as it was given; empty for content given in memory.</summary>
    public required string Path { get; init; }

    /// <summary>How many files it is made of; 0 for content given in memory.</summary>
    public required int Files { get; init; }

    /// <summary>Its length in bytes, over all files.</summary>
    public required long Bytes { get; init; }

    /// <summary>The SHA-256 of its content (of the files' SHA-256 where there are several), in lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Documents in it; a single one counts as the two it is divided into.</summary>
    public required long Documents { get; init; }

    /// <summary>How many of them are held out.</summary>
    public required long HeldOutDocuments { get; init; }

    /// <summary>Documents the rule held out but that are used on neither side, for some training document has the same bytes.</summary>
    public required long RepeatedDocuments { get; init; }
}

/// <summary>A file of a folder or of a pattern that a <see cref="TextCorpus"/> leaves out.</summary>
/// <param name="Path">The file.</param>
/// <param name="Reason">Why.</param>
public sealed record SkippedFile(string Path, string Reason);

/// <summary>How far the reading of a large corpus has come.</summary>
/// <param name="Path">The file that is read.</param>
/// <param name="BytesRead">Bytes of it read so far.</param>
/// <param name="Bytes">Its length in bytes.</param>
public sealed record TextIndexProgress(string Path, long BytesRead, long Bytes);
