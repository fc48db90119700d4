using System.Runtime.InteropServices;

namespace HslEmbeddingZero.Training.Tests.Data;

public sealed class BatchSamplerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static BatchSampler Sampler(int seed = 0, int batchSize = 4) =>
        new(EmbeddedCorpus.Text, EmbeddedCorpus.Windows, new(1, 1, 1), batchSize, seed);

    /// <summary>Context and targets of a micro-batch as bytes, ids little-endian.</summary>
    public static (byte[] Context, byte[] Targets) Fill(BatchSampler sampler, long microBatch)
    {
        var modality = sampler.ModalityAt(microBatch);
        var shape = SampleShape.Of(modality);
        var size = modality == Modality.Text ? 2 : 1;
        var context = new byte[sampler.BatchSize * shape.ContextLength * size];
        var targets = new byte[sampler.BatchSize * shape.TargetLength * size];
        if (modality == Modality.Text)
            sampler.Fill(microBatch, MemoryMarshal.Cast<byte, short>(context.AsSpan()), MemoryMarshal.Cast<byte, short>(targets.AsSpan()));
        else
            sampler.Fill(microBatch, context, targets);
        return (context, targets);
    }

    [Fact]
    public void A_batch_depends_on_seed_and_index_alone()
    {
        var (one, other) = (Sampler(seed: 7), Sampler(seed: 7));
        foreach (var microBatch in new[] { 50L, 3, 0, 1, 2, 4_000_000_000 })
        {
            var (expected, actual) = (Fill(one, microBatch), Fill(other, microBatch));
            Assert.Equal(expected.Context, actual.Context);
            Assert.Equal(expected.Targets, actual.Targets);
        }
    }

    [Fact]
    public void Batches_differ_by_seed_and_by_index()
    {
        var batches = new HashSet<string>();
        foreach (var seed in new[] { 0, 1, -1, int.MinValue })
            for (var microBatch = 0; microBatch < 60; microBatch++)
                Assert.True(batches.Add(Convert.ToBase64String(Fill(Sampler(seed), microBatch).Context)));
    }

    /// <summary>Guards the stream of samples itself: a change here makes new runs differ from recorded ones.</summary>
    [Fact]
    public void The_stream_of_samples_is_fixed()
    {
        var train = EmbeddedCorpus.Windows.TrainCaption;
        var (context, _) = Fill(Sampler(seed: 0), 2);
        var drawn = Enumerable.Range(0, 4).Select(row => train.First(index =>
            EmbeddedCorpus.Windows.Window(index)[..514].SequenceEqual(context.AsSpan(row * 514, 514))));
        Assert.Equal([1980, 1461, 3861, 2436], drawn);
    }

    [Fact]
    public void Text_targets_follow_the_context_in_the_training_ids()
    {
        var sampler = new BatchSampler(EmbeddedCorpus.Text, null, new(1, 0, 0), 8, 0);
        var (context, targets) = (new short[8 * 512], new short[8 * 256]);
        for (var microBatch = 0; microBatch < 20; microBatch++)
        {
            sampler.Fill(microBatch, context, targets);
            for (var row = 0; row < 8; row++)
            {
                short[] sample = [.. context.AsSpan(row * 512, 512), .. targets.AsSpan(row * 256, 256)];
                Assert.True(EmbeddedCorpus.Text.Train.Span.IndexOf(sample) >= 0);
            }
        }
    }

    [Fact]
    public void Text_starts_reach_from_the_first_to_the_last_place()
    {
        var train = string.Concat(Enumerable.Range(0, 768).Select(i => (char)('A' + (i % 50))));
        var path = _folder.Write("tiny.txt", train + "!?\n\n" + new string('h', 800));
        var sampler = new BatchSampler(TextCorpus.Load([path]), null, new(1, 0, 0), 64, 0);
        var (context, targets) = (new short[64 * 512], new short[64 * 256]);
        sampler.Fill(0, context, targets);
        var starts = Enumerable.Range(0, 64).Select(row => context[row * 512] - 'A').ToHashSet();
        Assert.Equal([0, 1, 2, 3, 4], starts.Order());
        Assert.Contains((short)257, targets);
    }

    [Fact]
    public void Windows_are_pairs_and_captions_of_training_films_alone()
    {
        var corpus = EmbeddedCorpus.Windows;
        var sampler = Sampler(batchSize: 32);
        var contents = Enumerable.Range(0, corpus.Count).ToLookup(index => Convert.ToBase64String(corpus.Window(index)));
        var captions = corpus.TrainCaption.Select(index => Convert.ToBase64String(corpus.Window(index))).ToHashSet();
        var pairs = corpus.TrainVideo.ToHashSet();
        for (var microBatch = 0; microBatch < 30; microBatch++)
        {
            var (context, targets) = Fill(sampler, microBatch);
            for (var row = 0; row < 32; row++)
                if (sampler.ModalityAt(microBatch) == Modality.Caption)
                    Assert.Contains(Convert.ToBase64String([.. context.AsSpan(row * 514, 514), .. targets.AsSpan(row * 25, 25)]), captions);
                else if (sampler.ModalityAt(microBatch) == Modality.Video)
                    Assert.Contains(
                        contents[Convert.ToBase64String(context.AsSpan(row * 539, 539))],
                        index => pairs.Contains(index) && corpus.Window(index + 1).SequenceEqual(targets.AsSpan(row * 539, 539)));
        }
    }

    [Fact]
    public void Samples_are_drawn_evenly()
    {
        var corpus = WindowCorpus.Load([_folder.Write("film.bin", WindowFile.Bytes(40))]);
        var sampler = new BatchSampler(null, corpus, new(0, 0, 1), 100, 3);
        var (context, targets) = (new byte[100 * 514], new byte[100 * 25]);
        var counts = new int[36];
        for (var microBatch = 0; microBatch < 360; microBatch++)
        {
            sampler.Fill(microBatch, context, targets);
            for (var row = 0; row < 100; row++)
                counts[context[(row * 514) + 1]]++;
        }

        Assert.All(counts, count => Assert.InRange(count, 850, 1150)); // 1000 expected, deviation 31
    }

    [Fact]
    public void A_weight_without_samples_is_refused()
    {
        var onlyCaptions = WindowCorpus.Load([_folder.Write("film.bin", WindowFile.Bytes(40))]);
        Assert.Throws<ArgumentException>(() => new BatchSampler(null, onlyCaptions, new(1, 1, 1), 1, 0));
        Assert.Throws<ArgumentException>(() => new BatchSampler(EmbeddedCorpus.Text, null, new(1, 1, 0), 1, 0));
        Assert.Throws<ArgumentException>(() => new BatchSampler(EmbeddedCorpus.Text, null, new(1, 0, 1), 1, 0));
        Assert.Throws<ArgumentException>(() => new BatchSampler(EmbeddedCorpus.Text, null, default, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BatchSampler(EmbeddedCorpus.Text, null, new(1, 0, 0), 0, 0));
    }

    [Fact]
    public void Spans_of_the_wrong_kind_or_length_are_refused()
    {
        var sampler = Sampler(batchSize: 1);
        Assert.Equal((Modality.Video, Modality.Text), (sampler.ModalityAt(0), sampler.ModalityAt(1)));
        Assert.Throws<InvalidOperationException>(() => sampler.Fill(0, new short[512], new short[256]));
        Assert.Throws<InvalidOperationException>(() => sampler.Fill(1, new byte[512], new byte[256]));
        Assert.Throws<ArgumentException>(() => sampler.Fill(1, new short[512], new short[255]));
        Assert.Throws<ArgumentException>(() => sampler.Fill(0, new byte[540], new byte[539]));
        Assert.Throws<ArgumentOutOfRangeException>(() => sampler.ModalityAt(-1));
    }
}
