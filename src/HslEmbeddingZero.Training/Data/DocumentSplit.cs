namespace HslEmbeddingZero.Training;

/// <summary>The documents of a file, divided by the fixed rule that <see cref="TextCorpus"/> documents.</summary>
internal sealed record DocumentSplit(SourceFile File, List<Range> Train, List<Range> HeldOut)
{
    public static DocumentSplit Of(SourceFile file, double heldOutShare)
    {
        var documents = DocumentBoundaries.Find(file.Content);
        return documents.Count switch
        {
            0 => throw new CorpusException(
                $"{file.Path}: {file.Content.Length} bytes and 0 documents, only empty lines; at least 1 is needed."),
            1 => ByPosition(file, documents[0], heldOutShare),
            _ => ByDocument(file, documents, heldOutShare),
        };
    }

    /// <summary>What identifies the held-out documents whose very bytes occur in training too.</summary>
    public static HashSet<UInt128> Repeated(List<DocumentSplit> splits)
    {
        var heldOut = splits.SelectMany(split => split.Hashes(split.HeldOut)).ToHashSet();
        return splits.SelectMany(split => split.Hashes(split.Train)).Where(heldOut.Contains).ToHashSet();
    }

    private IEnumerable<UInt128> Hashes(List<Range> documents) =>
        documents.Select(document => ContentHash.Of(File.Content.AsSpan(document)));

    private static DocumentSplit ByPosition(SourceFile file, Range document, double heldOutShare)
    {
        var (start, length) = document.GetOffsetAndLength(file.Content.Length);
        var cut = start + length - (int)Math.Round(length * heldOutShare);
        return new(file, [start..cut], [cut..(start + length)]);
    }

    private static DocumentSplit ByDocument(SourceFile file, List<Range> documents, double heldOutShare)
    {
        var every = (int)Math.Min(Math.Round(1 / heldOutShare), documents.Count);
        var sides = documents.Index().ToLookup(entry => entry.Index % every == every / 2, entry => entry.Item);
        return new(file, [.. sides[false]], [.. sides[true]]);
    }
}
