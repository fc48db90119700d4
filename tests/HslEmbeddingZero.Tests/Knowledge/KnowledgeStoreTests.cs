using System.Text;
using HslEmbeddingZero.Knowledge;

namespace HslEmbeddingZero.Tests.Knowledge;

public sealed class KnowledgeStoreTests
{
    private const string People = """
        Mina lives in Busan and bakes bread. Joe Baker is a pilot!
        미나는 부산에 산다. 철수는 서울에서 빵을 굽는다. 김치는 맵다.
        """;

    [Theory]
    [InlineData("Where does MINA live?", "Mina lives in Busan and bakes bread.")]
    [InlineData("who is a pilot", "Joe Baker is a pilot!")]
    [InlineData("미나가 어디에 살아?", "미나는 부산에 산다.")]
    [InlineData("철수한테 무슨 일이 있었어?", "철수는 서울에서 빵을 굽는다.")]
    [InlineData("김치 좋아해?", "김치는 맵다.")]
    [InlineData("bread", "Mina lives in Busan and bakes bread.")]
    [InlineData("ake", "Joe Baker is a pilot!")] // inside of a word; the shorter fact is better
    public void A_question_finds_the_fact_about_its_words(string question, string fact)
    {
        using var store = KnowledgeStore.InMemory();
        store.Add("people", People);
        IReadOnlyList<FoundFact> found = store.Search(question);
        Assert.NotEmpty(found);
        Assert.Equal(fact, found[0].Text);
        Assert.All(found, one => Assert.True(one.Score > 0));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \t\n?!...")]
    [InlineData("zebra quartz")]
    [InlineData("수")] // a word of one character matches no longer word
    public void A_question_that_shares_no_trigram_finds_nothing(string question)
    {
        using var store = KnowledgeStore.InMemory();
        Assert.Empty(store.Search("Mina"));
        store.Add("people", People);
        Assert.Empty(store.Search(question));
    }

    [Theory]
    [InlineData("\"Mina\" OR \"")]
    [InlineData("Mina AND NOT Mina")]
    [InlineData("NEAR(Mina Busan, 2)")]
    [InlineData("words : Mina")]
    [InlineData("{words} : ^Mi* - (Mina) + \"")]
    [InlineData("'; DROP TABLE facts; -- Mina")]
    [InlineData("Mina\0Mina")]
    [InlineData("Mina\uD800 \uDC00")]
    [InlineData("$question ?1 @Mina :Mina %Mi_a")]
    public void The_words_of_a_query_language_are_plain_words(string question)
    {
        using var store = KnowledgeStore.InMemory();
        store.Add("people", People);
        Assert.Equal("Mina lives in Busan and bakes bread.", store.Search(question, 1)[0].Text);
        Assert.Equal(5, store.Count);
        store.Verify();
    }

    [Fact]
    public void A_question_of_a_megabyte_is_its_beginning()
    {
        using var store = KnowledgeStore.InMemory();
        store.Add("people", People);
        Random random = new(1);
        string noise = string.Concat(Enumerable.Range(0, 1 << 20).Select(_ => (char)random.Next(' ', 0xD7FF)));
        Assert.Equal(store.Search("Mina " + noise[..2043]), store.Search("Mina " + noise));
        Assert.Equal("Mina lives in Busan and bakes bread.", store.Search("Mina " + noise, 1)[0].Text);
    }

    [Fact]
    public void A_fact_keeps_its_bytes_its_source_and_its_offset()
    {
        using var store = KnowledgeStore.InMemory();
        const string text = "첫째 문장이다.  A \0 NUL and “quotes” 🦊.\n끝";
        store.Add("one", text);
        FoundFact found = store.Search("quotes", 1)[0];
        Assert.Equal(("A \0 NUL and “quotes” 🦊.", "one"), (found.Text, found.Source));
        Assert.Equal(Encoding.UTF8.GetByteCount("첫째 문장이다.  "), found.Offset);
        Assert.Equal([new KnowledgeSource("one", Encoding.UTF8.GetByteCount(text), 3, IsComplete: true)], store.Sources());
    }

    [Fact]
    public void Of_equal_scores_the_earlier_fact_comes_first()
    {
        using var store = KnowledgeStore.InMemory();
        for (int i = 0; i < 20; i++) store.Add($"source {i}", "The same sentence.");
        IReadOnlyList<FoundFact> found = store.Search("same sentence", 12);
        Assert.Equal(Enumerable.Range(1, 12).Select(id => (long)id), found.Select(fact => fact.Id));
        Assert.Single(found.Select(fact => fact.Score).Distinct());
    }

    /// <summary>
    /// BM25 with k1 = 1.2 and b = 0.75 over every fact, and the starts of words, written out without an index.
    /// </summary>
    [Fact]
    public void The_scores_are_BM25_of_the_trigrams_and_the_starts_of_words()
    {
        string[] facts = [.. Enumerable.Range(0, 300).Select(i => Sentence(i))];
        using var store = KnowledgeStore.InMemory();
        store.Add("all", string.Join('\n', facts));
        foreach (int i in (int[])[3, 77, 200])
        {
            string question = string.Join(' ', facts[i].TrimEnd('.').Split(' ').Reverse().Take(3));
            string[] asked = [.. Trigrams(question).Distinct()];
            string[][] told = [.. facts.Select(Trigrams)];
            double mean = told.Average(one => one.Length);
            (long Id, double Score)[] expected = [.. facts.Select((_, id) => (Id: id + 1L, Score: asked.Sum(trigram =>
            {
                double count = told[id].Count(one => one == trigram);
                return Weight([trigram]) * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * told[id].Length / mean));
            }) + Words(question).Sum(word => Words(facts[id]).Max(other => OfStart(word, other)))))
                .OrderByDescending(one => one.Score).ThenBy(one => one.Id).Take(10)];
            IReadOnlyList<FoundFact> found = store.Search(question, 10);
            Assert.Equal(expected.Select(one => one.Id), found.Select(fact => fact.Id));
            Assert.All(found.Zip(expected), pair => Assert.Equal(pair.Second.Score, pair.First.Score, 1e-9));

            double Weight(string[] all)
            {
                double with = told.Count(one => all.All(one.Contains));
                return with == 0 ? 0 : Math.Log(1 + (facts.Length - with + 0.5) / (with + 0.5));
            }

            double OfStart(string[] word, string[] other)
            {
                int shared = word.AsSpan().CommonPrefixLength(other);
                if (shared == 0 || (shared == 1 && word.Length > 1)) return 0;
                double rarest = word[..shared].Max(trigram => Weight([trigram]));
                bool isLongest = shared == word.Length || Weight(word[..(shared + 1)]) == 0;
                double weight = isLongest ? Math.Max(rarest, Weight(word[..shared])) : rarest;
                return Math.Pow(weight, 3) * (shared + 1) / (word.Length + 1) / 10;
            }
        }

