using System.Security.Cryptography;
using System.Text;

namespace HslEmbeddingZero.Training;

/// <summary>
/// Text or any other bytes, of any size, divided by document into a training and a held-out part. The ids are the bytes, with EOS after
/// each document.
/// </summary>
/// <remarks>
/// <para>A document ends at an empty line and at the end of a file. The empty line belongs to no document.</para>
/// <para>
/// The split is a fixed rule, independent of any seed. Let n = round(1 / held-out share), or the number of documents if that is less. The
/// documents i = n/2, n/2 + n, n/2 + 2n, ... of each input are held out, and the rest is for training. The held-out documents are thus
/// spread evenly over each input, and every run and every arm uses the same ones. An input that is one document is divided by position
/// instead: its last part is held out. Held-out documents that are identical to a training document of any input are dropped.
/// </para>
/// <para>
/// A corpus under 64 MiB is read into memory. A larger one stays in its files. They are read once to find the documents, and each sample is
/// read when it is needed. The index of a file of 64 MiB or more is stored beside it, as NAME.hslindex, and reused while the file is
/// unchanged. If a file changes during a run, the next sample from it is refused.
/// </para>
/// </remarks>
public sealed class TextCorpus : IDisposable
{
    /// <summary>The id that closes every document.</summary>
    public const short EndOfDocument = ByteIds.EndOfSequence;

    private const double DefaultShare = 0.05;

    private readonly TextIds[] _heldOut;
    private readonly OpenFiles _files;

    private TextCorpus(
        IReadOnlyList<TextInput> inputs, TextIds train, TextIds[] heldOut, IReadOnlyList<SkippedFile> skipped, double heldOutShare,
        OpenFiles files)
    {
        (Inputs, Train, _heldOut, Skipped, HeldOutShare, _files) = (inputs, train, heldOut, skipped, heldOutShare, files);
    }

    /// <summary>The inputs, in the order given.</summary>
    public IReadOnlyList<TextInput> Inputs { get; }

    /// <summary>
    /// Files of folders and patterns that are left out, and why: empty files, and files with the same bytes as another file.
    /// </summary>
    public IReadOnlyList<SkippedFile> Skipped { get; }

    /// <summary>The share of the documents that is held out.</summary>
    public double HeldOutShare { get; }

    /// <summary>The training ids of all inputs, in order.</summary>
    public TextIds Train { get; }

