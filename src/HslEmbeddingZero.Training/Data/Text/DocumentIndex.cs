using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace HslEmbeddingZero.Training;

/// <summary>Which documents of an input are held out: i = n/2, n/2 + n, n/2 + 2n, ...</summary>
/// <param name="Every">n: one document in n is held out.</param>
/// <param name="Earlier">Number of documents of the input before those of this file.</param>
internal readonly record struct HeldOutRule(long Every, long Earlier)
{
    public bool IsHeldOut(long document) => (document + Earlier) % Every == Every / 2;
}

/// <summary>
/// Positions and hashes of the documents of one content. A corpus keeps nothing else of a file. The index takes about 16 bytes per 8 KiB of
/// text and 48 per held-out document.
/// </summary>
internal sealed class DocumentIndex
{
    /// <summary>The SHA-256 of the content, in lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>How the documents are divided.</summary>
    public required HeldOutRule Rule { get; init; }

    /// <summary>Number of all documents.</summary>
    public required long Documents { get; init; }

    /// <summary>Number of training ids, including the closing EOS of each document.</summary>
    public required long TrainIds { get; init; }

    /// <summary>For each segment of training text: the number of ids before it.</summary>
    public required long[] TrainBefore { get; init; }

    /// <summary>For each segment of training text: its place, see <see cref="DocumentSegments.Place"/>.</summary>
    public required long[] TrainPlaces { get; init; }

    /// <summary>The held-out documents, in order.</summary>
    public required HeldOutDocument[] HeldOut { get; init; }

    /// <summary>For each segment of a held-out document: the number of ids of the same document before the segment.</summary>
    public required long[] HeldOutBefore { get; init; }

    /// <summary>For each segment of a held-out document: its place.</summary>
    public required long[] HeldOutPlaces { get; init; }

    /// <summary>The hashes of the training documents, in order. If there are many, they are read from disk.</summary>
    public required IHashList TrainHashes { get; init; }

    public DocumentSegments Train(TextContent content) => new(content, TrainBefore, TrainPlaces, TrainIds);

    /// <summary>The held-out documents without the repeated ones.</summary>
    public (DocumentSegments Segments, long Documents) HeldOutWithout(TextContent content, HashSet<UInt128> repeated)
    {
        List<long> before = [], places = [];
        long ids = 0, documents = 0;
        for (int i = 0; i < HeldOut.Length; i++)
        {
            if (repeated.Contains(HeldOut[i].Hash)) continue;
            int end = i + 1 < HeldOut.Length ? HeldOut[i + 1].FirstSegment : HeldOutPlaces.Length;
            for (int segment = HeldOut[i].FirstSegment; segment < end; segment++)
            {
                before.Add(ids + HeldOutBefore[segment]);
                places.Add(HeldOutPlaces[segment]);
            }

            ids += HeldOut[i].Ids;
            documents++;
        }

        return (new(content, [.. before], [.. places], ids), documents);
    }

    /// <summary>Divides the only document of an input by position: its last part is held out.</summary>
    public (DocumentSegments Train, DocumentSegments HeldOut) ByPosition(TextContent content, double heldOutShare)
    {
        long start = TrainPlaces[0] >> 1, bytes = TrainIds - 1;
        long heldOut = (long)Math.Round(bytes * heldOutShare);
        return (Whole(start, bytes - heldOut), Whole(start + bytes - heldOut, heldOut));

        // There is no empty line within a document, so a segment may begin anywhere.
        DocumentSegments Whole(long first, long count)
        {
            if (count == 0) return new(content, [], [], 0);
            int segments = (int)((count + DocumentSegments.Stride - 1) / DocumentSegments.Stride);
            long[] before = [.. Enumerable.Range(0, segments).Select(i => (long)i * DocumentSegments.Stride)];
            return new(content, before, [.. before.Select((b, i) => DocumentSegments.Place(first + b, i == segments - 1))], count + 1);
        }
    }
}

/// <summary>A held-out document.</summary>
/// <param name="Hash">Hash of the content; equal documents have equal hashes.</param>
/// <param name="Ids">Number of its ids, EOS included.</param>
/// <param name="FirstSegment">Index of its first segment. Its segments end where those of the next document begin.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct HeldOutDocument(UInt128 Hash, long Ids, int FirstSegment);

/// <summary>Hashes that are written once and then read in order.</summary>
internal interface IHashList
{
    void Add(UInt128 hash);

    IEnumerable<UInt128> Read();
}

/// <summary>Hashes in memory.</summary>
internal sealed class HashesInMemory : IHashList
{
    private readonly List<UInt128> _hashes = [];

    public void Add(UInt128 hash) => _hashes.Add(hash);

    public IEnumerable<UInt128> Read() => _hashes;
}

/// <summary>
/// Builds a <see cref="DocumentIndex"/> in one pass. A document is a sequence of lines between empty lines. It includes the newline of its
/// last line. An empty line, which is "\n" or "\r\n" alone, belongs to no document.
/// </summary>
internal sealed class DocumentIndexer
{
    private const int Chunk = 1 << 20;

    private readonly HeldOutRule _rule;
    private readonly IHashList _trainHashes;
    private readonly XxHash128 _documentHash = new(); // detects equal documents, not forged ones; many times as fast as SHA-256
    private readonly List<long> _trainBefore = [], _trainPlaces = [], _heldOutBefore = [], _heldOutPlaces = [];
    private readonly List<HeldOutDocument> _heldOut = [];
    private long _documents;
    private long _trainIds;
    private bool _atLineStart = true;
    private bool _inDocument;
    private bool _isHeldOut;
    private bool _lastWasTrain; // whether the training text continues in the open segment
    private long _documentStart;
    private long _segmentStart;

