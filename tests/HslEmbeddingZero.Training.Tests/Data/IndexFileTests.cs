using System.Text;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Training.Tests.Data;

/// <summary>The index next to a large text is used while the text is unchanged, and refused otherwise.</summary>
public sealed class IndexFileTests : IDisposable
{
    private static readonly DateTime Earlier = new(2020, 2, 2, 2, 2, 2, DateTimeKind.Utc);

    private readonly TemporaryFolder _folder = new();
    private readonly string _path;
    private byte[] _text = Encoding.UTF8.GetBytes(LargeText.Of(400));

    public IndexFileTests()
    {
        _path = _folder.Write("text.txt", _text);
        File.SetLastWriteTimeUtc(_path, Earlier);
    }

    private string Index => LargeText.IndexOf(_path);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_text_is_read_once_and_its_index_is_used_again()
    {
        AssertReads();
        Assert.Equal(["text.txt", "text.txt.hslindex"], Files());
        byte[] index = File.ReadAllBytes(Index);
        File.SetLastWriteTimeUtc(Index, Earlier);
        AssertUsesTheIndex();
        Assert.Equal(Earlier, File.GetLastWriteTimeUtc(Index));
        Assert.Equal(index, File.ReadAllBytes(Index));
    }

    [Fact]
    public void A_corpus_is_the_same_from_the_text_and_from_the_index()
    {
        using TextCorpus first = LargeText.Load(_path), second = LargeText.Load(_path);
        var inMemory = TextCorpus.Load([_path], 0.25);
        Assert.Equal(inMemory.Inputs, first.Inputs);
        Assert.Equal(inMemory.Inputs, second.Inputs);
        Assert.Equal(new TextSource(inMemory, 20, 10).Fingerprint, new TextSource(second, 20, 10).Fingerprint);
        Assert.Equal(new TextSource(inMemory, 20, 10).HeldOut!.Sha256, new TextSource(second, 20, 10).HeldOut!.Sha256);
    }

    [Fact]
    public void Documents_that_training_repeats_are_known_from_the_index_too()
    {
        _text = Encoding.UTF8.GetBytes(LargeText.Of(40) + LargeText.Of(40));
        File.WriteAllBytes(_path, _text);
        using TextCorpus first = LargeText.Load(_path, 0.2), second = LargeText.Load(_path, 0.2);
        LargeText.AssertHolds(_text, first, 0.2);
        LargeText.AssertHolds(_text, second, 0.2);
        Assert.Equal(TextCorpus.Load([_path], 0.2).Inputs, second.Inputs);
        using TextCorpus third = LargeText.Load(_path, 0.3);
        Assert.True(third.Inputs[0].RepeatedDocuments > 0);
        Assert.Equal(TextCorpus.Load([_path], 0.3).Inputs, third.Inputs);
    }

    [Fact]
    public void A_text_that_grew_is_read_anew()
    {
        AssertReads();
        _text = [.. _text, .. "One more.\n\n"u8];
        Replace(_text);
        AssertReads();
        AssertUsesTheIndex();
    }

    [Fact]
    public void A_text_that_changed_at_the_same_length_and_time_is_read_anew()
    {
        AssertReads();
        Assert.InRange(_text.Length, 3 * 4096, 4 * 4096);
        foreach (int place in (int[])[0, 4095, 4096, 5000, (3 * 4096) - 1]) // with so few blocks, all are checked
        {
            _text[place] = (byte)(_text[place] == 'X' ? 'Y' : 'X');
            Replace(_text);
            AssertReads();
            AssertUsesTheIndex();
        }
    }

    [Fact]
    public void A_text_of_another_time_is_read_anew()
    {
        AssertReads();
        File.SetLastWriteTimeUtc(_path, Earlier.AddTicks(TimeSpan.TicksPerMillisecond));
        AssertReads();
        AssertUsesTheIndex();
    }

    [Fact]
    public void Another_share_is_divided_anew()
    {
        AssertReads(0.25);
        AssertReads(0.05);
        AssertReads(0.5);
        AssertUsesTheIndex(0.5);
        AssertReads(0.25);
    }

    /// <summary>Fewer documents than the held-out rule needs. This is known only when all are counted.</summary>
    [Fact]
    public void A_text_of_few_documents_is_read_once_too()
    {
        _text = Encoding.UTF8.GetBytes(LargeText.Of(7));
        Replace(_text);
        AssertReads(0.05);
        AssertUsesTheIndex(0.05);
    }

    /// <summary>A file with few documents is divided differently as part of a folder with many.</summary>
    [Fact]
    public void An_index_of_few_documents_does_not_divide_a_folder()
    {
        string folder = Path.Combine(Path.GetDirectoryName(_path)!, "folder");
        Directory.CreateDirectory(folder);
        string few = Path.Combine(folder, "a.txt");
        byte[] first = Encoding.UTF8.GetBytes(LargeText.Of(7)), second = Encoding.UTF8.GetBytes(LargeText.Of(60, "book"));
        File.WriteAllBytes(few, first);
        File.WriteAllBytes(Path.Combine(folder, "b.txt"), second);
        LargeText.Load(few, 0.05).Dispose();
        using TextCorpus corpus = LargeText.Load(folder, 0.05);
        TextReference expected = new([[first, second]], 0.05);
        Assert.Equal(expected.Train, corpus.Train.ToArray());
        Assert.Equal(expected.HeldOut[0], corpus.HeldOut(0).ToArray());
    }

