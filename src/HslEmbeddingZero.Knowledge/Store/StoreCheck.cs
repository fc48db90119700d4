using Microsoft.Data.Sqlite;

namespace HslEmbeddingZero.Knowledge;

/// <summary>Checks a whole store.</summary>
internal static class StoreCheck
{
    private const string FactsOfTotals = "SELECT facts FROM totals", FactsInAll = "SELECT count(*) FROM facts";

    /// <exception cref="KnowledgeException">Something is wrong.</exception>
    /// <returns>True.</returns>
    public static bool Run(StoreConnection store)
    {
        using (SqliteCommand check = store.Prepare("PRAGMA integrity_check(1)")) // of the pages, and of the index
        {
            if (check.ExecuteScalar() is string found and not "ok") throw store.Damage($"{found}.");
        }

        return store.InSnapshot(() => CompareCounts(store));
    }

    private static bool CompareCounts(StoreConnection store)
    {
        RequireSame("the facts", FactsInAll, "their total", FactsOfTotals);
        RequireSame("the facts", FactsInAll, "the facts of all sources", "SELECT ifnull(sum(facts), 0) FROM sources");
        RequireSame("the facts", FactsInAll, "the facts with a source",
            "SELECT count(*) FROM facts JOIN sources ON sources.id = facts.source AND facts.id BETWEEN first_fact AND last_fact");
        RequireSame("the facts", FactsInAll, "the facts in the index",
            "SELECT count(*) FROM fact_index_docsize JOIN facts ON facts.id = fact_index_docsize.id");
        RequireSame("the facts", FactsInAll, $"the facts of 1 to {FactSplitter.MaxBytes} bytes",
            $"SELECT count(*) FROM facts WHERE octet_length(text) BETWEEN 1 AND {FactSplitter.MaxBytes}");
        RequireSame("the trigrams of the facts", "SELECT ifnull(sum(facts), 0) FROM trigrams", "those of the index",
            "SELECT ifnull(sum(doc), 0) FROM temp.vocabulary WHERE substr(term, 2, 1) <> ' '");
        return true;

        void RequireSame(string what, string count, string other, string otherCount)
        {
            (long found, long expected) = (store.Number(count), store.Number(otherCount));
            if (found != expected) throw store.Damage($"{what} are {found}, {other} {expected}. Import the sources into a new file.");
        }
    }
}
