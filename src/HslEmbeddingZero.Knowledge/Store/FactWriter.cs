using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Data.Sqlite;

namespace HslEmbeddingZero.Knowledge;

/// <summary>A source in the store.</summary>
internal sealed record StoredSource(long Id, byte[] Sha256, long Bytes, long BytesRead, long FirstFact, long LastFact)
{
    public bool IsComplete => BytesRead == Bytes;
}

/// <summary>Writes facts in transactions. One thread at a time may use it.</summary>
internal sealed class FactWriter : IDisposable
{
    private readonly StoreConnection _store;
    private readonly SqliteCommand _findSource, _addSource, _setSource, _removeSource, _addFact, _addWords, _readFacts, _removeFact,
        _removeWords, _addTrigram, _readTotals, _setTotals;
    private readonly Dictionary<long, long> _trigramFacts = []; // changes of this transaction
    private readonly List<long> _trigrams = [];
    private long _facts, _length, _nextFact;

    public FactWriter(StoreConnection store)
    {
        _store = store;
        _findSource = store.Prepare("SELECT id, sha256, bytes, bytes_read, first_fact, last_fact FROM sources WHERE name = $name", "name");
        _addSource = store.Prepare("INSERT INTO sources VALUES(NULL, $name, $sha256, $bytes, 0, 0, $next, 0) RETURNING id",
            "name", "sha256", "bytes", "next");
        _setSource = store.Prepare(
            "UPDATE sources SET bytes_read = $after, facts = facts + $facts, last_fact = $last WHERE id = $id AND bytes_read = $before",
            "after", "facts", "last", "id", "before");
        _removeSource = store.Prepare("DELETE FROM sources WHERE id = $id", "id");
        _addFact = store.Prepare("INSERT INTO facts VALUES($id, $source, $offset, $text)", "id", "source", "offset", "text");
        _addWords = store.Prepare("INSERT INTO fact_index(rowid, words) VALUES($id, $words)", "id", "words");
        _readFacts = store.Prepare("SELECT id, text FROM facts WHERE id BETWEEN $first AND $last AND source = $source", "first", "last",
            "source");
        _removeFact = store.Prepare("DELETE FROM facts WHERE id = $id", "id");
        _removeWords = store.Prepare("DELETE FROM fact_index WHERE rowid = $id", "id");
        _addTrigram = store.Prepare(
            "INSERT INTO trigrams VALUES($id, $facts) ON CONFLICT(id) DO UPDATE SET facts = facts + excluded.facts", "id", "facts");
        _readTotals = store.Prepare("SELECT facts, trigrams, next_fact FROM totals");
        _setTotals = store.Prepare(
            "UPDATE totals SET facts = $facts, trigrams = $trigrams, next_fact = $next", "facts", "trigrams", "next");
    }

    /// <summary>The number of the next fact.</summary>
    public long NextFact => _nextFact;

    /// <summary>Begins a transaction. Other writers wait.</summary>
    public void Begin()
    {
        _store.Execute("BEGIN IMMEDIATE");
        using SqliteDataReader totals = Of(_readTotals).ExecuteReader();
        totals.Read();
        (_facts, _length, _nextFact) = (totals.GetInt64(0), totals.GetInt64(1), totals.GetInt64(2));
    }

    public void Commit()
    {
        foreach ((long trigram, long facts) in _trigramFacts.OrderBy(one => one.Key)) Run(_addTrigram, trigram, facts);
        _trigramFacts.Clear();
        Run(_setTotals, _facts, _length, _nextFact);
        _store.Execute("COMMIT");
    }

    /// <summary>Ends an open transaction without its changes.</summary>
    public void Rollback()
    {
        _trigramFacts.Clear();
        _store.Rollback();
    }

    public StoredSource? Find(string name)
    {
        using SqliteDataReader found = Of(_findSource, name).ExecuteReader();
        return found.Read()
            ? new(found.GetInt64(0), (byte[])found[1], found.GetInt64(2), found.GetInt64(3), found.GetInt64(4), found.GetInt64(5))
            : null;
    }

    public StoredSource Add(string name, byte[] sha256, long bytes)
    {
        long id = (long)Of(_addSource, name, sha256, bytes, _nextFact).ExecuteScalar()!;
        return new(id, sha256, bytes, 0, _nextFact, 0);
    }

    /// <summary>Removes a source with its facts.</summary>
    public void Remove(StoredSource source)
    {
        using (SqliteDataReader facts = Of(_readFacts, source.FirstFact, source.LastFact, source.Id).ExecuteReader())
        {
            while (facts.Read())
            {
                long id = facts.GetInt64(0);
                Count(FactWords.Normalize(facts.GetString(1)), -1);
                Run(_removeWords, id);
                Run(_removeFact, id);
            }
        }

        Run(_removeSource, source.Id);
    }

    /// <summary>Adds a fact. One without a letter or a digit cannot be found and is left out.</summary>
    /// <returns>Whether the fact was added.</returns>
    public bool Add(StoredSource source, long offset, ReadOnlySpan<byte> utf8)
    {
        string text = Encoding.UTF8.GetString(utf8);
        string words = FactWords.Normalize(text);
        if (words.Length == 0) return false;
        Run(_addFact, _nextFact, source.Id, offset, text);
        Run(_addWords, _nextFact, words);
        Count(words, 1);
        _nextFact++;
        return true;
    }

    /// <summary>Records how far a source is.</summary>
    /// <exception cref="KnowledgeException">Another program imports the same source.</exception>
    public StoredSource Advance(string name, StoredSource source, long bytesRead, long facts)
    {
        if (Of(_setSource, bytesRead, facts, _nextFact - 1, source.Id, source.BytesRead).ExecuteNonQuery() == 0)
            throw new KnowledgeException($"{name}: another program imports this source into the same store.");
        return source with { BytesRead = bytesRead, LastFact = _nextFact - 1 };
    }

    public void Dispose()
    {
        Rollback();
        foreach (SqliteCommand command in (SqliteCommand[])[_findSource, _addSource, _setSource, _removeSource, _addFact, _addWords,
            _readFacts, _removeFact, _removeWords, _addTrigram, _readTotals, _setTotals]) command.Dispose();
    }

    /// <summary>Adds the trigrams of a fact to the counts, or takes them away.</summary>
    private void Count(string words, int sign)
    {
        FactWords.Trigrams(words, _trigrams);
        _facts += sign;
        _length += sign * _trigrams.Count;
        _trigrams.Sort();
        for (int i = 0; i < _trigrams.Count; i++)
        {
            if (i > 0 && _trigrams[i] == _trigrams[i - 1]) continue;
            CollectionsMarshal.GetValueRefOrAddDefault(_trigramFacts, _trigrams[i], out _) += sign;
        }
    }

    private static void Run(SqliteCommand command, params ReadOnlySpan<object> values) => Of(command, values).ExecuteNonQuery();

    private static SqliteCommand Of(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (int i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i];
        return command;
    }
}
