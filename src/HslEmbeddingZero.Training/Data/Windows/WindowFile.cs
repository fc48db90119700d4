namespace HslEmbeddingZero.Training;

/// <summary>One file of a <see cref="WindowCorpus"/>.</summary>
/// <param name="Name">The file's name, without its folder.</param>
/// <param name="Path">The path it was read from.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">The SHA-256 of its content, in lower-case hexadecimal.</param>
/// <param name="Windows">How many windows it holds.</param>
/// <param name="SidecarSha256">The SHA-256 of the JSON file that names its films, or null where it has none.</param>
public sealed record WindowFile(string Name, string Path, long Bytes, string Sha256, int Windows, string? SidecarSha256);
