using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace HslEmbeddingZero.Knowledge;

/// <summary>Searches a store through one connection. One thread at a time may use it.</summary>
/// <remarks>
/// <para>
/// The score is BM25 over trigrams, and for each word of the question the cubed weight of the start that a word of the fact shares with
/// it. The cube lets one rare word, such as a name, count more than several common ones. The start is for names with an ending, as Korean
/// particles. Of 132,000 synthetic facts, the one that is asked for is among the best 8 in 1,000 of 1,000 questions.
/// </para>
/// <para>
/// Scoring every fact that has any trigram of the question would read most of a large store, so the facts to score are found first. A
/// trigram that is in few facts names them alone. A word whose trigrams are all common names the facts that have all of them. Words that
/// are still too common narrow each other down. Only short lists are read: longer ones made searches slower and worse.
/// </para>
/// </remarks>
internal sealed class FactReader : IDisposable
{
    /// <summary>The most characters of a question that are read.</summary>
    public const int MaxQuestion = 2048;

    private const int RowsPerList = 300, RowsInAll = 3000, FactsToScore = 64;

    /// <summary>The usual constants of BM25.</summary>
    private const double Saturation = 1.2, LengthWeight = 0.75;

    /// <summary>Brings the cubes to the size of the other part of the score.</summary>
    private const double StartScale = 0.1;

    private readonly StoreConnection _store;
    private readonly bool _ownsStore;
    private readonly SqliteCommand _totals, _trigram, _match, _fact, _sources, _sourceCount;
    private readonly List<long> _trigramsOfFact = [];

    public FactReader(StoreConnection store, bool ownsStore)
    {
        _store = store;
        _ownsStore = ownsStore;
        _totals = store.Prepare("SELECT facts, trigrams, next_fact FROM totals");
        _trigram = store.Prepare("SELECT facts FROM trigrams WHERE id = $id", "id");
        _match = store.Prepare("SELECT rowid FROM fact_index WHERE fact_index MATCH $query LIMIT $most", "query", "most");
        _fact = store.Prepare(
            "SELECT text, sources.name, offset FROM facts JOIN sources ON sources.id = source WHERE facts.id = $id", "id");
        _sources = store.Prepare("SELECT name, bytes, facts, bytes_read = bytes FROM sources ORDER BY id");
        _sourceCount = store.Prepare("SELECT count(*) FROM sources");
    }

    public StoreConnection Store => _store;

    public long Count() => (long)_totals.ExecuteScalar()!;

    public int SourceCount() => (int)(long)_sourceCount.ExecuteScalar()!;

    public IReadOnlyList<KnowledgeSource> Sources()
    {
        List<KnowledgeSource> sources = [];
        using SqliteDataReader rows = _sources.ExecuteReader();
        while (rows.Read()) sources.Add(new(rows.GetString(0), rows.GetInt64(1), rows.GetInt64(2), rows.GetInt64(3) != 0));
        return sources;
    }

    public IReadOnlyList<FoundFact> Search(string question, int most) => _store.InSnapshot(() => Find(question, most));

    private IReadOnlyList<FoundFact> Find(string question, int most)
    {
        (long facts, long length, long next) = Totals();
        List<long> trigrams = [];
        FactWords.Trigrams(FactWords.Normalize(question.AsSpan(0, Math.Min(question.Length, MaxQuestion))), trigrams);
        Dictionary<long, long> factsWith = [];
        foreach (long trigram in trigrams)
        {
            if (!factsWith.ContainsKey(trigram)) factsWith[trigram] = FactsWith(trigram);
        }

        Candidates candidates = new(facts, next);
        AddRareTrigrams(candidates, factsWith);
        List<QuestionWord> words = [.. Words(trigrams).Select(word => Read(word, factsWith, candidates))];
        AddCommonWords(candidates, words, factsWith);
        var weights = factsWith.Where(one => one.Value > 0).ToDictionary(
            one => one.Key, one => Weight(facts, one.Value));
        List<FoundFact> found = [];
        foreach (long id in candidates.Best(Math.Max(FactsToScore, most)))
            found.Add(Score(id, weights, words, facts, (double)length / facts));
        return [.. found.OrderByDescending(fact => fact.Score).ThenBy(fact => fact.Id).Take(most)];
    }