    /// <summary>The held-out ids of one input.</summary>
    /// <param name="input">The input's index in <see cref="Inputs"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="input"/> is not an index of <see cref="Inputs"/>.</exception>
    public TextIds HeldOut(int input)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(input);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(input, _heldOut.Length);
        return _heldOut[input];
    }

    /// <summary>Reads files and divides each input.</summary>
    /// <param name="paths">
    /// The inputs: files of any content, folders (all files in them and in their subfolders, except hidden ones), or patterns such as
    /// "books/**/*.txt". The documents of all files of a folder or pattern are divided together.
    /// </param>
    /// <param name="heldOutShare">The share of each input's documents to hold out, above 0 and at most 0.5.</param>
    /// <param name="progress">Receives a report about once per MiB while files of 64 MiB or more are read; null for no reports.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="ArgumentException"><paramref name="paths"/> is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="heldOutShare"/> is out of range.</exception>
    /// <exception cref="CorpusException">
    /// A file is missing, empty, or listed twice; a folder or pattern has no files; an input has no documents.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static TextCorpus Load(
        IReadOnlyList<string> paths, double heldOutShare = DefaultShare, IProgress<TextIndexProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Load(paths, heldOutShare, IndexFile.SmallestText, progress, cancellationToken);

    /// <summary>Creates a corpus from text in memory.</summary>
    /// <param name="text">The text; it is encoded in UTF-8.</param>
    /// <param name="heldOutShare">The share of the documents to hold out, above 0 and at most 0.5.</param>
    /// <param name="name">Name of the input.</param>
    /// <inheritdoc cref="FromBytes" path="/exception"/>
    public static TextCorpus FromText(string text, double heldOutShare = DefaultShare, string name = "text")
    {
        ArgumentNullException.ThrowIfNull(text);
        return FromBytes(Encoding.UTF8.GetBytes(text), heldOutShare, name);
    }

    /// <summary>Creates a corpus from a stream. It is read into memory, from its current position to its end.</summary>
    /// <param name="stream">The stream; it stays open.</param>
    /// <param name="heldOutShare">The share of the documents to hold out, above 0 and at most 0.5.</param>
    /// <param name="name">Name of the input.</param>
    /// <inheritdoc cref="FromBytes" path="/exception"/>
    public static TextCorpus FromStream(Stream stream, double heldOutShare = DefaultShare, string name = "text")
    {
        ArgumentNullException.ThrowIfNull(stream);
        using MemoryStream copy = new();
        stream.CopyTo(copy);
        return FromBytes(copy.ToArray(), heldOutShare, name);
    }

    /// <summary>Creates a corpus from bytes in memory.</summary>
    /// <param name="bytes">The bytes. They are not copied: do not change them afterwards.</param>
    /// <param name="heldOutShare">The share of the documents to hold out, above 0 and at most 0.5.</param>
    /// <param name="name">Name of the input.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="heldOutShare"/> is out of range.</exception>
    /// <exception cref="CorpusException">There are no bytes, or only empty lines.</exception>
    public static TextCorpus FromBytes(ReadOnlyMemory<byte> bytes, double heldOutShare = DefaultShare, string name = "text")
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        RequireShare(heldOutShare);
        if (bytes.IsEmpty) throw new CorpusException($"{name}: 0 bytes; a corpus must hold at least 1.");
        MemoryContent content = new(bytes);
        var input = IndexedInput.Create(
            name, "", files: 0, heldOutShare, rule => [new(content,
                DocumentIndexer.Build(content, rule, new HashesInMemory(), null, default))]);
        return Create([input], [], heldOutShare, new OpenFiles());
    }

    /// <summary>Closes the files. A corpus in memory need not be disposed.</summary>
    public void Dispose() => _files.Dispose();

    /// <summary>As the public method, but with another size from which the text stays in its files.</summary>
    internal static TextCorpus Load(
        IReadOnlyList<string> paths, double heldOutShare, long largeFrom, IProgress<TextIndexProgress>? progress,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(paths);
        if (paths.Count == 0) throw new ArgumentException("A corpus needs at least one path.", nameof(paths));
        RequireShare(heldOutShare);
        CorpusPath[] expanded = [.. paths.Select(CorpusPath.Expand)];
        OpenFiles open = new();
        try
        {
            TextReading reading = new(open, largeFrom, progress, cancellationToken);
            bool inMemory = expanded.Sum(path => path.Files.Sum(TextReading.Length)) < largeFrom;
            IndexedInput[] inputs = [.. expanded.Select(path => IndexedInput.Create(
                Name(path), path.Path, path.Files.Count, heldOutShare, rule => reading.Index(path, rule, inMemory)))];
            return Create(inputs, reading.Skipped, heldOutShare, open);
        }
        catch
        {
            open.Dispose();
            throw;
        }

        string Name(CorpusPath path) => expanded.Count(other => other.Name == path.Name) == 1 ? path.Name : path.Path;
    }

    private static void RequireShare(double heldOutShare)
    {
        if (!(heldOutShare is > 0 and <= 0.5))
        {
            throw new ArgumentOutOfRangeException(
                nameof(heldOutShare), heldOutShare, "The held-out share must be above 0 and at most 0.5.");
        }
    }

    private static TextCorpus Create(IndexedInput[] inputs, IReadOnlyList<SkippedFile> skipped, double heldOutShare, OpenFiles open)
    {
        HashSet<UInt128> heldOut = [.. inputs.SelectMany(input => input.HeldOutHashes)];
        HashSet<UInt128> repeated = [.. inputs.SelectMany(input => input.TrainHashes).Where(heldOut.Contains)];
        DividedInput[] divided = [.. inputs.Select(input => input.Divide(heldOutShare, repeated))];
        return new(
            [.. divided.Select(input => input.Input)],
            new TextIds(divided.SelectMany(input => input.Train)),
            [.. divided.Select(input => new TextIds(input.HeldOut))],
            skipped, heldOutShare, open);
    }
}

/// <summary>A content with the index of its documents.</summary>
internal sealed record IndexedContent(TextContent Content, DocumentIndex Index);

/// <summary>An input, divided into a training and a held-out part.</summary>
internal sealed record DividedInput(TextInput Input, IReadOnlyList<DocumentSegments> Train, IReadOnlyList<DocumentSegments> HeldOut);

/// <summary>An input with the indices of its documents.</summary>
internal sealed record IndexedInput(string Name, string Path, int Files, IReadOnlyList<IndexedContent> Contents)
{
    private const double MostEvery = 1L << 60;

    /// <summary>The hashes of the held-out documents. An input of one document has none, because it is divided by position.</summary>
    public IEnumerable<UInt128> HeldOutHashes => IsOneDocument ? [] : Contents.SelectMany(one =>
        one.Index.HeldOut.Select(document => document.Hash));

    /// <summary>The hashes of the training documents.</summary>
    public IEnumerable<UInt128> TrainHashes => IsOneDocument ? [] : Contents.SelectMany(one => one.Index.TrainHashes.Read());

    private long Documents => Contents.Sum(one => one.Index.Documents);

    private bool IsOneDocument => Documents == 1;

    /// <param name="name">The input's name.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <param name="files">How many files it has.</param>
    /// <param name="heldOutShare">The share of the documents to hold out.</param>
    /// <param name="index">Finds the documents of all contents under a rule.</param>
    public static IndexedInput Create(
        string name, string path, int files, double heldOutShare, Func<HeldOutRule, IReadOnlyList<IndexedContent>> index)
    {
        long every = (long)Math.Min(Math.Round(1 / heldOutShare), MostEvery);
        IndexedInput input = new(name, path, files, index(new(every, 0)));
        long documents = input.Documents;
        if (documents == 0)
        {
            throw new CorpusException(
                $"{(path.Length > 0 ? path : name)}: {input.Contents.Sum(one => one.Content.Length)} bytes and 0 documents, "
                + "only empty lines; at least 1 is needed.");
        }

        // If there are fewer documents than the interval, one of them is held out.
        return documents == 1 || documents >= every ? input : input with { Contents = index(new(documents, 0)) };
    }

