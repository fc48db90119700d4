using System.Text;
using HslEmbeddingZero.Tests;
using HslEmbeddingZero.Training.Tests.Runs;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Data;

/// <summary>
/// A corpus reads large files in place. A changed file is refused at the next read and never mixed into the samples.
/// </summary>
public sealed class ChangedFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _text = Encoding.UTF8.GetBytes(LargeText.Of(2000));
    private readonly string _path;

    public ChangedFileTests() => _path = _folder.Write("text.txt", _text);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_that_grew_is_refused()
    {
        using TextCorpus corpus = LargeText.Load(_path);
        File.AppendAllText(_path, "more");
        AssertRefused(corpus, "has changed since it was read", $"{_text.Length} bytes", $"{_text.Length + 4} of");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(-1)]
    public void A_file_that_was_cut_short_is_refused(int length)
    {
        using TextCorpus corpus = LargeText.Load(_path);
        int left = length < 0 ? _text.Length + length : length;
        using (FileStream file = new(_path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) file.SetLength(left);
        AssertRefused(corpus, "has changed since it was read", $"{left} of");
    }

    [Fact]
    public void A_file_that_was_written_over_is_refused()
    {
        using TextCorpus corpus = LargeText.Load(_path);
        File.WriteAllBytes(_path, Encoding.UTF8.GetBytes(LargeText.Of(2000, "book"))); // of equal length
        File.SetLastWriteTimeUtc(_path, DateTime.UtcNow.AddSeconds(1));
        Assert.Equal(_text.Length, new FileInfo(_path).Length);
        AssertRefused(corpus, "has changed since it was read", "Load the corpus anew");
    }

    /// <summary>The open file is the original one. The corpus can read it to its end, as the system keeps it while it is open.</summary>
    [Fact]
    public void A_file_that_was_deleted_or_replaced_by_another_is_read_on_while_it_is_open()
    {
        using TextCorpus corpus = LargeText.Load(_path);
        string other = _folder.Write("other.txt", "other");
        File.Move(other, _path, overwrite: true);
        LargeText.AssertHolds(_text, corpus);
        File.Delete(_path);
        LargeText.AssertHolds(_text, corpus);
    }

    /// <summary>With many files, not all stay open. A reopened file must be the one that was read before.</summary>
    [Theory]
    [InlineData(false, "cannot be read")]
    [InlineData(true, "has changed since it was read")]
    public void A_file_that_was_deleted_or_replaced_by_another_is_refused_once_it_is_opened_again(bool isReplaced, string expected)
    {
        string[] paths = [.. Enumerable.Range(0, 100).Select(i => _folder.Write($"{i:D3}.txt", LargeText.Of(50, $"book {i}")))];
        using var corpus = TextCorpus.Load(paths, 0.25, largeFrom: 1, null, default);
        string other = _folder.Write("other.txt", LargeText.Of(50, "letter"));
        if (isReplaced) File.Move(other, paths[0], overwrite: true);
        else File.Delete(paths[0]);
        CorpusException refusal = Assert.Throws<CorpusException>(() => corpus.Train.CopyTo(0, new short[10]));
        Assert.Contains(paths[0], refusal.Message, StringComparison.Ordinal);
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
        corpus.Train.CopyTo(corpus.Train.Length - 10, new short[10]); // the other files are unchanged
    }

    [Fact]
    public void A_corpus_in_memory_does_not_mind()
    {
        using var corpus = TextCorpus.Load([_path], 0.25);
        File.WriteAllText(_path, "other");
        LargeText.AssertHolds(_text, corpus);
        File.Delete(_path);
        LargeText.AssertHolds(_text, corpus);
    }

    [Fact]
    public void A_corpus_that_was_closed_is_not_read_any_more()
    {
        TextCorpus corpus = LargeText.Load(_path);
        corpus.Dispose();
        corpus.Dispose();
        Assert.Throws<ObjectDisposedException>(() => corpus.Train.CopyTo(0, new short[10]));
        File.Delete(_path); // no system blocks this: no handle is open
        var inMemory = TextCorpus.FromText("one\n\ntwo", 0.5);
        inMemory.Dispose();
        Assert.Equal(5, inMemory.Train.ToArray().Length);
    }

    [Fact]
    public void The_failure_surfaces_where_batches_are_taken()
    {
        using TextCorpus corpus = LargeText.Load(_path);
        BatchSampler sampler = new([new TextSource(corpus, 64, 32)], 2, 0);
        using BatchPrefetcher prefetcher = new(sampler, CPU, 0, capacity: 4);
        prefetcher.Next();
        File.AppendAllText(_path, "more");
        InvalidOperationException failure = Assert.Throws<InvalidOperationException>(() =>
        {
            for (int i = 0; i < 10; i++) prefetcher.Next(); // batches prepared before the change come first
        });
        Assert.IsType<CorpusException>(failure.InnerException);
        Assert.Contains(_path, failure.Message, StringComparison.Ordinal);
        Assert.Contains("has changed since it was read", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_stops_with_it_and_goes_on_from_its_checkpoint_when_the_file_is_back()
    {
        TrainerOptions options = TinyRun.Options with { Steps = 6 };
        string checkpoint = _folder.PathOf("run.checkpoint");
        DateTime written = File.GetLastWriteTimeUtc(_path);
        SortedDictionary<string, byte[]> expected;
        using (TextCorpus corpus = LargeText.Load(_path))
        using (TinyRun whole = new(options, sources: [new TextSource(corpus, 64, 32)]))
        {
            whole.Trainer.Run();
            expected = whole.Weights;
        }

        using (TextCorpus corpus = LargeText.Load(_path))
        using (TinyRun run = new(options, sources: [new TextSource(corpus, 64, 32)]))
        {
            run.Trainer.Run(stopAt: 3);
            run.Trainer.SaveCheckpoint(checkpoint);
            File.AppendAllText(_path, "more");
            InvalidOperationException failure = Assert.Throws<InvalidOperationException>(() => run.Trainer.Run());
            Assert.IsType<CorpusException>(failure.InnerException);
            Assert.Contains(_path, failure.Message, StringComparison.Ordinal);
            Assert.Equal(3, run.Trainer.Step);
        }

        using (TextCorpus corpus = LargeText.Load(_path))
        using (TinyRun run = new(options, sources: [new TextSource(corpus, 64, 32)]))
        {
            CheckpointException refusal =
                Assert.Throws<CheckpointException>(() => run.Trainer.LoadCheckpoint(checkpoint)); // the text is a different one now
            Assert.Contains("another run", refusal.Message, StringComparison.Ordinal);
        }

        File.WriteAllBytes(_path, _text);
        File.SetLastWriteTimeUtc(_path, written);
        using (TextCorpus corpus = LargeText.Load(_path))
        using (TinyRun run = new(options, sources: [new TextSource(corpus, 64, 32)]))
        {
            run.Trainer.LoadCheckpoint(checkpoint);
            run.Trainer.Run();
            Assert.Equal(expected, run.Weights);
        }
    }

    private void AssertRefused(TextCorpus corpus, params string[] expected)
    {
        foreach (TextIds ids in (TextIds[])[corpus.Train, corpus.HeldOut(0)])
            foreach (long start in (long[])[0, ids.Length / 2, ids.Length - 10])
            {
                string message = Assert.Throws<CorpusException>(() => ids.CopyTo(start, new short[10])).Message;
                Assert.All((string[])[_path, .. expected], part => Assert.Contains(part, message, StringComparison.Ordinal));
            }
    }
}