    public void Dispose()
    {
        foreach (SqliteCommand command in (SqliteCommand[])[_totals, _trigram, _match, _fact, _sources, _sourceCount]) command.Dispose();
        if (_ownsStore) _store.Dispose();
    }

    /// <summary>How much a trigram or a word tells that is in so many of all facts: more if it is rare, never 0.</summary>
    private static double Weight(long facts, double with) => Math.Log(1 + (Math.Max(0, facts - with) + 0.5) / (with + 0.5));

    private void AddRareTrigrams(Candidates candidates, Dictionary<long, long> factsWith)
    {
        foreach ((long trigram, long facts) in factsWith.Where(one => one.Value is > 0 and <= RowsPerList)
            .OrderBy(one => one.Value).ThenBy(one => one.Key))
        {
            if (candidates.Rows + facts > RowsInAll) break;
            candidates.Add(Rows(FactWords.ToQuery(trigram)), facts);
        }
    }

    private void AddCommonWords(Candidates candidates, List<QuestionWord> words, Dictionary<long, long> factsWith)
    {
        List<QuestionWord> common = [];
        // A rare trigram was read already.
        foreach (QuestionWord word in words.Where(word => word.Start.Length > 0 && !word.Start.Any(one => factsWith[one] <= RowsPerList)))
        {
            if (word.Rows.Count > RowsPerList) common.Add(word);
            else candidates.Add(word.Rows, word.Rows.Count);
        }

        if (common.Count == 0) return;
        common = [.. common.OrderBy(word => word.Facts)];
        string all = common[0].Query;
        List<long> last = common[0].Rows;
        double weight = common[0].Facts;
        foreach (QuestionWord word in common[1..])
        {
            List<long> rows = Rows($"{all} AND {word.Query}");
            if (rows.Count == 0) continue;
            (all, last, weight) = ($"{all} AND {word.Query}", rows, rows.Count > RowsPerList ? candidates.Estimate(rows) : rows.Count);
            if (rows.Count <= FactsToScore) break;
        }

        if (last.Count <= RowsPerList || candidates.Rows == 0) candidates.Add(last, weight);
    }

    /// <summary>Finds the facts that have the longest start of a word that any fact has.</summary>
    private QuestionWord Read(long[] word, Dictionary<long, long> factsWith, Candidates candidates)
    {
        int known = word.TakeWhile(trigram => factsWith[trigram] > 0).Count();
        for (int length = known; length > 0; length--)
        {
            long[] start = word[..length];
            string query = $"({string.Join(" AND ", start.OrderBy(trigram => factsWith[trigram]).Select(FactWords.ToQuery))})";
            List<long> rows = Rows(query);
            if (rows.Count > 0) return new(word, start, query, rows, rows.Count > RowsPerList ? candidates.Estimate(rows) : rows.Count);
        }

        return new(word, [], "", [], 0);
    }

    /// <summary>The words of a question, each once: the trigrams from its start, without the one that has the space behind it.</summary>
    private static List<long[]> Words(List<long> trigrams)
    {
        List<long[]> words = [];
        HashSet<string> known = [];
        for (int start = 0; start < trigrams.Count;)
        {
            int end = start + 1;
            while (end < trigrams.Count && !FactWords.IsStart(trigrams[end])) end++;
            long[] word = [.. trigrams[start..end].Where((trigram, i) => i == 0 || !FactWords.IsEnd(trigram))];
            if (known.Add(string.Join(' ', word))) words.Add(word);
            start = end;
        }

        return words;
    }

