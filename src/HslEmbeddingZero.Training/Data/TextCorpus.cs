namespace HslEmbeddingZero.Training;

/// <summary>
/// Text or any other bytes, divided by document into a training and a held-out part, as ids: bytes, and EOS after each document.
/// </summary>
/// <remarks>
/// <para>A document ends at an empty line; the empty line belongs to no document.</para>
/// <para>
/// The split is a fixed rule, independent of any seed: with n = round(1 / held-out share), or the number of documents where that is less,
/// the documents i = n/2, n/2 + n, n/2 + 2n, ... of each file are held out, the rest train. So the held-out documents are spread evenly
/// over each file, and every run and every arm sees the same ones. A file that is one document is divided by position instead: its last
/// share is held out. A held-out document whose very bytes some training document of any file has is left out.
/// </para>
/// </remarks>
public sealed class TextCorpus
{
    /// <summary>The id that closes every document.</summary>
    public const short EndOfDocument = 257;

    private readonly short[][] _heldOut;

    private TextCorpus(IReadOnlyList<TextSource> sources, short[] train, short[][] heldOut)
    {
        Sources = sources;
        Train = train;
        _heldOut = heldOut;
    }

    /// <summary>The files, in the order given.</summary>
    public IReadOnlyList<TextSource> Sources { get; }

    /// <summary>The training ids of all files, in order, 0 to 255 for bytes and 257 after each document.</summary>
    public ReadOnlyMemory<short> Train { get; }

    /// <summary>The held-out ids of one file, closed document by document like <see cref="Train"/>.</summary>
    /// <param name="source">The file's index in <see cref="Sources"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="source"/> is not an index of <see cref="Sources"/>.</exception>
    public ReadOnlyMemory<short> HeldOut(int source)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(source);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(source, _heldOut.Length);
        return _heldOut[source];
    }

    /// <summary>Reads the files and divides each.</summary>
    /// <param name="files">Paths of files of any content; they are read as bytes, whole.</param>
    /// <param name="heldOutShare">The share of each file's documents to hold out, above 0 and at most 0.5.</param>
    /// <exception cref="ArgumentException"><paramref name="files"/> is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="heldOutShare"/> is out of range.</exception>
    /// <exception cref="CorpusException">
    /// A file is missing, empty, listed twice, too long for memory, or too short: each of its two parts must hold one sample of 768 ids.
    /// </exception>
    public static TextCorpus Load(IReadOnlyList<string> files, double heldOutShare = 0.05)
    {
        if (!(heldOutShare is > 0 and <= 0.5))
            throw new ArgumentOutOfRangeException(
                nameof(heldOutShare), heldOutShare, "The held-out share lies above 0 and at most at 0.5.");

        var splits = SourceFile.ReadAll(files).ConvertAll(file => DocumentSplit.Of(file, heldOutShare));
        var repeated = DocumentSplit.Repeated(splits);

        var trainLength = splits.Sum(split => IdCount(split.Train));
        if (trainLength > Array.MaxLength)
            throw new CorpusException($"{string.Join(", ", files)}: {trainLength} training ids in all; one array holds {Array.MaxLength}.");

        var train = new short[trainLength];
        var trained = 0;
        var heldOut = new short[splits.Count][];
        var sources = new TextSource[splits.Count];
        for (var i = 0; i < splits.Count; i++)
        {
            var (file, trainDocuments, heldOutDocuments) = splits[i];
            var kept = heldOutDocuments.FindAll(document => !repeated.Contains(ContentHash.Of(file.Content.AsSpan(document))));
            CheckLength(file, "training", IdCount(trainDocuments));
            CheckLength(file, "held-out", IdCount(kept));

            trained += Write(file, trainDocuments, train.AsSpan(trained));
            heldOut[i] = new short[IdCount(kept)];
            Write(file, kept, heldOut[i]);
            sources[i] = new(
                file.Name, file.Path, file.Content.Length, file.Sha256, trainDocuments.Count + heldOutDocuments.Count, kept.Count)
            {
                RepeatedDocuments = heldOutDocuments.Count - kept.Count,
            };
        }

        return new(sources, train, heldOut);
    }

    private static long IdCount(List<Range> documents) => documents.Sum(document => document.End.Value - document.Start.Value + 1L);

    private static int Write(SourceFile file, List<Range> documents, Span<short> ids)
    {
        var written = 0;
        foreach (var document in documents)
        {
            foreach (var value in file.Content.AsSpan(document))
                ids[written++] = value;
            ids[written++] = EndOfDocument;
        }

        return written;
    }

    private static void CheckLength(SourceFile file, string part, long length)
    {
        var shape = SampleShape.Of(Modality.Text);
        if (length < shape.Length)
            throw new CorpusException(
                $"{file.Path}: its {part} part is {length} ids of {file.Content.Length} bytes; at least {shape.Length} are needed " +
                $"({shape.ContextLength} of context and {shape.TargetLength} to score). Use a longer file or another held-out share.");
    }
}
