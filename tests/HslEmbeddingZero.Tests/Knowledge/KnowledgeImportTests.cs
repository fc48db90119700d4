using System.Text;
using HslEmbeddingZero.Knowledge;

namespace HslEmbeddingZero.Tests.Knowledge;

public sealed class KnowledgeImportTests : IDisposable
{
    private const int Batch = 2 * FileImport.FactsPerReport, ManyFacts = 2 * Batch + 1500;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_facts_of_a_file_are_those_of_its_text()
    {
        // Many times the buffer, with characters of one to four bytes at its borders.
        StringBuilder text = new("\uFEFF");
        for (int i = 0; text.Length < 300_000; i++)
            text.Append($"미나{i}는 🦊 {KnowledgeStoreTests.Sentence(i)} ").Append(' ', i % 700).Append(i % 3 == 0 ? "\n" : "")
                .Append('é', i % 200);
        using KnowledgeStore memory = KnowledgeStore.InMemory(), file = Create("store.db");
        string path = _folder.Write("text.txt", text.ToString());
        memory.Add(path, text.ToString());
        ImportResult result = file.AddFiles([path]);
        Assert.Equal((1, memory.Count), (result.Added, result.Facts));
        Assert.Equal(memory.Sources(), file.Sources());
        for (int i = 0; i < 50; i++) Assert.Equal(memory.Search($"미나{i * 20}가 뭐 해?"), file.Search($"미나{i * 20}가 뭐 해?"));
        file.Verify();
    }

    [Fact]
    public void Files_that_cannot_be_imported_are_skipped_and_listed()
    {
        byte[] late = new byte[600_001];
        late.AsSpan().Fill((byte)'a');
        late[600_000] = 0xEA; // the first byte of a longer character, at the end of the file
        string good = _folder.Write("good.txt", "A good file."), bad = _folder.Write("bad.bin", [.. "abc"u8, 0xC3, 0x28]);
        string cut = _folder.Write("cut.txt", late), gone = _folder.PathOf("gone.txt"), folder = _folder.Make("folder");
        using var store = KnowledgeStore.InMemory();
        ImportResult result = store.AddFiles([bad, cut, good, gone, folder]);
        Assert.Equal((1, 1), (result.Added, result.Facts));
        Assert.Equal(
            [
                $"{bad}: not UTF-8 text: byte 0xC3 at offset 3 begins no character.",
                $"{cut}: not UTF-8 text: byte 0xEA at offset 600000 begins no character.",
                $"{gone}: there is no such file.",
                $"{folder}: this is a folder; name a file.",
            ],
            result.Skipped.Select(skipped => skipped.Reason));
        Assert.Equal([bad, cut, gone, folder], result.Skipped.Select(skipped => skipped.Name));
        Assert.Equal("good.txt", Path.GetFileName(Assert.Single(store.Sources()).Name));
    }

    [Fact]
    public void A_file_that_is_there_is_left_alone_and_a_changed_one_is_replaced()
    {
        string a = _folder.Write("a.txt", "First text."), b = _folder.Write("b.txt", "Second text."), empty = _folder.Write("c.txt", "");
        using KnowledgeStore store = Create("store.db");
        Assert.Equal(3, store.AddFiles([a, b, empty]).Added);
        Assert.Equal(3, store.AddFiles([a, b, empty]).Unchanged);
        _folder.Write("a.txt", "Third text. And more.");
        ImportResult result = store.AddFiles([a, b, a]);
        Assert.Equal((0, 1, 2, 2), (result.Added, result.Replaced, result.Unchanged, result.Facts));
        Assert.Equal(["Third text.", "Second text."], store.Search("text").Select(fact => fact.Text));
        store.Verify();
    }

    [Fact]
    public void A_stopped_import_keeps_what_it_has_and_goes_on_there()
    {
        string[] files = [Many("a.txt", 0), Many("b.txt", ManyFacts)];
        using KnowledgeStore whole = Create("whole.db"), parts = Create("parts.db");
        whole.AddFiles(files);
        int stops = 0;
        for (long stopAt = 1500; ; stopAt += 3000, stops++)
        {
            using CancellationTokenSource stop = new();
            long before = parts.Count;
            Reports progress = new(report =>
            {
                if (before + report.Facts >= stopAt) stop.Cancel();
            });
            try
            {
                parts.AddFiles(files, Batch, progress, stop.Token);
                break;
            }
            catch (OperationCanceledException)
            {
                Assert.InRange(parts.Count, stopAt, stopAt + 2000);
                parts.Verify();
            }
        }

        Assert.Equal(3, stops);
        RequireSame(whole, parts);
    }