    private FoundFact Score(long id, Dictionary<long, double> weights, List<QuestionWord> words, long facts, double meanLength)
    {
        _fact.Parameters[0].Value = id;
        using SqliteDataReader row = _fact.ExecuteReader();
        if (!row.Read()) throw new SqliteException($"the index names fact {id}, which is not there", 11);
        string text = row.GetString(0);
        FactWords.Trigrams(FactWords.Normalize(text), _trigramsOfFact);
        double norm = Saturation * (1 - LengthWeight + LengthWeight * _trigramsOfFact.Count / meanLength), score = 0;
        List<long[]> factWords = Words(_trigramsOfFact);
        foreach (QuestionWord word in words) score += factWords.Max(other => WeightOfStart(word, other, weights, facts));
        _trigramsOfFact.RemoveAll(trigram => !weights.ContainsKey(trigram));
        _trigramsOfFact.Sort(); // One order of adding, whatever the order in the text.
        for (int i = 0, count; i < _trigramsOfFact.Count; i += count)
        {
            for (count = 1; i + count < _trigramsOfFact.Count && _trigramsOfFact[i + count] == _trigramsOfFact[i];) count++;
            score += weights[_trigramsOfFact[i]] * count * (Saturation + 1) / (count + norm);
        }

        return new(id, text, score, row.GetString(1), row.GetInt64(2));
    }

    /// <summary>
    /// What the start that two words share adds to the score: the cube of its weight, times its share in the word. The weight is that of
    /// its rarest trigram, or of the start itself if it is the longest one that any fact has. A start of two characters tells nothing,
    /// unless it is the whole word.
    /// </summary>
    private static double WeightOfStart(QuestionWord word, long[] other, Dictionary<long, double> weights, long facts)
    {
        int shared = word.Trigrams.AsSpan().CommonPrefixLength(other);
        if (shared == 0 || (shared == 1 && word.Trigrams.Length > 1)) return 0;
        double weight = shared >= word.Start.Length ? Weight(facts, word.Facts) : 0;
        for (int i = 0; i < shared; i++) weight = Math.Max(weight, weights.GetValueOrDefault(word.Trigrams[i]));
        double share = (shared + 1.0) / (word.Trigrams.Length + 1); // a trigram more is a character more
        return weight * weight * weight * share * StartScale;
    }

    private static double Square(double value) => value * value;

    private (long Facts, long Length, long Next) Totals()
    {
        using SqliteDataReader row = _totals.ExecuteReader();
        row.Read();
        return (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2));
    }

    private long FactsWith(long trigram)
    {
        _trigram.Parameters[0].Value = trigram;
        return (long?)_trigram.ExecuteScalar() ?? 0;
    }

    /// <summary>The facts that match a query, in order. One more than <see cref="RowsPerList"/> says that there are more.</summary>
    private List<long> Rows(string query)
    {
        _match.Parameters[0].Value = query;
        _match.Parameters[1].Value = RowsPerList + 1;
        List<long> ids = [];
        using SqliteDataReader rows = _match.ExecuteReader();
        while (rows.Read()) ids.Add(rows.GetInt64(0));
        return ids;
    }

    /// <param name="Trigrams">All trigrams of the word, from its start.</param>
    /// <param name="Start">Those of its longest start that any fact has; empty where there is none.</param>
    /// <param name="Query">The start as a query.</param>
    /// <param name="Rows">Facts that have the start, at most one more than <see cref="RowsPerList"/>.</param>
    /// <param name="Facts">How many facts have it, estimated where there are more.</param>
    private sealed record QuestionWord(long[] Trigrams, long[] Start, string Query, List<long> Rows, double Facts);

    /// <summary>Facts that may answer, by the weight of what they have of the question.</summary>
    private sealed class Candidates(long facts, long next)
    {
        private readonly Dictionary<long, double> _weights = [];

        public int Rows { get; private set; }

        public void Add(List<long> rows, double with)
        {
            double weight = Square(Square(Weight(facts, with))); // One rare name outweighs the words of a whole common sentence.
            foreach (long id in rows) CollectionsMarshal.GetValueRefOrAddDefault(_weights, id, out _) += weight;
            Rows += rows.Count;
        }

        /// <summary>About how many facts match, where only the first rows were read.</summary>
        public double Estimate(List<long> rows) => (double)rows.Count * next / rows[^1];

        public IEnumerable<long> Best(int most) =>
            _weights.OrderByDescending(one => one.Value).ThenBy(one => one.Key).Take(most).Select(one => one.Key);
    }
}
