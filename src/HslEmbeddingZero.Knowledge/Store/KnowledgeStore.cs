using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace HslEmbeddingZero.Knowledge;

/// <summary>
/// Facts in an SQLite file: text goes in as sentences, a question finds the best of them. English, Korean and other languages with spaces
/// between words are searched the same way, by trigrams.
/// </summary>
/// <remarks>
/// <para>
/// A question finds facts by the trigrams of its words, so a word matches other words that begin like it (Korean particles, plurals) or
/// share three characters with it. A word of two characters matches only where a word begins with them, a word of one only as a whole
/// word. Upper and lower case are the same. Everything that is no letter or digit is a space.
/// </para>
/// <para>
/// Several threads may use a store. Each search has a connection of its own, and one change is made at a time. Other processes may read
/// while one writes. A store in memory does one thing at a time.
/// </para>
/// </remarks>
public sealed class KnowledgeStore : IDisposable
{
    private readonly string? _path;
    private readonly StoreConnection? _connection; // of the writer; null where the store is read only
    private readonly FactWriter? _writer;
    private readonly FactReader? _onlyReader; // in memory, where there is one connection
    private readonly ConcurrentBag<FactReader> _readers = [];
    private readonly Lock _lock = new();
    private bool _isDisposed;

    private KnowledgeStore(string? path, StoreConnection? connection)
    {
        _path = path;
        _connection = connection;
        if (connection is null) return;
        _writer = new(connection);
        if (path is null) _onlyReader = new(connection, ownsStore: false);
    }

    /// <summary>Number of facts.</summary>
    /// <exception cref="KnowledgeException">The file cannot be read.</exception>
    public long Count => Read(reader => reader.Count());

    /// <summary>Number of sources.</summary>
    /// <exception cref="KnowledgeException">The file cannot be read.</exception>
    public int SourceCount => Read(reader => reader.SourceCount());

    /// <summary>Opens a store for searching. The file and its folder may be write-protected.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="KnowledgeException">The file is missing, damaged, of another program, or of another version.</exception>
    public static KnowledgeStore OpenRead(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        KnowledgeStore store = new(path, null);
        store._readers.Add(new(StoreConnection.OpenRead(path), ownsStore: true));
        return store;
    }

    /// <summary>Opens a store for searching and adding. A file that is missing is created, with its folder.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="KnowledgeException">The file is damaged, of another program, of another version, or cannot be written.</exception>
    public static KnowledgeStore OpenOrCreate(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new(path, StoreConnection.OpenOrCreate(path));
    }

    /// <summary>Creates a store in memory.</summary>
    public static KnowledgeStore InMemory() => new(null, StoreConnection.InMemory());

    /// <summary>The sources, in the order in which they came.</summary>
    /// <exception cref="KnowledgeException">The file cannot be read.</exception>
    public IReadOnlyList<KnowledgeSource> Sources() => Read(reader => reader.Sources());

    /// <summary>Finds the facts that answer a question best.</summary>
    /// <param name="question">Any text. It is no query language. Its first 2,048 characters count.</param>
    /// <param name="most">The most facts to return, 1 to 1,000.</param>
    /// <returns>The best facts first; of equal scores the earlier fact first. Empty where no fact shares a trigram.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="most"/> is out of range.</exception>
    /// <exception cref="KnowledgeException">The file cannot be read.</exception>
    public IReadOnlyList<FoundFact> Search(string question, int most = 8)
    {
        ArgumentNullException.ThrowIfNull(question);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(most, 1000);
        return Read(reader => reader.Search(question, most));
    }