    [Fact]
    public void Where_a_folder_stands_in_the_place_of_the_index_the_text_is_read_each_time()
    {
        Directory.CreateDirectory(Index);
        AssertReads();
        AssertReads();
        Assert.Equal(["text.txt"], Files());
    }

    [Fact]
    public void A_change_of_the_last_byte_alone_is_noticed()
    {
        _text = Encoding.UTF8.GetBytes(LargeText.Of(8000) + "the end");
        Replace(_text);
        AssertReads();
        _text[^1] = (byte)'D';
        Replace(_text);
        AssertReads();
    }

    /// <summary>An index of another text with the same length, time and share.</summary>
    [Fact]
    public void An_index_of_another_text_is_not_used()
    {
        AssertReads();
        byte[] foreign = File.ReadAllBytes(Index);
        _text = Encoding.UTF8.GetBytes(LargeText.Of(400, about: "book")); // as long as the other text
        Replace(_text);
        File.WriteAllBytes(Index, foreign);
        AssertReads();
    }

    [Fact]
    public void A_damaged_index_is_made_anew()
    {
        AssertReads();
        byte[] whole = File.ReadAllBytes(Index);
        Random random = new(1);
        for (int place = 0; place < whole.Length; place += 1 + random.Next(whole.Length / 40))
        {
            byte[] damaged = [.. whole];
            damaged[place] ^= (byte)(1 << random.Next(8));
            AssertIsMadeAnew(damaged, $"bit of byte {place}");
        }

        for (int place = whole.Length - 450; place < whole.Length; place += 7) // the header, its length and the digest
        {
            byte[] damaged = [.. whole];
            damaged[place] = (byte)random.Next(256);
            if (damaged[place] != whole[place]) AssertIsMadeAnew(damaged, $"byte {place}");
        }

        foreach (int length in (int[])[0, 1, 7, 8, 9, 43, 44, 45, whole.Length / 2, whole.Length - 33, whole.Length - 32, whole.Length - 1])
            AssertIsMadeAnew(whole[..length], $"{length} bytes");
        AssertIsMadeAnew([.. whole, 0], "a byte more");
        AssertIsMadeAnew([.. whole, .. whole], "twice");
        AssertIsMadeAnew(new byte[whole.Length], "zeros");
        AssertIsMadeAnew(Enumerable.Repeat((byte)255, whole.Length).ToArray(), "ones");

        File.WriteAllBytes(Index, whole);
        AssertUsesTheIndex();

        void AssertIsMadeAnew(byte[] damaged, string damage)
        {
            File.WriteAllBytes(Index, damaged);
            ReadingProgress progress = new();
            using TextCorpus corpus = LargeText.Load(_path, 0.25, progress);
            Assert.True(progress.Told.Count > 0, damage);
            LargeText.AssertHolds(_text, corpus);
            AssertUsesTheIndex();
        }
    }

    /// <summary>As on a read-only disk: next to a file with such a long name, no index can be created.</summary>
    [Fact]
    public void Where_no_index_can_be_written_the_text_is_read_each_time()
    {
        string path = _folder.Write(new string('n', 250), _text);
        for (int i = 0; i < 2; i++)
        {
            ReadingProgress progress = new();
            using TextCorpus corpus = LargeText.Load(path, 0.25, progress);
            LargeText.AssertHolds(_text, corpus);
            Assert.NotEmpty(progress.Told);
            Assert.Equal([new string('n', 250), "text.txt"], Files());
        }

        // Documents that the training text repeats are also known without an index.
        byte[] twice = Encoding.UTF8.GetBytes(LargeText.Of(40) + LargeText.Of(40));
        File.WriteAllBytes(path, twice);
        using TextCorpus repeating = LargeText.Load(path, 0.3);
        LargeText.AssertHolds(twice, repeating, 0.3);
        Assert.Equal(TextCorpus.Load([path], 0.3).Inputs, repeating.Inputs);
        Assert.True(repeating.Inputs[0].RepeatedDocuments > 0);
    }

    [SkippableFact]
    public void A_folder_that_cannot_be_written_is_no_hindrance()
    {
        Skip.If(OperatingSystem.IsWindows(), "Permissions are those of Unix.");
        if (OperatingSystem.IsWindows()) return;
        string folder = Path.GetDirectoryName(_path)!;
        UnixFileMode before = File.GetUnixFileMode(folder);
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            Skip.If(CanWrite(), "This user may write everywhere.");
            AssertReads();
            AssertReads();
            Assert.Equal(["text.txt"], Files());
        }
        finally
        {
            File.SetUnixFileMode(folder, before);
        }

