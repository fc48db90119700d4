namespace HslEmbeddingZero.Training;

/// <summary>One file of a <see cref="WindowCorpus"/>.</summary>
public sealed record WindowFile
{
    /// <summary>The file's name, without its folder.</summary>
    public required string Name { get; init; }

    /// <summary>The path it was read from.</summary>
    public required string Path { get; init; }

    /// <summary>Its length in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>The SHA-256 of its content, in lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>How many windows it holds.</summary>
    public required int Windows { get; init; }

    /// <summary>The SHA-256 of the JSON file that names its films; null if it has none.</summary>
    public string? SidecarSha256 { get; init; }
}