    /// <summary>Adds a text, or replaces the earlier text of the same name.</summary>
    /// <param name="source">Name of the text.</param>
    /// <param name="text">The text.</param>
    /// <returns>What was done: a text that is there already changes nothing.</returns>
    /// <exception cref="InvalidOperationException">The store was opened for reading.</exception>
    /// <exception cref="KnowledgeException">The file cannot be written.</exception>
    public ImportResult Add(string source, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Add(source, Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Adds a text, or replaces the earlier text of the same name.</summary>
    /// <param name="source">Name of the text.</param>
    /// <param name="utf8">The text in UTF-8.</param>
    /// <returns>What was done: a text that is there already changes nothing.</returns>
    /// <exception cref="InvalidOperationException">The store was opened for reading.</exception>
    /// <exception cref="KnowledgeException">The text is not UTF-8, or the file cannot be written.</exception>
    public ImportResult Add(string source, ReadOnlySpan<byte> utf8)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        byte[] text = utf8.ToArray();
        IReadOnlyList<FactPlace> places = FactSplitter.Split(utf8);
        byte[] sha256 = SHA256.HashData(utf8);
        return Write(writer =>
        {
            writer.Begin();
            StoredSource? before = writer.Find(source);
            if (before is { IsComplete: true } && before.Sha256.AsSpan().SequenceEqual(sha256)) return new ImportResult { Unchanged = 1 };
            if (before is not null) writer.Remove(before);
            StoredSource added = writer.Add(source, sha256, text.Length);
            long facts = 0;
            foreach ((long offset, int length) in places)
            {
                if (writer.Add(added, offset, text.AsSpan((int)offset, length))) facts++;
            }

            writer.Advance(source, added, text.Length, facts);
            writer.Commit();
            return new ImportResult { Added = before is null ? 1 : 0, Replaced = before is null ? 0 : 1, Facts = facts };
        });
    }

    /// <summary>Adds text files, each as a source that has its path as the name.</summary>
    /// <param name="paths">The files, with UTF-8 text. Large ones are read in parts.</param>
    /// <param name="progress">Receives a report at each file and about every 1,000 facts; null for no reports.</param>
    /// <param name="cancellationToken">Stops the import. The facts up to there are kept.</param>
    /// <returns>What was done. A file that cannot be read, or that is not UTF-8, is skipped and listed.</returns>
    /// <remarks>
    /// An import that was stopped or killed goes on where it was, if it is started again with the same files. A file that is in the store
    /// already is left alone. The facts of a changed file replace the earlier ones.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The store was opened for reading.</exception>
    /// <exception cref="KnowledgeException">
    /// The store cannot be written, another program imports the same file, or a file has changed while it was read.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ImportResult AddFiles(
        IReadOnlyList<string> paths, IProgress<ImportProgress>? progress = null, CancellationToken cancellationToken = default) =>
        AddFiles(paths, FileImport.FactsPerBatch, progress, cancellationToken);

    /// <summary>As the public method, but with another number of facts in a transaction.</summary>
    internal ImportResult AddFiles(
        IReadOnlyList<string> paths, int factsPerBatch, IProgress<ImportProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        foreach (string path in paths) ArgumentException.ThrowIfNullOrEmpty(path, nameof(paths));
        return Write(writer => new FileImport(writer, factsPerBatch, progress, cancellationToken).Run(paths));
    }

    /// <summary>Removes a source with its facts.</summary>
    /// <param name="source">Name of the source.</param>
    /// <returns>False where there is no source of this name.</returns>
    /// <exception cref="InvalidOperationException">The store was opened for reading.</exception>
    /// <exception cref="KnowledgeException">The file cannot be written.</exception>
    public bool Remove(string source)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        return Write(writer =>
        {
            writer.Begin();
            if (writer.Find(source) is not { } found) return false;
            writer.Remove(found);
            writer.Commit();
            return true;
        });
    }

    /// <summary>Checks the whole file: its pages, its index, and that facts, sources, index and counts agree.</summary>
    /// <exception cref="KnowledgeException">The file is damaged. The message says what is wrong.</exception>
    public void Verify()
    {
        if (_path is null)
        {
            Read(reader => StoreCheck.Run(reader.Store));
            return;
        }

        // The check of the index does not notice what other connections have written, as a search does. A new connection knows nothing old.
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        using var connection = StoreConnection.OpenRead(_path);
        connection.Guard(() => StoreCheck.Run(connection));
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            while (_readers.TryTake(out FactReader? reader)) reader.Dispose();
            _onlyReader?.Dispose();
            _writer?.Dispose();
            _connection?.Dispose();
        }
    }

    private T Read<T>(Func<FactReader, T> read)
    {
        if (_onlyReader is not null)
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                return _onlyReader.Store.Guard(() => read(_onlyReader));
            }
        }

        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!_readers.TryTake(out FactReader? reader)) reader = new(StoreConnection.OpenRead(_path!), ownsStore: true);
        try
        {
            return reader.Store.Guard(() => read(reader));
        }
        finally
        {
            if (_isDisposed) reader.Dispose();
            else _readers.Add(reader);
        }
    }

    private T Write<T>(Func<FactWriter, T> write)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_writer is null) throw new InvalidOperationException($"{_path}: the store was opened for reading; OpenOrCreate can add.");
            try
            {
                return _connection!.Guard(() => write(_writer));
            }
            finally
            {
                _writer.Rollback();
            }
        }
    }
}
