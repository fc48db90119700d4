using System.Globalization;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Training.Tests.Data;

public sealed class BatchSamplerTests : IDisposable
{
    private const int Context = 512, Targets = 256; // of a text sample
    private const int CaptionTargets = WindowRecord.Size - WindowRecord.CaptionOffset;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static BatchSampler Sampler(int seed = 0, int batchSize = 4) => new(EmbeddedCorpus.Sources, batchSize, seed);

    /// <summary>The sampler's source of a micro-batch.</summary>
    public static SampleSource SourceOf(BatchSampler sampler, long microBatch) => sampler.Sources[sampler.SourceAt(microBatch)];

    /// <summary>Context and targets of a micro-batch.</summary>
    public static (short[] Context, short[] Targets) Fill(BatchSampler sampler, long microBatch)
    {
        SampleShape shape = SourceOf(sampler, microBatch).Shape;
        short[] context = new short[sampler.BatchSize * shape.ContextLength];
        short[] targets = new short[sampler.BatchSize * shape.TargetLength];
        sampler.Fill(microBatch, context, targets);
        return (context, targets);
    }

    [Fact]
    public void A_batch_depends_on_seed_and_index_alone()
    {
        (BatchSampler one, BatchSampler other) = (Sampler(seed: 7), Sampler(seed: 7));
        foreach (long microBatch in new[] { 50L, 3, 0, 1, 2, 4_000_000_000 })
        {
            ((short[] Context, short[] Targets) expected, (short[] Context, short[] Targets) actual) =
                (Fill(one, microBatch), Fill(other, microBatch));
            Assert.Equal(expected.Context, actual.Context);
            Assert.Equal(expected.Targets, actual.Targets);
        }
    }

    [Fact]
    public void Batches_differ_by_seed_and_by_index()
    {
        var batches = new HashSet<string>();
        foreach (int seed in new[] { 0, 1, -1, int.MinValue })
            for (int microBatch = 0; microBatch < 60; microBatch++)
                Assert.True(batches.Add(Ids.Key(Fill(Sampler(seed), microBatch).Context)));
    }

    /// <summary>Fixes the stream of samples. If it changes, new runs differ from recorded ones.</summary>
    [Fact]
    public void The_stream_of_samples_is_fixed()
    {
        IReadOnlyList<int> train = EmbeddedCorpus.Windows.TrainCaption;
        (short[] context, _) = Fill(Sampler(seed: 0), 2);
        IEnumerable<int> drawn = Enumerable.Range(0, 4).Select(row => train.First(index =>
            Ids.Of(EmbeddedCorpus.Windows.Window(index)[..WindowRecord.CaptionOffset]).AsSpan().SequenceEqual(
                context.AsSpan(row * WindowRecord.CaptionOffset, WindowRecord.CaptionOffset))));
        Assert.Equal([1980, 1461, 3861, 2436], drawn);
    }

    [Fact]
    public void Text_targets_follow_the_context_in_the_training_ids()
    {
        var sampler = new BatchSampler([new TextSource(EmbeddedCorpus.Text)], 8, 0);
        (short[] context, short[] targets) = (new short[8 * Context], new short[8 * Targets]);
        short[] train = EmbeddedCorpus.Text.Train.ToArray();
        for (int microBatch = 0; microBatch < 20; microBatch++)
        {
            sampler.Fill(microBatch, context, targets);
            for (int row = 0; row < 8; row++)
            {
                short[] sample = [.. context.AsSpan(row * Context, Context), .. targets.AsSpan(row * Targets, Targets)];
                Assert.True(train.AsSpan().IndexOf(sample) >= 0);
            }
        }
    }

    [Fact]
    public void Text_starts_reach_from_the_first_to_the_last_place()
    {
        string train = string.Concat(Enumerable.Range(0, Context + Targets).Select(i => (char)('A' + (i % 50))));
        string path = _folder.Write("tiny.txt", train + "!?\n\n" + new string('h', 800));
        var sampler = new BatchSampler([new TextSource(TextCorpus.Load([path]))], 64, 0);
        (short[] context, short[] targets) = (new short[64 * Context], new short[64 * Targets]);
        sampler.Fill(0, context, targets);
        var starts = Enumerable.Range(0, 64).Select(row => context[row * Context] - 'A').ToHashSet();
        Assert.Equal([0, 1, 2, 3, 4], starts.Order());
        Assert.Contains((short)ByteIds.EndOfSequence, targets);
    }