    /// <summary>The files of a store as a kill leaves them, at any report of progress.</summary>
    [Fact]
    public void A_killed_import_keeps_whole_batches_and_goes_on_there()
    {
        string[] files = [Many("a.txt", 0)];
        string path = _folder.PathOf("whole.db");
        int kills = 0;
        using var whole = KnowledgeStore.OpenOrCreate(path);
        whole.AddFiles(files, Batch, new Reports(report =>
        {
            if (report.Facts % Batch != FileImport.FactsPerReport) return; // in the middle of a batch
            foreach (string end in (string[])["", "-wal"]) File.Copy(path + end, _folder.PathOf($"killed{kills}.db{end}"));
            kills++;
        }));
        Assert.Equal(3, kills);
        for (int i = 0; i < kills; i++)
        {
            using KnowledgeStore killed = Create($"killed{i}.db");
            long kept = i * Batch;
            Assert.Equal(kept, killed.Count);
            Assert.All(killed.Sources(), source => Assert.False(source.IsComplete));
            Assert.Equal(ManyFacts - kept, killed.AddFiles(files).Facts);
            RequireSame(whole, killed);
        }
    }

    [Fact]
    public void A_file_that_changed_after_it_was_cut_short_is_read_from_its_start()
    {
        string file = Many("a.txt", 0);
        using KnowledgeStore store = Create("store.db");
        using CancellationTokenSource stop = new();
        Assert.ThrowsAny<OperationCanceledException>(() => store.AddFiles([file], Batch, new Reports(report =>
        {
            if (report.Facts > 0) stop.Cancel();
        }), stop.Token));
        Assert.True(store.Count > 0);
        _folder.Write("a.txt", "Now it is short.");
        Assert.Equal(1, store.AddFiles([file]).Replaced);
        Assert.Equal("Now it is short.", Assert.Single(store.Search("short fact now")).Text);
        Assert.Equal(1, store.Count);
        store.Verify();
    }

    [Fact]
    public void A_file_that_changes_while_it_is_read_is_refused_and_its_batch_is_undone()
    {
        string file = Many("a.txt", 0);
        using KnowledgeStore store = Create("store.db");
        KnowledgeException fault = Assert.Throws<KnowledgeException>(() => store.AddFiles([file], Batch, new Reports(report =>
        {
            if (report.Facts == 1024) File.AppendAllText(file, "And more.");
        })));
        Assert.Equal($"{file}: the file has changed while it was read. Import it again.", fault.Message);
        Assert.Equal(2 * Batch, store.Count);
        store.Verify();
        Assert.Equal(ManyFacts + 1, store.AddFiles([file]).Facts);
    }

    [Fact]
    public void A_second_import_of_the_same_file_at_the_same_time_is_refused()
    {
        using StoreConnection one = StoreConnection.OpenOrCreate(_folder.PathOf("store.db")),
            other = StoreConnection.OpenOrCreate(_folder.PathOf("store.db"));
        using FactWriter first = new(one), second = new(other);
        first.Begin();
        StoredSource source = first.Add("a.txt", new byte[32], 100);
        first.Commit();
        second.Begin();
        second.Advance("a.txt", second.Find("a.txt")!, 50, 0);
        second.Commit();
        first.Begin();
        KnowledgeException fault = Assert.Throws<KnowledgeException>(() => first.Advance("a.txt", source, 60, 0));
        Assert.Equal("a.txt: another program imports this source into the same store.", fault.Message);
    }

    [Fact]
    public void Progress_grows_to_the_bytes_of_all_files()
    {
        string[] files = [Many("a.txt", 0), _folder.Write("b.txt", "One."), _folder.Write("bad.bin", [0xFF])];
        List<ImportProgress> reports = [];
        using var store = KnowledgeStore.InMemory();
        store.AddFiles(files, new Reports(reports.Add));
        long bytes = files.Sum(file => new FileInfo(file).Length);
        Assert.All(reports, report => Assert.Equal(bytes, report.BytesTotal));
        Assert.Equal(reports.OrderBy(report => report.BytesDone), reports);
        Assert.Equal((0, bytes, ManyFacts + 1), (reports[0].BytesDone, reports[^1].BytesDone, reports[^1].Facts));
    }

    private static void RequireSame(KnowledgeStore expected, KnowledgeStore found)
    {
        Assert.Equal(expected.Count, found.Count);
        Assert.Equal(expected.Sources(), found.Sources());
        foreach (int i in (int[])[0, 1499, Batch - 1, Batch, 2 * Batch, ManyFacts - 1])
            Assert.Equal(expected.Search($"fact n{i}"), found.Search($"fact n{i}"));
        found.Verify();
    }

    private KnowledgeStore Create(string name) => KnowledgeStore.OpenOrCreate(_folder.PathOf(name));

    private string Many(string name, int first) =>
        _folder.Write(name, string.Concat(Enumerable.Range(first, ManyFacts).Select(i => $"n{i} is a fact.\n")));

    private sealed class Reports(Action<ImportProgress> report) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => report(value);
    }
}
