using System.Diagnostics;
using Xunit.Abstractions;

namespace HslEmbeddingZero.Training.Tests.Data;

public class NGramModelTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void An_empty_model_is_uniform_over_the_ids(int order) =>
        Assert.Equal(
            Math.Log2(ByteIds.Count), new NGramModel(order).BitsPerByte([], [0, 255, ByteIds.Mask, ByteIds.EndOfSequence]), 1e-12);

    /// <summary>Uniform symbols. They are so few that each context occurs thousands of times, as smoothing needs.</summary>
    [Theory]
    [InlineData(1, 256)]
    [InlineData(2, 256)]
    [InlineData(3, 16)]
    public void Uniform_symbols_need_the_logarithm_of_their_number(int order, int symbols)
    {
        var random = new Random(1);
        short[] ids = Enumerable.Range(0, 2_000_000).Select(_ => (short)random.Next(symbols)).ToArray();
        NGramModel model = Fitted(order, ids.AsSpan(..1_900_000));
        Assert.Equal(Math.Log2(symbols), model.BitsPerByte(ids.AsSpan(1_899_000..1_900_000), ids.AsSpan(1_900_000..)), 0.06);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Deterministic_bytes_need_about_none(int order)
    {
        short[] ids = Enumerable.Range(0, 100_000).Select(i => (short)(i % ByteIds.Count)).ToArray();
        var model = new NGramModel(order);
        model.Fit(ids);
        Assert.InRange(model.BitsPerByte([ByteIds.Mask, ByteIds.EndOfSequence], ids.AsSpan(..5000)), 0, 0.05);
    }

    [Fact]
    public void A_trigram_tells_apart_what_a_bigram_cannot()
    {
        short[] ids = Enumerable.Range(0, 40_000).Select(i => (short)"aabb"[i % 4]).ToArray();
        Assert.Equal(1, Fitted(2, ids).BitsPerByte([], ids), 0.01);
        Assert.Equal(0, Fitted(3, ids).BitsPerByte([], ids), 0.01);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Probabilities_sum_to_one_after_seen_and_unseen_contexts(int order)
    {
        NGramModel model = Fitted(order, First(50_000));
        foreach (short[] before in new short[][] { [], [32], [116, 104], [200, 3], [116, ByteIds.Mask], [ByteIds.EndOfSequence, 65] })
            Assert.Equal(1, Enumerable.Range(0, ByteIds.Count).Sum(id => model.Probability(before, (short)id)), 1e-9);
    }

    [Fact]
    public void The_context_is_the_ids_before_and_is_not_scored()
    {
        ReadOnlySpan<short> ids = First(20_000);
        NGramModel model = Fitted(3, ids);
        double whole = model.BitsPerByte(ids[..100], ids[100..300]) * 200;
        double parts = (model.BitsPerByte(ids[98..100], ids[100..101]) * 1) + (model.BitsPerByte(ids[..101], ids[101..300]) * 199);
        Assert.Equal(whole, parts, 1e-9);
    }

    [Fact]
    public void Counts_add_up_over_calls()
    {
        (NGramModel once, NGramModel twice) = (new NGramModel(1), new NGramModel(1));
        once.Fit([1, 2, 3, 4]);
        twice.Fit([1, 2]);
        twice.Fit([3, 4]);
        Assert.Equal(once.BitsPerByte([], [1, 4, 9]), twice.BitsPerByte([], [1, 4, 9]));
    }

    /// <summary>The expected figures come from a second implementation with dictionaries, written from the formula alone.</summary>
    [Theory]
    [InlineData(2, 3.6009359, 3.4078692)]
    [InlineData(3, 2.8096008, 2.2326450)]
    public void Held_out_text_needs_what_a_second_implementation_finds(int order, double english, double korean)
    {
        var clock = Stopwatch.StartNew();
        var model = new NGramModel(order);
        model.Fit(EmbeddedCorpus.Text.Train);
        output.WriteLine($"order {order}: fitted {EmbeddedCorpus.Text.Train.Length} ids in {clock.ElapsedMilliseconds} ms");
        Assert.Equal(english, model.BitsPerByte([], EmbeddedCorpus.Text.HeldOut(0).ToArray()), 1e-6);
        Assert.Equal(korean, model.BitsPerByte([], EmbeddedCorpus.Text.HeldOut(1).ToArray()), 1e-6);
    }

    [Fact]
    public void Bad_arguments_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new NGramModel(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NGramModel(4));
        var model = new NGramModel(2);
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Fit([ByteIds.Count]));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Fit([-1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.BitsPerByte([300], [1]));
        Assert.Throws<ArgumentException>(() => model.BitsPerByte([1], []));
    }

    /// <summary>Chunks have 2^20 ids. The embedded text spans four chunks, the others end near the end of the first.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_ids_of_a_corpus_count_as_if_they_were_one_span(int order)
    {
        AssertSame(EmbeddedCorpus.Text.Train, scoredFrom: 0);
        for (int length = (1 << 20) - 2; length <= (1 << 20) + 3; length++)
            AssertSame(TextOf(length), scoredFrom: (1 << 20) - 4096); // the ends of the first chunk

        void AssertSame(TextIds ids, int scoredFrom)
        {
            (NGramModel whole, NGramModel read) = (new NGramModel(order), new NGramModel(order));
            short[] all = ids.ToArray();
            whole.Fit(all);
            read.Fit(ids);
            Assert.Equal(whole.BitsPerByte([], all.AsSpan(scoredFrom..)), read.BitsPerByte([], all.AsSpan(scoredFrom..)));
            foreach (int place in new[] { 0, 1, 2, (1 << 20) - 3, (1 << 20) - 2, (1 << 20) - 1, 1 << 20, (1 << 20) + 1 })
                if (place < all.Length)
                    for (int length = 0; length <= Math.Min(place, 2); length++)
                        Assert.Equal(
                            whole.Probability(all.AsSpan((place - length)..place), all[place]),
                            read.Probability(all.AsSpan((place - length)..place), all[place]));
        }

        static TextIds TextOf(int ids)
        {
            byte[] bytes = new byte[(2 * ids) - 2]; // one document; half of it trains, and EOS follows
            new Random(ids).NextBytes(bytes);
            for (int i = 1; i < bytes.Length; i++)
                if (bytes[i] is (byte)'\n' or (byte)'\r')
                    bytes[i] = 7;
            bytes[0] = 8;
            TextIds train = TextCorpus.FromBytes(bytes, 0.5).Train;
            Assert.Equal(ids, train.Length);
            return train;
        }
    }

    private static short[] First(int count)
    {
        short[] ids = new short[count];
        EmbeddedCorpus.Text.Train.CopyTo(0, ids);
        return ids;
    }

    private static NGramModel Fitted(int order, ReadOnlySpan<short> ids)
    {
        var model = new NGramModel(order);
        model.Fit(ids);
        return model;
    }
}
