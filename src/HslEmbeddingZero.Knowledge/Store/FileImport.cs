namespace HslEmbeddingZero.Knowledge;

/// <summary>Imports files in transactions of some ten thousand facts, so that an interrupted import keeps what it has done.</summary>
internal sealed class FileImport(
    FactWriter writer, int factsPerBatch, IProgress<ImportProgress>? progress, CancellationToken cancellationToken)
{
    /// <summary>Facts of a transaction: enough that its end costs little. A multiple of <see cref="FactsPerReport"/>.</summary>
    public const int FactsPerBatch = 1 << 14;

    /// <summary>Facts between two reports and two looks at the token.</summary>
    public const int FactsPerReport = 1 << 10;

    private readonly List<SkippedSource> _skipped = [];
    private int _added, _replaced, _unchanged;
    private long _facts, _inBatch, _bytesBefore, _bytesTotal;

    /// <exception cref="OperationCanceledException">The token was cancelled. Everything up to there is kept.</exception>
    public ImportResult Run(IReadOnlyList<string> paths)
    {
        long[] bytes = [.. paths.Select(path => new FileInfo(path) is { Exists: true } file ? file.Length : 0)];
        _bytesTotal = bytes.Sum();
        writer.Begin();
        for (int i = 0; i < paths.Count; i++)
        {
            StopIfCancelled();
            progress?.Report(new(paths[i], _bytesBefore, _bytesTotal, _facts));
            SourceFile file;
            try
            {
                file = SourceFile.Open(paths[i]);
            }
            catch (KnowledgeException fault)
            {
                _skipped.Add(new(paths[i], fault.Message));
                _bytesBefore += bytes[i];
                continue;
            }

            using (file) Import(paths[i], file);
            _bytesBefore += bytes[i];
        }

        writer.Commit();
        if (paths.Count > 0) progress?.Report(new(paths[^1], _bytesTotal, _bytesTotal, _facts));
        return new() { Added = _added, Replaced = _replaced, Unchanged = _unchanged, Facts = _facts, Skipped = _skipped };
    }

    private void Import(string name, SourceFile file)
    {
        StoredSource? before = writer.Find(name);
        bool isSame = before is not null && before.Sha256.AsSpan().SequenceEqual(file.Sha256);
        if (isSame && before!.IsComplete)
        {
            _unchanged++;
            return;
        }

        if (before is not null && !isSame) writer.Remove(before);
        StoredSource source = isSame ? before! : writer.Add(name, file.Sha256, file.Bytes);
        long pending = 0;
        file.Seek(source.BytesRead);
        while (file.Read())
        {
            if (!writer.Add(source, file.FactOffset, file.Fact)) continue;
            _facts++;
            pending++;
            if (++_inBatch % FactsPerReport != 0) continue;
            progress?.Report(new(name, _bytesBefore + file.Position, _bytesTotal, _facts));
            if (_inBatch < factsPerBatch && !cancellationToken.IsCancellationRequested) continue;
            source = writer.Advance(name, source, file.Position, pending);
            pending = 0;
            writer.Commit();
            cancellationToken.ThrowIfCancellationRequested();
            writer.Begin();
            _inBatch = 0;
        }

        writer.Advance(name, source, file.Bytes, pending);
        if (before is null || isSame) _added++;
        else _replaced++;
    }

    private void StopIfCancelled()
    {
        if (!cancellationToken.IsCancellationRequested) return;
        writer.Commit();
        cancellationToken.ThrowIfCancellationRequested();
    }
}
