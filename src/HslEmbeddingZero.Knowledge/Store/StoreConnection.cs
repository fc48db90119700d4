using System.Buffers.Binary;
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

    /// <summary>What the index holds, for the check of the whole file. It is a table of the connection, not of the file.</summary>
    private const string Vocabulary = "CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, fact_index, 'row')";

    private const int HeaderBytes = 100, Damaged = 11, NoDatabase = 26, Busy = 5, Locked = 6, CannotOpen = 14, ReadOnly = 8;

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
            DataSource = ":memory:",
            Pooling = false,
        }.ConnectionString));
        opened._connection.Open();
        opened.Guard(() =>
        {
            opened.CreateSchema();
            opened.Execute(Vocabulary);
        });
        return opened;
    }

    /// <summary>Opens a file. A new or empty one becomes a store.</summary>
    public static StoreConnection OpenOrCreate(string path)
    {
        if (FilePath.Misfit(path) is { } misfit) throw new KnowledgeException($"{path}: {misfit}.");
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

    /// <summary>
    /// Opens a file for reading. It is opened for writing, where that is allowed, so that the last connection can clear away the log and
    /// its index; but no statement may write.
    /// </summary>
    public static StoreConnection OpenRead(string path)
    {
        if (FilePath.Misfit(path) is { } misfit) throw new KnowledgeException($"{path}: {misfit}.");
        if (!File.Exists(path)) throw new KnowledgeException($"{path}: there is no such file.");
        RequireSqlite(path);
        try
        {
            return Open(path, path, SqliteOpenMode.ReadWrite, RequireReadable);
        }
        catch (KnowledgeException fault) when (IsWithoutLocks(fault, path))
        {
            // The folder cannot be written, and a reader of a file with a write-ahead log makes two more files. This one has no log, and
            // nobody can change it here.
            string address = Uri.EscapeDataString(Path.GetFullPath(path)).Replace("%2F", "/", StringComparison.Ordinal);
            return Open(path, $"file:{address}?immutable=1", SqliteOpenMode.ReadOnly, RequireReadable);
        }

        static void RequireReadable(StoreConnection connection)
        {
            connection.RequireStore();
            connection.Execute(Vocabulary);
            connection.Execute("PRAGMA query_only = 1; PRAGMA cache_size = -16384");
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

    /// <summary>Ends an open transaction without its changes. An error of SQLite may have ended it already.</summary>
    public void Rollback()
    {
        if (SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0) Execute("ROLLBACK");
    }

    /// <summary>Reads in one view of the store, whatever other connections write meanwhile.</summary>
    public T InSnapshot<T>(Func<T> read)
    {
        Execute("BEGIN");
        try
        {
            return read();
        }
        finally
        {
            Rollback();
        }
    }

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

    /// <summary>An error that says what is damaged.</summary>
    public KnowledgeException Damage(string what) => new($"{_name}: the file is damaged: {what}");

    public void Dispose() => _connection.Dispose();

    private static StoreConnection Open(string path, string source, SqliteOpenMode mode, Action<StoreConnection> prepare)
    {
        StoreConnection opened = new(path, new(new SqliteConnectionStringBuilder
        {
            DataSource = source,
            Mode = mode,
            Pooling = false,
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
            byte[] start = new byte[HeaderBytes];
            if (file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length || !start.AsSpan().StartsWith(Magic))
                throw new KnowledgeException($"{path}: {file.Length} bytes that are no SQLite file, so this is no knowledge store.");
            RequireWhole(path, file.Length, start);
        }
        catch (Exception error) when (error is UnauthorizedAccessException or (IOException and not KnowledgeException))
        {
            throw new KnowledgeException($"{path}: cannot be read. {error.Message}", error);
        }
    }

    /// <summary>Compares the size with that in the header. A file with a log is left to SQLite: its last pages may be in the log.</summary>
    private static void RequireWhole(string path, long found, ReadOnlySpan<byte> header)
    {
        if (HasLog(path)) return;
        int pageSize = BinaryPrimitives.ReadUInt16BigEndian(header[16..]) is var stored && stored == 1 ? 65536 : stored;
        long bytes = pageSize * (long)BinaryPrimitives.ReadUInt32BigEndian(header[28..]);
        if (found < bytes) throw new KnowledgeException($"{path}: {found} bytes of {bytes}; the file is cut off.");
    }

    private static bool HasLog(string path) => new FileInfo(path + "-wal") is { Exists: true, Length: > 0 };

    private static bool IsWithoutLocks(KnowledgeException fault, string path) =>
        fault.InnerException is SqliteException { SqliteErrorCode: CannotOpen or ReadOnly } && !HasLog(path);

    private static KnowledgeException Describe(string name, SqliteException error) => new(error.SqliteErrorCode switch
    {
        Damaged or NoDatabase => $"{name}: the file is damaged. Import the sources into a new one.",
        Busy or Locked => $"{name}: another program writes to the store.",
        CannotOpen or ReadOnly => $"{name}: SQLite cannot open the file for this, or its folder is write-protected.",
        _ => $"{name}: {error.Message.TrimEnd('.')}.",
    }, error);

    private void CreateSchema()
    {
        Execute("BEGIN IMMEDIATE");
        Execute(Schema);
        Execute(string.Create(
            CultureInfo.InvariantCulture, $"PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {SchemaVersion}; COMMIT"));
    }

    private void RequireStore()
    {
        if (Number("PRAGMA application_id") != ApplicationId)
            throw new KnowledgeException($"{_name}: an SQLite file of another program, not a knowledge store.");
        if (Number("PRAGMA user_version") is var version && version != SchemaVersion)
            throw new KnowledgeException($"{_name}: version {version} of the store; this program reads version {SchemaVersion}.");
    }
}