        static string[][] Words(string text) =>
            [.. text.TrimEnd('.').Split(' ').Distinct().Select(Trigrams).Select(word => word.Length > 1 ? word[..^1] : word)];

        static string[] Trigrams(string text)
        {
            string words = $" {text.TrimEnd('.').ToLowerInvariant()} ";
            return [.. Enumerable.Range(0, words.Length - 2).Select(at => words[at..(at + 3)]).Where(trigram => trigram[1] != ' ')];
        }
    }

    /// <summary>Every trigram is in more facts than a search reads for one, so only words together tell the facts apart.</summary>
    [Fact]
    public void Words_that_are_common_find_the_facts_that_have_them_together()
    {
        string[] first = ["alpha", "river", "stone", "cloud", "ember"], second = ["north", "south", "eastern", "western", "middle"];
        StringBuilder text = new();
        for (int i = 0; i < 15_000; i++)
            text.Append($"The {first[i % 5]} was in the {(i % 7 == 0 ? second[i / 7 % 4] : "middle")} of it.\n");
        text.Append("The river was in the western part of the ember.\n");
        using var store = KnowledgeStore.InMemory();
        store.Add("common", text.ToString());
        Assert.Equal("The river was in the western part of the ember.", store.Search("ember, river, western?")[0].Text);
        Assert.All(store.Search("the river of the south"), fact => Assert.Equal("The river was in the south of it.", fact.Text));
        Assert.Equal(8, store.Search("the of it was").Count);
    }

    [Fact]
    public void A_text_that_is_there_is_left_alone_and_a_changed_one_is_replaced()
    {
        using var store = KnowledgeStore.InMemory();
        Assert.Equal(new ImportResult { Added = 1, Facts = 5 }, Without(store.Add("people", People)));
        Assert.Equal(new ImportResult { Unchanged = 1 }, Without(store.Add("people", People)));
        store.Add("other", "Mina has a brother.");
        Assert.Equal(new ImportResult { Replaced = 1, Facts = 1 }, Without(store.Add("people", "Mina lives in Seoul now.")));
        Assert.Equal((2, 2), (store.Count, store.SourceCount));
        Assert.Equal(["Mina lives in Seoul now.", "Mina has a brother."], store.Search("Mina lives").Select(fact => fact.Text));
        Assert.Empty(store.Search("pilot"));
        store.Verify();
        Assert.True(store.Remove("people"));
        Assert.False(store.Remove("people"));
        Assert.Equal((1, "Mina has a brother."), (store.Count, Assert.Single(store.Search("Mina lives")).Text));
        store.Verify();

        static ImportResult Without(ImportResult result) => result with { Skipped = new ImportResult().Skipped };
    }

    [Fact]
    public void A_fact_without_a_letter_or_a_digit_is_left_out()
    {
        using var store = KnowledgeStore.InMemory();
        Assert.Equal(2, store.Add("lines", "one\n---\n***\n!?\ntwo").Facts);
        Assert.Equal(2, store.Count);
    }

    [Fact]
    public void The_same_imports_give_the_same_results()
    {
        using TemporaryFolder folder = new();
        using KnowledgeStore one = Filled(folder.PathOf("one.db")), other = Filled(folder.PathOf("other.db"));
        for (int i = 0; i < 30; i++) Assert.Equal(one.Search(Sentence(i)), other.Search(Sentence(i)));

        static KnowledgeStore Filled(string path)
        {
            var store = KnowledgeStore.OpenOrCreate(path);
            for (int i = 0; i < 20; i++) store.Add($"source {i % 15}", string.Join('\n', Enumerable.Range(i, 50).Select(Sentence)));
            return store;
        }
    }

    [Fact]
    public async Task Readers_of_many_threads_and_of_another_store_run_beside_a_writer()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("store.db");
        using var store = KnowledgeStore.OpenOrCreate(path);
        store.Add("people", People);
        using var other = KnowledgeStore.OpenRead(path);
        using CancellationTokenSource stop = new();
        Task[] readers = [.. Enumerable.Range(0, 4).Select(i => Task.Run(() =>
        {
            KnowledgeStore from = i % 2 == 0 ? store : other;
            int searches = 0;
            while (!stop.IsCancellationRequested || searches == 0)
            {
                Assert.Equal("미나는 부산에 산다.", from.Search("미나가 어디에 살아?")[0].Text);
                searches++;
            }
        }))];
        for (int i = 0; i < 40; i++) store.Add($"source {i}", string.Join('\n', Enumerable.Range(i, 20).Select(Sentence)));
        await stop.CancelAsync();
        await Task.WhenAll(readers);
        Assert.Equal(805, other.Count);
        Assert.Equal(store.Search(Sentence(7)), other.Search(Sentence(7)));
        other.Verify();
    }

    [Fact]
    public void Wrong_arguments_are_refused()
    {
        using var store = KnowledgeStore.InMemory();
        Assert.Throws<ArgumentNullException>(() => store.Search(null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Search("a", 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Search("a", 1001));
        Assert.Throws<ArgumentException>(() => store.Add("", "text"));
        Assert.Throws<ArgumentException>(() => store.AddFiles([""]));
        store.Dispose();
        Assert.Throws<ObjectDisposedException>(() => store.Count);
        Assert.Throws<ObjectDisposedException>(() => store.Add("a", "b"));
    }

    /// <summary>A sentence of made-up words; the same number gives the same one.</summary>
    internal static string Sentence(int number)
    {
        Random random = new(number);
        return string.Join(' ', Enumerable.Range(0, 4 + random.Next(6)).Select(_ => string.Concat(Syllables(1 + random.Next(3))))) + ".";

        IEnumerable<string> Syllables(int count) =>
            Enumerable.Range(0, count).Select(_ => $"{"bdgklmnprst"[random.Next(11)]}{"aeiou"[random.Next(5)]}");
    }
}
