using System.Diagnostics;
using Xunit.Abstractions;

namespace HslEmbeddingZero.Training.Tests.Data;

public class NGramModelTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void An_empty_model_is_uniform_over_the_ids(int order) =>
        Assert.Equal(Math.Log2(258), new NGramModel(order).BitsPerByte([], [0, 255, 256, 257]), 1e-12);

    /// <summary>Uniform symbols, few enough that each context is seen thousands of times, as smoothing needs.</summary>
    [Theory]
    [InlineData(1, 256)]
    [InlineData(2, 256)]
    [InlineData(3, 16)]
    public void Uniform_symbols_need_the_logarithm_of_their_number(int order, int symbols)
    {
        var random = new Random(1);
        var ids = Enumerable.Range(0, 2_000_000).Select(_ => (short)random.Next(symbols)).ToArray();
        var model = Fitted(order, ids.AsSpan(..1_900_000));
        Assert.Equal(Math.Log2(symbols), model.BitsPerByte(ids.AsSpan(1_899_000..1_900_000), ids.AsSpan(1_900_000..)), 0.06);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Deterministic_bytes_need_about_none(int order)
    {
        var ids = Enumerable.Range(0, 100_000).Select(i => (short)(i % 258)).ToArray();
        var model = new NGramModel(order);
        model.Fit(ids);
        Assert.InRange(model.BitsPerByte([256, 257], ids.AsSpan(..5000)), 0, 0.05);
    }

    [Fact]
    public void A_trigram_tells_apart_what_a_bigram_cannot()
    {
        var ids = Enumerable.Range(0, 40_000).Select(i => (short)"aabb"[i % 4]).ToArray();
        Assert.Equal(1, Fitted(2, ids).BitsPerByte([], ids), 0.01);
        Assert.Equal(0, Fitted(3, ids).BitsPerByte([], ids), 0.01);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Probabilities_sum_to_one_after_seen_and_unseen_contexts(int order)
    {
        var model = Fitted(order, EmbeddedCorpus.Text.Train.Span[..50_000]);
        foreach (var before in new short[][] { [], [32], [116, 104], [200, 3], [116, 256], [257, 65] })
            Assert.Equal(1, Enumerable.Range(0, 258).Sum(id => model.Probability(before, (short)id)), 1e-9);
    }

    [Fact]
    public void The_context_is_the_ids_before_and_is_not_scored()
    {
        var ids = EmbeddedCorpus.Text.Train.Span[..20_000];
        var model = Fitted(3, ids);
        var whole = model.BitsPerByte(ids[..100], ids[100..300]) * 200;
        var parts = (model.BitsPerByte(ids[98..100], ids[100..101]) * 1) + (model.BitsPerByte(ids[..101], ids[101..300]) * 199);
        Assert.Equal(whole, parts, 1e-9);
    }

    [Fact]
    public void Counts_add_up_over_calls()
    {
        var (once, twice) = (new NGramModel(1), new NGramModel(1));
        once.Fit([1, 2, 3, 4]);
        twice.Fit([1, 2]);
        twice.Fit([3, 4]);
        Assert.Equal(once.BitsPerByte([], [1, 4, 9]), twice.BitsPerByte([], [1, 4, 9]));
    }

    /// <summary>The expected figures come from a second implementation, over dictionaries, written from the formula alone.</summary>
    [Theory]
    [InlineData(2, 3.6009359, 3.4078692)]
    [InlineData(3, 2.8096008, 2.2326450)]
    public void Held_out_text_needs_what_a_second_implementation_finds(int order, double english, double korean)
    {
        var clock = Stopwatch.StartNew();
        var model = Fitted(order, EmbeddedCorpus.Text.Train.Span);
        output.WriteLine($"order {order}: fitted {EmbeddedCorpus.Text.Train.Length} ids in {clock.ElapsedMilliseconds} ms");
        Assert.Equal(english, model.BitsPerByte([], EmbeddedCorpus.Text.HeldOut(0).Span), 1e-6);
        Assert.Equal(korean, model.BitsPerByte([], EmbeddedCorpus.Text.HeldOut(1).Span), 1e-6);
    }

    [Fact]
    public void Bad_arguments_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new NGramModel(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NGramModel(4));
        var model = new NGramModel(2);
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Fit([258]));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Fit([-1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.BitsPerByte([300], [1]));
        Assert.Throws<ArgumentException>(() => model.BitsPerByte([1], []));
    }

    private static NGramModel Fitted(int order, ReadOnlySpan<short> ids)
    {
        var model = new NGramModel(order);
        model.Fit(ids);
        return model;
    }
}