        bool CanWrite()
        {
            try
            {
                File.Delete(_folder.Write("attempt", "x"));
                return true;
            }
            catch (UnauthorizedAccessException)
            {
                return false;
            }
        }
    }

    [Fact]
    public void A_cancelled_load_leaves_nothing_behind()
    {
        Assert.ThrowsAny<OperationCanceledException>(() => LargeText.Load(_path, cancellationToken: new(canceled: true)));
        Assert.Equal(["text.txt"], Files());

        _text = Encoding.UTF8.GetBytes(LargeText.Of(100_000)); // several times the read size
        Replace(_text);
        using CancellationTokenSource source = new();
        ReadingProgress progress = new(told => source.Cancel());
        Assert.ThrowsAny<OperationCanceledException>(() => LargeText.Load(_path, 0.25, progress, source.Token));
        Assert.InRange(Assert.Single(progress.Told).BytesRead, 1, _text.Length / 2);
        Assert.Equal(["text.txt"], Files());
        AssertReads();
    }

    /// <summary>The old index stays until the new one is complete.</summary>
    [Fact]
    public void A_cancelled_load_leaves_the_earlier_index()
    {
        AssertReads();
        byte[] index = File.ReadAllBytes(Index);
        Assert.ThrowsAny<OperationCanceledException>(() => LargeText.Load(_path, share: 0.5, cancellationToken: new(canceled: true)));
        Assert.Equal(["text.txt", "text.txt.hslindex"], Files());
        Assert.Equal(index, File.ReadAllBytes(Index));
        AssertUsesTheIndex();
    }

    [Fact]
    public void Progress_is_told_from_the_first_to_the_last_byte()
    {
        _text = Encoding.UTF8.GetBytes(LargeText.Of(100_000));
        Replace(_text);
        ReadingProgress progress = new();
        using TextCorpus corpus = LargeText.Load(_path, 0.25, progress);
        Assert.InRange(progress.Told.Count, _text.Length >> 20, 2 + (_text.Length >> 20));
        Assert.All(progress.Told, told => Assert.Equal((_path, _text.LongLength), (told.Path, told.Bytes)));
        Assert.Equal(progress.Told.Select(told => told.BytesRead).Order().Distinct(), progress.Told.Select(told => told.BytesRead));
        Assert.Equal(_text.LongLength, progress.Told[^1].BytesRead);
    }

    [Fact]
    public void Small_files_are_read_without_a_word_and_leave_nothing()
    {
        ReadingProgress progress = new();
        using var corpus = TextCorpus.Load([_path], 0.25, _text.Length + 1, progress, default);
        LargeText.AssertHolds(_text, corpus);
        Assert.Empty(progress.Told);
        Assert.Equal(["text.txt"], Files());
        Assert.Equal(64L << 20, IndexFile.SmallestText);
    }

    [Fact]
    public async Task Loads_at_the_same_time_do_not_disturb_each_other()
    {
        for (int round = 0; round < 10; round++)
        {
            File.Delete(Index);
            TextCorpus[] corpora = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => LargeText.Load(_path))));
            foreach (TextCorpus corpus in corpora)
            {
                using (corpus) LargeText.AssertHolds(_text, corpus);
            }

            Assert.Equal(["text.txt", "text.txt.hslindex"], Files());
        }

        AssertUsesTheIndex();
    }

    /// <summary>Each replaces the index of the other, possibly before the other has read all of it.</summary>
    [Fact]
    public async Task Loads_of_other_shares_at_the_same_time_do_not_disturb_each_other()
    {
        for (int round = 0; round < 40; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(() =>
            {
                double share = i % 2 == 0 ? 0.25 : 0.5;
                using TextCorpus corpus = LargeText.Load(_path, share);
                LargeText.AssertHolds(_text, corpus, share);
            })));
        }

        Assert.Equal(["text.txt", "text.txt.hslindex"], Files());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Hashes_of_an_index_that_was_replaced_are_made_anew(int change)
    {
        using TextCorpus corpus = LargeText.Load(_path);
        using OpenFiles open = new();
        FileContent content = new(_path, _text.Length, Earlier, open);
        DocumentIndex index = IndexFile.Read(_path, content, Earlier, new HeldOutRule(4, 0), isAlone: true)!;
        UInt128[] expected = [.. index.TrainHashes.Read()];
        Assert.Equal(300, expected.Length);
        if (change == 0) LargeText.Load(_path, 0.5).Dispose();
        if (change == 1) File.Delete(Index);
        if (change == 2) File.WriteAllText(Index, "damage");
        Assert.Equal(expected, index.TrainHashes.Read());
    }

    private void Replace(byte[] text)
    {
        File.WriteAllBytes(_path, text);
        File.SetLastWriteTimeUtc(_path, Earlier);
    }

    private string[] Files() =>
        [.. Directory.GetFiles(Path.GetDirectoryName(_path)!).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private void AssertReads(double share = 0.25) => Assert.NotEmpty(Load(share).Told);

    private void AssertUsesTheIndex(double share = 0.25) => Assert.Empty(Load(share).Told);

    private ReadingProgress Load(double share)
    {
        ReadingProgress progress = new();
        using TextCorpus corpus = LargeText.Load(_path, share, progress);
        LargeText.AssertHolds(_text, corpus, share);
        return progress;
    }
}