    [Fact]
    public void Windows_are_pairs_and_captions_of_training_films_alone()
    {
        WindowCorpus corpus = EmbeddedCorpus.Windows;
        BatchSampler sampler = Sampler(batchSize: 32);
        ILookup<string, int> contents = Enumerable.Range(0, corpus.Count).ToLookup(index => Ids.Key(Ids.Of(corpus.Window(index))));
        var captions = corpus.TrainCaption.Select(index => Ids.Key(Ids.Of(corpus.Window(index)))).ToHashSet();
        var pairs = corpus.TrainVideo.ToHashSet();
        for (int microBatch = 0; microBatch < 30; microBatch++)
        {
            (short[] context, short[] targets) = Fill(sampler, microBatch);
            for (int row = 0; row < 32; row++)
                if (SourceOf(sampler, microBatch).Name == "caption")
                    Assert.Contains(
                        Ids.Key([
                            .. context.AsSpan(row * WindowRecord.CaptionOffset, WindowRecord.CaptionOffset),
                            .. targets.AsSpan(row * CaptionTargets, CaptionTargets)]),
                        captions);
                else if (SourceOf(sampler, microBatch).Name == "video")
                    Assert.Contains(
                        contents[Ids.Key(context.AsSpan(row * WindowRecord.Size, WindowRecord.Size))],
                        index => pairs.Contains(index)
                            && Ids.Of(corpus.Window(index + 1)).AsSpan().SequenceEqual(
                                targets.AsSpan(row * WindowRecord.Size, WindowRecord.Size)));
        }
    }

    [Fact]
    public void Samples_are_drawn_evenly()
    {
        var corpus = WindowCorpus.Load([_folder.Write("film.bin", TestWindows.Bytes(40))]);
        var sampler = new BatchSampler([new CaptionSource(corpus)], 100, 3);
        (short[] context, short[] targets) = (new short[100 * WindowRecord.CaptionOffset], new short[100 * CaptionTargets]);
        int[] counts = new int[36];
        for (int microBatch = 0; microBatch < 360; microBatch++)
        {
            sampler.Fill(microBatch, context, targets);
            for (int row = 0; row < 100; row++)
                counts[context[(row * WindowRecord.CaptionOffset) + 1]]++;
        }

        Assert.All(counts, count => Assert.InRange(count, 850, 1150)); // 1000 expected, deviation 31
    }

    [Fact]
    public void A_weight_without_samples_is_refused()
    {
        // One of these two films is for video, the other for captions, but neither can be trained on.
        _folder.Write("film.json", """
            {"films":[{"name":"a","modality":"video","split":"held-out","first":0,"count":20,"group":"a"},
            {"name":"b","modality":"caption","split":"held-out","first":20,"count":20,"group":"b"}]}
            """);
        var heldOutOnly = WindowCorpus.Load([_folder.Write("film.bin", TestWindows.Bytes(40))]);
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => new VideoSource(heldOutOnly));
        Assert.Contains("0 pairs of windows", refusal.Message, StringComparison.Ordinal);
        refusal = Assert.Throws<ArgumentException>(() => new CaptionSource(heldOutOnly));
        Assert.Contains("0 windows with a caption", refusal.Message, StringComparison.Ordinal);

        // They are scored without a weight, and are in no batch.
        VideoSource video = new(heldOutOnly, weight: 0);
        CaptionSource captions = new(heldOutOnly, weight: 0);
        Assert.Equal((19, 20), (video.HeldOut!.Count, captions.HeldOut!.Count));
        Assert.Throws<InvalidOperationException>(() => video.Fill(default, new short[WindowRecord.Size], new short[WindowRecord.Size]));
        Assert.Throws<InvalidOperationException>(
            () => captions.Fill(default, new short[WindowRecord.CaptionOffset], new short[CaptionTargets]));
        Assert.Throws<ArgumentException>(() => new BatchSampler([video, captions], 1, 0));

