using System.Globalization;
using Microsoft.Data.Sqlite;

namespace HslEmbeddingZero.Knowledge;

/// <summary>A connection to a store: creates and checks the schema, and tells errors of SQLite by the name of the file.</summary>
internal sealed class StoreConnection : IDisposable
{
    /// <summary>"HslK": says that an SQLite file is a store.</summary>
    public const int ApplicationId = 0x48736C4B;

    /// <summary>Version of the tables below.</summary>
    public const int SchemaVersion = 1;

    /// <summary>
    /// The index has no copy of the text and no positions. The table of trigrams says in how many facts each is, so that a search can
    /// begin with the rare ones. One row of totals serves the score.
    /// </summary>
    private const string Schema = """
        CREATE TABLE sources(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, sha256 BLOB NOT NULL, bytes INTEGER NOT NULL,
            bytes_read INTEGER NOT NULL, facts INTEGER NOT NULL, first_fact INTEGER NOT NULL, last_fact INTEGER NOT NULL);
        CREATE TABLE facts(id INTEGER PRIMARY KEY, source INTEGER NOT NULL, offset INTEGER NOT NULL, text TEXT NOT NULL);
        CREATE VIRTUAL TABLE fact_index USING fts5(words, content='', contentless_delete=1, detail=none,
            tokenize='trigram case_sensitive 1');
        CREATE TABLE trigrams(id INTEGER PRIMARY KEY, facts INTEGER NOT NULL);
        CREATE TABLE totals(facts INTEGER NOT NULL, trigrams INTEGER NOT NULL, next_fact INTEGER NOT NULL);
        INSERT INTO totals VALUES(0, 0, 1);
        """;

    private const int Damaged = 11, NoDatabase = 26, Busy = 5, Locked = 6, CannotOpen = 14, ReadOnly = 8;

    private static readonly byte[] Magic = [.. "SQLite format 3\0"u8];

    private readonly string _name;
    private readonly SqliteConnection _connection;

    private StoreConnection(string name, SqliteConnection connection)
    {
        (_name, _connection) = (name, connection);
    }

    public static StoreConnection InMemory()
    {
        StoreConnection opened = new("the store in memory", new(new SqliteConnectionStringBuilder
        {
            DataSource = ":memory:", Pooling = false,
        }.ConnectionString));
        opened._connection.Open();
        opened.Guard(opened.CreateSchema);
        return opened;
    }

    /// <summary>Opens a file. A new or empty one becomes a store.</summary>
    public static StoreConnection OpenOrCreate(string path)
    {
        bool isNew = !File.Exists(path) || new FileInfo(path).Length == 0;
        if (!isNew) RequireSqlite(path);
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
        return Open(path, path, SqliteOpenMode.ReadWriteCreate, connection =>
        {
            if (isNew && connection.Number("SELECT count(*) FROM sqlite_schema") == 0) connection.CreateSchema();
            connection.RequireStore();
            // Readers see the last commit while a writer works. A process that is killed loses its open transaction only.
            connection.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768");
        });
    }

    /// <summary>Opens a file for reading.</summary>
    public static StoreConnection OpenRead(string path)
    {
        if (!File.Exists(path)) throw new KnowledgeException($"{path}: there is no such file.");
        RequireSqlite(path);
        try
        {
            return Open(path, path, SqliteOpenMode.ReadOnly, connection => connection.RequireStore());
        }
        catch (KnowledgeException fault) when (IsWithoutLocks(fault, path))
        {
            // The folder cannot be written, and reading a file with a write-ahead log makes two more files. This file has no such log, and
            // nobody can change it here.
            string uri = "file:" + Uri.EscapeDataString(Path.GetFullPath(path)).Replace("%2F", "/", StringComparison.Ordinal) + "?immutable=1";
            return Open(path, uri, SqliteOpenMode.ReadOnly, connection => connection.RequireStore());
        }
    }

    /// <summary>Prepares a command whose parameters are the names after $ in its text.</summary>
    public SqliteCommand Prepare(string text, params ReadOnlySpan<string> parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
        command.CommandText = text;
        foreach (string parameter in parameters) command.Parameters.Add(new SqliteParameter { ParameterName = "$" + parameter });
        return command;
    }

    public void Execute(string text)
    {
        using SqliteCommand command = Prepare(text);
        command.ExecuteNonQuery();
    }

    public long Number(string text)
    {
        using SqliteCommand command = Prepare(text);
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    public SqliteTransaction BeginReading() => _connection.BeginTransaction(deferred: true);

    public SqliteTransaction BeginWriting() => _connection.BeginTransaction(deferred: false);

    /// <summary>Runs an action; an error of SQLite becomes one that names the file.</summary>
    /// <exception cref="KnowledgeException">SQLite reports an error.</exception>
    public T Guard<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (SqliteException error)
        {
            throw Describe(_name, error);
        }
    }

    public void Guard(Action action) => Guard(() =>
    {
        action();
        return 0;
    });

    public void Dispose() => _connection.Dispose();

    private static StoreConnection Open(string path, string source, SqliteOpenMode mode, Action<StoreConnection> prepare)
    {
        StoreConnection opened = new(path, new(new SqliteConnectionStringBuilder
        {
            DataSource = source, Mode = mode, Pooling = false,
        }.ConnectionString));
        try
        {
            opened.Guard(() =>
            {
                opened._connection.Open();
                prepare(opened);
            });
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    private static void RequireSqlite(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] start = new byte[Magic.Length];
            if (file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length || !start.AsSpan().SequenceEqual(Magic))
                throw new KnowledgeException($"{path}: {file.Length} bytes that are no SQLite file, so this is no knowledge store.");
        }
        catch (Exception error) when (error is UnauthorizedAccessException or (IOException and not KnowledgeException))
        {
            throw new KnowledgeException($"{path}: cannot be read. {error.Message}", error);
        }
    }

    private static bool IsWithoutLocks(KnowledgeException fault, string path) =>
        fault.InnerException is SqliteException { SqliteErrorCode: CannotOpen or ReadOnly }
        && (!File.Exists(path + "-wal") || new FileInfo(path + "-wal").Length == 0);

    private static KnowledgeException Describe(string name, SqliteException error) => new(error.SqliteErrorCode switch
    {
        Damaged or NoDatabase => $"{name}: the file is damaged. Import its sources into a new one.",
        Busy or Locked => $"{name}: another program writes to the store.",
        _ => $"{name}: {error.Message.TrimEnd('.')}.",
    }, error);

    private void CreateSchema()
    {
        using SqliteTransaction transaction = BeginWriting();
        Execute(Schema + string.Create(
            CultureInfo.InvariantCulture, $"PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {SchemaVersion};"));
        transaction.Commit();
    }

    private void RequireStore()
    {
        if (Number("PRAGMA application_id") != ApplicationId)
            throw new KnowledgeException($"{_name}: an SQLite file of another program, not a knowledge store.");
        if (Number("PRAGMA user_version") is var version && version != SchemaVersion)
            throw new KnowledgeException($"{_name}: version {version} of the store; this program reads version {SchemaVersion}.");
        long bytes = Number("PRAGMA page_count") * Number("PRAGMA page_size"), found = new FileInfo(_name).Length;
        bool hasLog = File.Exists(_name + "-wal") && new FileInfo(_name + "-wal").Length > 0; // Its pages may not be in the file yet.
        if (found < bytes && !hasLog) throw new KnowledgeException($"{_name}: {found} bytes of {bytes}; the file is cut off.");
    }
}