    public DividedInput Divide(double heldOutShare, HashSet<UInt128> repeated)
    {
        List<DocumentSegments> train = [], heldOut = [];
        long keptDocuments = 0;
        foreach ((TextContent content, DocumentIndex index) in Contents)
        {
            if (IsOneDocument && index.Documents == 1)
            {
                (DocumentSegments first, DocumentSegments last) = index.ByPosition(content, heldOutShare);
                train.Add(first);
                heldOut.Add(last);
                keptDocuments = 1;
                continue;
            }

            (DocumentSegments kept, long count) = index.HeldOutWithout(content, repeated);
            train.Add(index.Train(content));
            heldOut.Add(kept);
            keptDocuments += count;
        }

        long heldOutDocuments = IsOneDocument ? 1 : Contents.Sum(one => (long)one.Index.HeldOut.Length);
        TextInput input = new()
        {
            Name = Name,
            Path = Path,
            Files = Files,
            Bytes = Contents.Sum(one => one.Content.Length),
            Sha256 = Contents is [var only] ? only.Index.Sha256 : Convert.ToHexStringLower(
                SHA256.HashData(Encoding.ASCII.GetBytes(string.Join('\n', Contents.Select(one => one.Index.Sha256))))),
            Documents = IsOneDocument ? 2 : Documents,
            HeldOutDocuments = keptDocuments,
            RepeatedDocuments = heldOutDocuments - keptDocuments,
        };
        return new(input, train, heldOut);
    }
}

/// <summary>Reads and indexes the files of a corpus: in memory, or in one pass over each file.</summary>
internal sealed class TextReading(OpenFiles open, long largeFrom, IProgress<TextIndexProgress>? progress,
    CancellationToken cancellationToken)
{
    private readonly Dictionary<string, (CorpusPath Input, string File)> _filesBySha256 = []; // of the files that are used
    private readonly List<SkippedFile> _skipped = [];
    private readonly HashSet<string> _skippedPaths = [];

    public IReadOnlyList<SkippedFile> Skipped => _skipped;

    public static long Length(string path)
    {
        FileInfo file = new(path);
        if (!file.Exists) throw new CorpusException($"{path}: there is no such file.");
        return FilePath.Misfit(path) is { } misfit ? throw new CorpusException($"{path}: {misfit}.") : file.Length;
    }

    /// <summary>The contents of an input's files, without the files that are left out.</summary>
    public IReadOnlyList<IndexedContent> Index(CorpusPath path, HeldOutRule rule, bool inMemory)
    {
        List<IndexedContent> contents = [];
        long earlier = 0;
        foreach (string file in path.Files)
        {
            try
            {
                contents.Add(IndexFileOf(path, file, rule with { Earlier = earlier % rule.Every }, inMemory));
                earlier += contents[^1].Index.Documents;
            }
            catch (CorpusException fault) when (!path.IsOneFile) // An error in a file that was named itself ends the loading.
            {
                if (_skippedPaths.Add(file)) _skipped.Add(new(file, fault.Message));
            }
        }

        return contents.Count > 0
            ? contents
            : throw new CorpusException($"{path.Path}: none of its {path.Files.Count} files can be used. The last: {_skipped[^1].Reason}");
    }

    private IndexedContent IndexFileOf(CorpusPath input, string path, HeldOutRule rule, bool inMemory)
    {
        FileInfo file = new(path);
        if (Length(path) == 0) throw new CorpusException($"{path}: 0 bytes; a corpus file must hold at least 1.");
        try
        {
            if (ForeignFile.IsGitLfsPointer(file)) throw new CorpusException($"{path}: {ForeignFile.GitLfsPointer}.");
            TextContent content = inMemory ? new MemoryContent(File.ReadAllBytes(path)) : new FileContent(path, file.Length,
                file.LastWriteTimeUtc, open);
            Action<long>? told = progress is null || file.Length < largeFrom
                ? null
                : read => progress.Report(new TextIndexProgress(path, read, file.Length));
            DocumentIndex index = file.Length < largeFrom
                ? DocumentIndexer.Build(content, rule, new HashesInMemory(), told, cancellationToken)
                : IndexFile.Read(path, content, file.LastWriteTimeUtc, rule, input.IsOneFile)
                    ?? IndexFile.Build(path, content, file.LastWriteTimeUtc, rule, told, cancellationToken);
            if (!_filesBySha256.TryAdd(index.Sha256, (input, path)) && _filesBySha256[index.Sha256] != (input, path))
                throw new CorpusException(
                    $"{path}: the same {content.Length} bytes as {_filesBySha256[index.Sha256].File}; list only one of them.");
            return new(content, index);
        }
        catch (Exception failure) when (failure is IOException and not CorpusException or UnauthorizedAccessException)
        {
            throw new CorpusException($"{path}: cannot be read. {failure.Message}", failure);
        }
    }
}
