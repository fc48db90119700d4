namespace HslEmbeddingZero.Training;

/// <summary>One file of a <see cref="TextCorpus"/>.</summary>
/// <param name="Name">The file's name, without its folder.</param>
/// <param name="Path">The path it was read from.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">The SHA-256 of its content, in lower-case hexadecimal.</param>
/// <param name="Documents">Documents in it; a single one counts as the two it is divided into.</param>
/// <param name="HeldOutDocuments">How many of them are held out.</param>
public sealed record TextSource(string Name, string Path, long Bytes, string Sha256, int Documents, int HeldOutDocuments)
{
    /// <summary>Documents the rule held out but that are used on neither side, for some training document has the same bytes.</summary>
    public int RepeatedDocuments { get; init; }
}
