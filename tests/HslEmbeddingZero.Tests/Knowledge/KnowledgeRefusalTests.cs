using HslEmbeddingZero.Knowledge;
using Microsoft.Data.Sqlite;

namespace HslEmbeddingZero.Tests.Knowledge;

public sealed class KnowledgeRefusalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public KnowledgeRefusalTests() => _path = _folder.PathOf("store.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_missing_file_is_not_read() => Refused("there is no such file.", KnowledgeStore.OpenRead);

    [Theory]
    [InlineData("")]
    [InlineData("not a database, only some text")]
    [InlineData("SQLite format 3")]
    public void A_file_that_is_no_database_is_not_read(string content)
    {
        _folder.Write("store.db", content);
        Refused($"{content.Length} bytes that are no SQLite file, so this is no knowledge store.", KnowledgeStore.OpenRead);
        if (content.Length == 0) return; // An empty file becomes a store.
        Refused($"{content.Length} bytes that are no SQLite file, so this is no knowledge store.", KnowledgeStore.OpenOrCreate);
        Assert.Equal(content, File.ReadAllText(_path));
    }

    [Fact]
    public void A_folder_or_a_device_is_no_store()
    {
        _folder.Make("store.db");
        Refused("this is a folder; name a file.", KnowledgeStore.OpenRead);
        Refused("this is a folder; name a file.", KnowledgeStore.OpenOrCreate);
        if (OperatingSystem.IsWindows()) return;
        KnowledgeException fault = Assert.Throws<KnowledgeException>(() => KnowledgeStore.OpenRead("/dev/zero"));
        Assert.Contains("device", fault.Message, StringComparison.Ordinal);
        using var store = KnowledgeStore.InMemory();
        Assert.Contains("device", Assert.Single(store.AddFiles(["/dev/zero"]).Skipped).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_file_becomes_a_store()
    {
        _folder.Write("store.db", "");
        using (KnowledgeStore.OpenOrCreate(_path))
        {
        }

        using var read = KnowledgeStore.OpenRead(_path);
        Assert.Equal(0, read.Count);
        Assert.Empty(read.Search("anything"));
        read.Verify();
    }

    [Theory]
    [InlineData("CREATE TABLE facts(id INTEGER PRIMARY KEY, text TEXT); INSERT INTO facts VALUES(1, 'theirs')")]
    [InlineData("CREATE TABLE a(b); PRAGMA application_id = 1196444487")]
    public void A_database_of_another_program_is_refused_and_left_alone(string setup)
    {
        Change(setup);
        byte[] before = File.ReadAllBytes(_path);
        Refused("an SQLite file of another program, not a knowledge store.", KnowledgeStore.OpenRead);
        Refused("an SQLite file of another program, not a knowledge store.", KnowledgeStore.OpenOrCreate);
        Assert.Equal(before, File.ReadAllBytes(_path));
    }

    [Fact]
    public void A_store_of_a_later_version_is_refused()
    {
        Fill();
        Change("PRAGMA user_version = 2");
        Refused("version 2 of the store; this program reads version 1.", KnowledgeStore.OpenRead);
        Refused("version 2 of the store; this program reads version 1.", KnowledgeStore.OpenOrCreate);
    }

    [Fact]
    public void A_file_that_is_cut_off_is_refused()
    {
        Fill();
        long bytes = new FileInfo(_path).Length;
        using (FileStream file = File.OpenWrite(_path)) file.SetLength(bytes - 5000);
        Refused($"{bytes - 5000} bytes of {bytes}; the file is cut off.", KnowledgeStore.OpenRead);
        Refused($"{bytes - 5000} bytes of {bytes}; the file is cut off.", KnowledgeStore.OpenOrCreate);
    }

    [Theory]
    [InlineData("DELETE FROM facts WHERE id = 7", "the facts are 49, their total 50.")]
    [InlineData("UPDATE sources SET facts = 3", "the facts are 50, the facts of all sources 3.")]
    [InlineData("UPDATE facts SET source = 9 WHERE id = 7", "the facts are 50, the facts with a source 49.")]
    [InlineData("DELETE FROM fact_index WHERE rowid = 7", "the facts are 50, the facts in the index 49.")]
    [InlineData("UPDATE facts SET text = '' WHERE id = 7", "the facts are 50, the facts of 1 to 240 bytes 49.")]
    [InlineData("DELETE FROM trigrams WHERE id = (SELECT max(id) FROM trigrams)", "the trigrams of the facts are ")]
    [InlineData("DELETE FROM fact_index_data WHERE id > 100", "")]
    public void Verify_says_what_does_not_agree(string damage, string message)
    {
        Fill();
        Change(damage);
        using var store = KnowledgeStore.OpenRead(_path);
        KnowledgeException fault = Assert.Throws<KnowledgeException>(store.Verify);
        Assert.StartsWith($"{_path}: the file is damaged", fault.Message, StringComparison.Ordinal);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    /// <summary>Whatever bytes a file has, the only error is the one that names it.</summary>
    [Fact]
    public void A_damaged_file_gives_no_other_error()
    {
        Fill();
        byte[] content = File.ReadAllBytes(_path);
        string[] questions = [.. Enumerable.Range(0, 10).Select(KnowledgeStoreTests.Sentence)];
        Random random = new(5);
        int refused = 0;
        for (int i = 0; i < 60; i++)
        {
            byte[] damaged = [.. content];
            int at = random.Next(damaged.Length);
            random.NextBytes(damaged.AsSpan(at, Math.Min(damaged.Length - at, 1 + random.Next(600))));
            string name = _folder.Write($"damaged{i}.db", damaged);
            try
            {
                using (var read = KnowledgeStore.OpenRead(name))
                {
                    foreach (string question in questions) read.Search(question);
                    Assert.True(read.Sources().Count <= 50);
                }

                using var write = KnowledgeStore.OpenOrCreate(name);
                write.Add("more", string.Join('\n', questions));
                write.Remove("all");
                write.Verify();
            }
            catch (KnowledgeException fault)
            {
                Assert.StartsWith(name, fault.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.InRange(refused, 10, 60);
    }

    [Fact]
    public void A_store_that_was_opened_for_reading_is_not_written()
    {
        Fill();
        using var store = KnowledgeStore.OpenRead(_path);
        InvalidOperationException fault = Assert.Throws<InvalidOperationException>(() => store.Add("a", "b"));
        Assert.Equal($"{_path}: the store was opened for reading; OpenOrCreate can add.", fault.Message);
        Assert.Throws<InvalidOperationException>(() => store.AddFiles([]));
        Assert.Throws<InvalidOperationException>(() => store.Remove("all"));
        Assert.Equal(50, store.Count);
    }

    [Fact]
    public void Reading_leaves_the_file_as_it_was_and_nothing_beside_it()
    {
        Fill();
        byte[] before = File.ReadAllBytes(_path);
        using (var store = KnowledgeStore.OpenRead(_path))
        {
            Assert.NotEmpty(store.Search(KnowledgeStoreTests.Sentence(3)));
            store.Verify();
        }

        Assert.Equal(before, File.ReadAllBytes(_path));
        Assert.Single(Directory.GetFiles(_folder.FullName));
    }

    [SkippableFact]
    public void A_store_in_a_write_protected_folder_can_be_read()
    {
        Skip.If(OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess, "This user may write everywhere.");
        if (OperatingSystem.IsWindows()) return; // for the analyzer
        Fill();
        UnixFileMode before = File.GetUnixFileMode(_folder.FullName);
        File.SetUnixFileMode(_folder.FullName, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            using var store = KnowledgeStore.OpenRead(_path);
            Assert.NotEmpty(store.Search(KnowledgeStoreTests.Sentence(3)));
            store.Verify();
            Refused("SQLite cannot open the file for this, or its folder is write-protected.", KnowledgeStore.OpenOrCreate);
        }
        finally
        {
            File.SetUnixFileMode(_folder.FullName, before);
        }
    }

    [Fact]
    public void Names_with_the_marks_of_a_connection_string_or_an_address_are_plain_names()
    {
        string path = _folder.PathOf("a; Mode=Memory? %41#'b\" 한글/store=1;.db");
        using (var store = KnowledgeStore.OpenOrCreate(path)) store.Add("one", "One fact.");
        Assert.True(File.Exists(path));
        using var read = KnowledgeStore.OpenRead(path);
        Assert.Equal(1, read.Count);
    }

    private void Fill()
    {
        using var store = KnowledgeStore.OpenOrCreate(_path);
        store.Add("all", string.Join('\n', Enumerable.Range(0, 50).Select(KnowledgeStoreTests.Sentence)));
    }

    private void Change(string sql)
    {
        using SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = _path, Pooling = false }.ConnectionString);
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private void Refused(string reason, Func<string, KnowledgeStore> open)
    {
        KnowledgeException fault = Assert.Throws<KnowledgeException>(() => open(_path).Dispose());
        Assert.Equal($"{_path}: {reason}", fault.Message);
    }
}