    private DocumentIndexer(HeldOutRule rule, IHashList trainHashes) => (_rule, _trainHashes) = (rule, trainHashes);

    /// <summary>Indexes a content, from its first to its last byte.</summary>
    /// <param name="content">The text.</param>
    /// <param name="rule">Which documents are held out.</param>
    /// <param name="trainHashes">Receives the hashes of the training documents.</param>
    /// <param name="progress">Receives the number of bytes read so far; null for no reports.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public static DocumentIndex Build(
        TextContent content, HeldOutRule rule, IHashList trainHashes, Action<long>? progress, CancellationToken cancellationToken)
    {
        DocumentIndexer indexer = new(rule, trainHashes);
        using var contentHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // Two buffers: one chunk is hashed on another thread while the next one is read and searched.
        byte[][] buffers = [new byte[(int)Math.Min(Chunk, content.Length)], new byte[content.Length > Chunk ? Chunk : 0]];
        Task hashing = Task.CompletedTask;
        try
        {
            for (long position = 0, chunk = 0; position < content.Length; chunk++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                byte[] buffer = buffers[chunk % 2];
                ReadOnlySpan<byte> read = content.Read(position, buffer);
                int count = Math.Min(read.Length, buffer.Length);
                if (content is MemoryContent) read[..count].CopyTo(buffer);
                bool isLast = position + count == content.Length;
                // A last byte '\r' is read again with the next chunk, because it may begin "\r\n".
                if (!isLast && buffer[count - 1] == '\r') count--;
                hashing.Wait(CancellationToken.None);
                if (isLast) contentHash.AppendData(buffer, 0, count); // the only chunk of a small file is not worth another thread
                else hashing = Task.Run(() => contentHash.AppendData(buffer, 0, count), CancellationToken.None);
                indexer.Add(buffer.AsSpan(0, count), position);
                position += count;
                progress?.Invoke(position);
            }
        }
        finally
        {
            hashing.Wait(CancellationToken.None);
        }

        if (indexer._inDocument) indexer.EndDocument(content.Length);
        indexer.CloseTraining();
        return new()
        {
            Sha256 = Convert.ToHexStringLower(contentHash.GetHashAndReset()),
            Rule = rule,
            Documents = indexer._documents,
            TrainIds = indexer._trainIds,
            TrainBefore = [.. indexer._trainBefore],
            TrainPlaces = [.. indexer._trainPlaces],
            HeldOut = [.. indexer._heldOut],
            HeldOutBefore = [.. indexer._heldOutBefore],
            HeldOutPlaces = [.. indexer._heldOutPlaces],
            TrainHashes = trainHashes,
        };
    }

    private void Add(ReadOnlySpan<byte> bytes, long position)
    {
        int hashed = 0; // where the open document begins in this chunk
        for (int at = 0; at < bytes.Length;)
        {
            if (_atLineStart)
            {
                int empty = bytes[at..] switch { [(byte)'\n', ..] => 1, [(byte)'\r', (byte)'\n', ..] => 2, _ => 0 };
                if (empty > 0)
                {
                    if (_inDocument)
                    {
                        _documentHash.Append(bytes[hashed..at]);
                        EndDocument(position + at);
                    }

                    at += empty;
                    continue;
                }

                if (!_inDocument)
                {
                    hashed = at;
                    BeginDocument(position + at);
                }
            }

            int newline = bytes[at..].IndexOf((byte)'\n');
            int end = newline < 0 ? bytes.Length : at + newline + 1;
            // A segment begins at the start of a line, or within a line that is longer than a segment.
            if (_atLineStart) BeginSegmentIfDue(position + at);
            while (position + end - _segmentStart > 2 * DocumentSegments.Stride) BeginSegment(_segmentStart + DocumentSegments.Stride);
            _atLineStart = newline >= 0;
            at = end;
        }

        if (_inDocument) _documentHash.Append(bytes[hashed..]);
    }

    private void BeginDocument(long start)
    {
        _inDocument = true;
        _documentStart = start;
        _isHeldOut = _rule.IsHeldOut(_documents);
        if (_isHeldOut)
        {
            CloseTraining();
            _heldOut.Add(new(default, 0, _heldOutPlaces.Count));
            BeginSegment(start);
        }
        else if (!_lastWasTrain || start - _segmentStart >= DocumentSegments.Stride)
        {
            CloseTraining();
            BeginSegment(start);
        }

        _lastWasTrain = !_isHeldOut;
    }

    /// <summary>Marks that the open training segment ends with its last document.</summary>
    private void CloseTraining()
    {
        if (_lastWasTrain) _trainPlaces[^1] |= 1;
    }

    private void BeginSegmentIfDue(long start)
    {
        if (start - _segmentStart >= DocumentSegments.Stride) BeginSegment(start);
    }

    private void BeginSegment(long start)
    {
        _segmentStart = start;
        (List<long> before, List<long> places, long ids) =
            _isHeldOut ? (_heldOutBefore, _heldOutPlaces, 0) : (_trainBefore, _trainPlaces, _trainIds);
        before.Add(ids + start - _documentStart);
        places.Add(DocumentSegments.Place(start, endsDocument: false));
    }

    private void EndDocument(long end)
    {
        UInt128 content = _documentHash.GetCurrentHashAsUInt128();
        _documentHash.Reset();
        long ids = end - _documentStart + 1;
        if (_isHeldOut)
        {
            _heldOut[^1] = _heldOut[^1] with { Hash = content, Ids = ids };
            _heldOutPlaces[^1] |= 1;
        }
        else
        {
            _trainHashes.Add(content);
            _trainIds += ids;
        }

        _documents++;
        _inDocument = false;
    }
}