        Assert.Throws<ArgumentException>(() => new BatchSampler([], 1, 0));
        Assert.Throws<ArgumentNullException>(() => new BatchSampler(null!, 1, 0));
        Assert.Throws<ArgumentNullException>(() => new BatchSampler([null!], 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchSampler([new TextSource(EmbeddedCorpus.Text)], 0, 0));
    }

    [Fact]
    public void Spans_of_the_wrong_length_are_refused()
    {
        BatchSampler sampler = Sampler(batchSize: 1);
        Assert.Equal(("video", "text"), (SourceOf(sampler, 0).Name, SourceOf(sampler, 1).Name));
        Assert.Throws<ArgumentException>(() => sampler.Fill(0, new short[Context], new short[Targets]));
        Assert.Throws<ArgumentException>(() => sampler.Fill(1, new short[WindowRecord.Size], new short[WindowRecord.Size]));
        Assert.Throws<ArgumentException>(() => sampler.Fill(1, new short[Context], new short[Targets - 1]));
        Assert.Throws<ArgumentException>(() => sampler.Fill(0, new short[WindowRecord.Size + 1], new short[WindowRecord.Size]));
        Assert.Throws<ArgumentOutOfRangeException>(() => sampler.SourceAt(-1));
    }

    /// <summary>A checkpoint written under one culture can be resumed under another.</summary>
    [Fact]
    public void The_fingerprint_is_the_same_in_every_culture()
    {
        BatchSampler sampler = new([new TextSource(EmbeddedCorpus.Text, weight: 1.5)], 4, 0);
        string expected = sampler.Fingerprint;
        CultureInfo before = CultureInfo.CurrentCulture;
        var other = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        other.NumberFormat.NumberDecimalSeparator = ",";
        other.NumberFormat.NegativeSign = "~";
        try
        {
            CultureInfo.CurrentCulture = other;
            Assert.Equal("1,5", $"{1.5}");
            Assert.Equal(expected, sampler.Fingerprint);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void The_fingerprint_names_all_that_the_samples_depend_on()
    {
        TextCorpus text = EmbeddedCorpus.Text;
        WindowCorpus windows = EmbeddedCorpus.Windows;
        string fingerprint = Of(1, 4, new TextSource(text), new VideoSource(windows));
        Assert.Equal(fingerprint, Of(1, 4, new TextSource(text), new VideoSource(windows)));
        Assert.Contains(text.Inputs[1].Sha256, fingerprint, StringComparison.Ordinal);
        Assert.Contains(windows.Files[0].Sha256, fingerprint, StringComparison.Ordinal);
        var otherShare = TextCorpus.Load([EmbeddedCorpus.PathOf("text.en.txt"), EmbeddedCorpus.PathOf("text.ko.txt")], 0.06);
        string[] others =
        [
            Of(2, 4, new TextSource(text), new VideoSource(windows)),
            Of(1, 5, new TextSource(text), new VideoSource(windows)),
            Of(1, 4, new VideoSource(windows), new TextSource(text)),
            Of(1, 4, new TextSource(text, weight: 2), new VideoSource(windows)),
            Of(1, 4, new TextSource(text, contextLength: Context + 1), new VideoSource(windows)),
            Of(1, 4, new TextSource(text, targetLength: Targets - 1), new VideoSource(windows)),
            Of(1, 4, new TextSource(text, name: "prose"), new VideoSource(windows)),
            Of(1, 4, new TextSource(otherShare), new VideoSource(windows)),
            Of(1, 4, new TextSource(text), new CaptionSource(windows)),
        ];
        Assert.DoesNotContain(fingerprint, others);
        Assert.Equal(others.Length, others.Distinct().Count());

        // Held-out samples do not affect it.
        Assert.Equal(fingerprint, Of(1, 4, new TextSource(text, heldOutSamples: 9), new VideoSource(windows, heldOutSamples: 3)));

        static string Of(int seed, int batch, params SampleSource[] sources) => new BatchSampler(sources, batch, seed).Fingerprint;
    }
}
