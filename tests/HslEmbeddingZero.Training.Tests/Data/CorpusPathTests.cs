using System.Text;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Training.Tests.Data;

/// <summary>Folders and patterns as inputs of a corpus.</summary>
public sealed class CorpusPathTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_files_of_a_folder_come_in_the_order_of_their_names()
    {
        foreach (string name in (string[])["b.txt", "B.txt", "a.md", "10.txt", "9.txt", "a/z.txt", "a.txt", "deep/er/c"])
            Write("books/" + name, name);
        using var corpus = TextCorpus.Load([_folder.PathOf("books")], 0.5);
        string[] expected = ["10.txt", "9.txt", "B.txt", "a.md", "a.txt", "a/z.txt", "b.txt", "deep/er/c"];
        Assert.Equal(expected.Where((_, i) => i % 2 == 0), Documents(corpus.Train));
        Assert.Equal(expected.Where((_, i) => i % 2 == 1), Documents(corpus.HeldOut(0)));
        Assert.Equal(("books", _folder.PathOf("books"), 8), (corpus.Inputs[0].Name, corpus.Inputs[0].Path, corpus.Inputs[0].Files));
        Assert.Equal(expected.Sum(name => name.Length), corpus.Inputs[0].Bytes);
        Assert.Empty(corpus.Skipped);
    }

    [Theory]
    [InlineData("books/*.txt", new[] { "a.txt", "b.txt" })]
    [InlineData("books/**/*.txt", new[] { "a.txt", "b.txt", "deep/c.txt", "deep/er/d.txt" })]
    [InlineData("books/*/*.txt", new[] { "deep/c.txt" })]
    [InlineData("books/deep/**", new[] { "deep/c.txt", "deep/er/d.txt", "deep/er/e.md" })]
    [InlineData("books/**/*", new[] { "a.txt", "b.txt", "deep/c.txt", "deep/er/d.txt", "deep/er/e.md", "f.md" })]
    [InlineData("b*/f.md", new[] { "f.md" })]
    public void A_pattern_names_files_in_the_order_of_their_names(string pattern, string[] expected)
    {
        foreach (string name in (string[])["deep/c.txt", "b.txt", "a.txt", "deep/er/d.txt", "deep/er/e.md", "f.md"])
            Write("books/" + name, name + "\n\n" + name);
        using var corpus = TextCorpus.Load([_folder.PathOf(pattern)], 0.5);
        Assert.Equal(expected.Length, corpus.Inputs[0].Files);
        Assert.Equal(expected, Documents(corpus.Train).Select(document => document.TrimEnd('\n')));
        Assert.Equal(_folder.PathOf(pattern), corpus.Inputs[0].Path);
    }

    [Fact]
    public void Hidden_files_and_indices_are_not_read()
    {
        WriteHidden("books/.hidden", "books/.git/objects");
        Write("books/c.txt.hslindex.0123456789abcdef.tmp", "what a load that was killed left\n\nof an index");
        Write("books/a.txt", LargeText.Of(40));
        Write("books/b.txt", LargeText.Of(40, "book"));
        for (int i = 0; i < 2; i++) // the second pass finds the indices of the first
        {
            using var corpus = TextCorpus.Load([_folder.PathOf("books")], 0.25, largeFrom: 1, null, default);
            Assert.Equal((2, 80L), (corpus.Inputs[0].Files, corpus.Inputs[0].Documents));
            using var pattern = TextCorpus.Load([_folder.PathOf(i == 0 ? "books/**/*.txt*" : "books/**/*")], 0.25, largeFrom: 1,
                null, default);
            Assert.Equal((2, 80L), (pattern.Inputs[0].Files, pattern.Inputs[0].Documents));
        }

        Assert.True(File.Exists(_folder.PathOf("books/b.txt.hslindex")));

        void WriteHidden(params string[] names)
        {
            foreach (string name in names)
            {
                string path = Write(name, "secret\n\nsecret"); // a pattern must skip it by its name, on every system
                if (OperatingSystem.IsWindows()) File.SetAttributes(path, FileAttributes.Hidden);
            }
        }
    }

    [Fact]
    public void Empty_and_repeated_files_of_a_folder_are_left_out_and_told()
    {
        string content = LargeText.Of(40);
        string kept = Write("books/a.txt", content), empty = Write("books/b.txt", ""), twin = Write("books/c.txt", content);
        Write("books/d.txt", LargeText.Of(10, "book"));
        foreach (long largeFrom in (long[])[long.MaxValue, 1, 1])
        {
            using var corpus = TextCorpus.Load([_folder.PathOf("books")], 0.25, largeFrom, null, default);
            Assert.Equal([empty, twin], corpus.Skipped.Select(file => file.Path));
            Assert.Contains("0 bytes", corpus.Skipped[0].Reason, StringComparison.Ordinal);
            Assert.Contains($"the same {content.Length} bytes as {kept}", corpus.Skipped[1].Reason, StringComparison.Ordinal);
            Assert.Equal(50, corpus.Inputs[0].Documents);
        }
    }

    /// <summary>Fewer documents than the held-out rule needs. They are divided twice, and a skipped file is reported once.</summary>
    [Fact]
    public void What_is_left_out_is_told_once()
    {
        Write("books/a.txt", "one\n\ntwo\n\nthree");
        string empty = Write("books/b.txt", "");
        using var corpus = TextCorpus.Load([_folder.PathOf("books")], 0.05);
        Assert.Equal(empty, Assert.Single(corpus.Skipped).Path);
        Assert.Equal(["two\n"], Documents(corpus.HeldOut(0)));
    }

    [Fact]
    public void A_file_of_a_folder_that_another_input_has_is_left_out()
    {
        string content = LargeText.Of(40), other = LargeText.Of(30, "book");
        string named = Write("a.txt", content), twin = Write("books/b.txt", content);
        Write("books/c.txt", other);
        using var corpus = TextCorpus.Load([named, _folder.PathOf("books")], 0.25);
        Assert.Equal(twin, Assert.Single(corpus.Skipped).Path);
        Assert.Equal([40L, 30L], corpus.Inputs.Select(input => input.Documents));

        // A file that is named directly must not be skipped.
        CorpusException refusal = Assert.Throws<CorpusException>(() => TextCorpus.Load([_folder.PathOf("books"), named], 0.25));
        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_nothing_can_be_used_the_path_is_named()
    {
        Directory.CreateDirectory(_folder.PathOf("none"));
        Write("empty/a.txt", "");
        Write("empty/b.txt", "");
        Write("blank/a.txt", "\n\n");
        Refused(_folder.PathOf("none"), "0 files; the folder must hold at least 1");
        Refused(_folder.PathOf("empty"), "none of its 2 files can be used", "b.txt: 0 bytes");
        Refused(_folder.PathOf("blank"), "2 bytes and 0 documents");
        Refused(_folder.PathOf("*.txt"), "0 files; the pattern must match at least 1");
        Refused(_folder.PathOf("blank/**/*.md"), "0 files; the pattern must match at least 1");
        Refused(_folder.PathOf("absent/*.txt"), "there is no folder", "absent");
        Refused(_folder.PathOf("absent"), "there is no such file");

        static void Refused(string path, params string[] expected)
        {
            string message = Assert.Throws<CorpusException>(() => TextCorpus.Load([path])).Message;
            Assert.All((string[])[path, .. expected], part => Assert.Contains(part, message, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Documents_are_divided_over_the_whole_folder()
    {
        // One document per file: a single file would be divided by position.
        for (int i = 0; i < 40; i++) Write($"books/{i:D2}.txt", $"document {i:D2}");
        using var corpus = TextCorpus.Load([_folder.PathOf("books")]);
        Assert.Equal(["document 10", "document 30"], Documents(corpus.HeldOut(0)));
        Assert.Equal(38, Documents(corpus.Train).Length);
        Assert.Equal((40L, 2L), (corpus.Inputs[0].Documents, corpus.Inputs[0].HeldOutDocuments));
    }

    [Fact]
    public void A_folder_of_one_document_is_divided_by_position()
    {
        Write("books/a.txt", new string('x', 1000));
        Write("books/b.txt", "\n\n\n");
        using var corpus = TextCorpus.Load([_folder.PathOf("books")], 0.25);
        Assert.Equal([new string('x', 750)], Documents(corpus.Train));
        Assert.Equal([new string('x', 250)], Documents(corpus.HeldOut(0)));
    }

    [Fact]
    public void The_digest_of_a_folder_tells_content_and_order_of_its_files()
    {
        HashSet<string> digests = [];
        (string A, string B)[] contents = [("one\n\n", "two\n\n"), ("two\n\n", "one\n\n"), ("one\n\n", "three\n\n"),
            ("one\n\ntwo\n\n", "")];
        foreach ((string a, string b) in contents)
        {
            Write("books/a.txt", a);
            Write("books/b.txt", b);
            Assert.True(digests.Add(TextCorpus.Load([_folder.PathOf("books")], 0.5).Inputs[0].Sha256));
        }
    }

    [Fact]
    public void Inputs_of_one_name_are_told_apart_by_their_paths()
    {
        string first = Write("first/text.txt", LargeText.Of(40)), second = Write("second/text.txt", LargeText.Of(40, "book"));
        string other = Write("second/other.txt", LargeText.Of(40, "letter"));
        using var corpus = TextCorpus.Load([first, other, second], 0.25);
        Assert.Equal([first, "other.txt", second], corpus.Inputs.Select(input => input.Name));
        Assert.Equal([first, "other.txt", second], new TextSource(corpus, 20, 10).HeldOut!.Parts);
    }

    /// <summary>The system limits the number of open files of a process.</summary>
    [Fact]
    public void More_files_than_are_kept_open_are_read_all_the_same()
    {
        List<byte[]> files = [];
        for (int i = 0; i < 150; i++)
        {
            files.Add(Encoding.UTF8.GetBytes(LargeText.Of(5, $"book {i}")));
            Write($"books/{i:D3}.txt", Encoding.UTF8.GetString(files[^1]));
        }

        using var corpus = TextCorpus.Load([_folder.PathOf("books")], 0.25, largeFrom: 1000, null, default);
        TextReference expected = new([files], 0.25);
        Assert.Equal(expected.Train, corpus.Train.ToArray());
        Assert.Equal(expected.HeldOut[0], corpus.HeldOut(0).ToArray());
        Random random = new(1);
        short[] ids = new short[50];
        for (int i = 0; i < 500; i++)
        {
            int start = random.Next(expected.Train.Length - ids.Length);
            corpus.Train.CopyTo(start, ids);
            Assert.Equal(expected.Train.AsSpan(start, ids.Length).ToArray(), ids);
        }
    }

    private string Write(string name, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.PathOf(name))!);
        return _folder.Write(name, content);
    }

    private static string[] Documents(TextIds ids) =>
        new string([.. ids.ToArray().Select(id => (char)id)]).Split((char)ByteIds.EndOfSequence, StringSplitOptions.RemoveEmptyEntries);
}
