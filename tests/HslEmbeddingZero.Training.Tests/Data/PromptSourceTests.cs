using System.Text;
using HslEmbeddingZero.Training.Tests.Runs;

namespace HslEmbeddingZero.Training.Tests.Data;

public sealed class PromptSourceTests
{
    private const short M = ByteIds.Mask, E = ByteIds.EndOfSequence;

    private static readonly SampleShape Shape = new(6, 4);

    [Fact]
    public void The_prompt_ends_the_context_and_the_answer_begins_the_targets()
    {
        (short[] context, short[] targets) = Fill(Source("abc", "xy"));
        Assert.Equal([M, M, M, (short)'a', (short)'b', (short)'c'], context);
        Assert.Equal([(short)'x', (short)'y', E, M], targets);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("abcdef", "xyz")]
    [InlineData("미나", "한")]
    public void Prompts_and_answers_of_every_length_that_fits_are_written_whole(string prompt, string answer)
    {
        (short[] context, short[] targets) = Fill(Source(prompt, answer));
        Assert.Equal([.. Enumerable.Repeat(M, 6 - IdsOf(prompt).Length), .. IdsOf(prompt)], context);
        Assert.Equal([.. IdsOf(answer), E, .. Enumerable.Repeat(M, 3 - IdsOf(answer).Length)], targets);
    }

    [Fact]
    public void A_long_prompt_keeps_its_end() => Assert.Equal(IdsOf("cdefgh"), Fill(Source("abcdefgh", "")).Context);

    [Fact]
    public void An_answer_that_is_too_long_is_an_error_that_shows_it()
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(() => Fill(Source("a", "four")));
        Assert.Equal("An answer has 4 bytes; with EOS, at most 4 ids can be scored: \"four\".", refused.Message);
        string message = Assert.Throws<ArgumentException>(() => PromptSource.Collect(Shape, [Sample("a", new string('x', 500))])).Message;
        Assert.Contains($"has 500 bytes; with EOS, at most 4 ids can be scored: \"{new string('x', 60)}\".", message,
            StringComparison.Ordinal);
    }

    /// <summary>A batch is filled on another thread. The run ends with the source and the sample that failed.</summary>
    [Fact]
    public void An_answer_that_is_too_long_ends_the_run_that_draws_it()
    {
        PromptSource source = new("prompts", Shape, "1", draw => Sample("a", draw.Index == 3 ? "long" : "b"));
        using TinyRun run = new(TinyRun.Options, dim: 32, bytesPerSlot: 1, sources: [source]);
        InvalidOperationException failure = Assert.Throws<InvalidOperationException>(() => run.Trainer.Run());
        Assert.Contains("An answer has 4 bytes", failure.Message, StringComparison.Ordinal);
        Assert.Contains("\"long\"", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Samples_to_score_are_those_of_training()
    {
        PromptSample[] samples = [Sample("abc", "xy"), Sample("abcdefgh", ""), Sample("", "xyz")];
        HeldOutSamples heldOut = PromptSource.Collect(Shape, samples);
        Assert.Equal((3, Shape), (heldOut.Count, heldOut.Shape));
        for (int i = 0; i < samples.Length; i++)
        {
            (short[] context, short[] targets) = Fill(new PromptSource("prompts", Shape, "1", _ => samples[i]));
            Assert.Equal(context, heldOut.Context(i).ToArray());
            Assert.Equal(targets, heldOut.Target(i).ToArray());
        }

        short[] contexts = PromptSource.CollectContexts(Shape, [.. samples.Select(sample => sample.Prompt)]);
        Assert.Equal(heldOut.Contexts.ToArray(), contexts);
        Assert.Equal(contexts, heldOut.WithSwap("same", contexts).SwappedContext(0, 0).ToArray()
            .Concat(contexts[Shape.ContextLength..]));
    }

    [Fact]
    public void A_draw_gives_the_same_sample_whenever_and_in_whatever_batch_it_comes()
    {
        PromptSource source = new("prompts", Shape, "1", draw => Sample($"{draw.Below(1000)}", $"{draw.Index % 100}"));
        BatchSampler pairs = new([source], 2, 7);
        Dictionary<long, short[]> first = [];
        foreach (long batch in (long[])[0, 1, 2, 2, 0, 1])
        {
            (short[] context, short[] targets) = BatchSamplerTests.Fill(pairs, batch);
            short[] all = [.. context, .. targets];
            Assert.Equal(first.TryGetValue(batch, out short[]? before) ? before : first[batch] = all, all);
        }

        Assert.Equal(3, first.Values.Select(ids => string.Join(' ', ids)).Distinct().Count());
    }

    [Fact]
    public void A_source_without_samples_to_draw_is_only_scored()
    {
        HeldOutSamples heldOut = PromptSource.Collect(Shape, [Sample("abc", "xy")]);
        PromptSource source = new("asked", Shape, "1", draw: null, heldOut, weight: 0);
        Assert.Same(heldOut, source.HeldOut);
        string message = Assert.Throws<InvalidOperationException>(() => Fill(source)).Message;
        Assert.Contains("'asked' has nothing to train on", message, StringComparison.Ordinal);
        message = Assert.Throws<ArgumentException>(() => new PromptSource("asked", Shape, "1", null, heldOut, 0.5)).Message;
        Assert.Contains("'asked' has no samples to draw: its weight must be 0, not 0.5.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_says_what_it_is()
    {
        PromptSource source = Source("a", "b");
        Assert.True(source.HasPadding);
        Assert.Equal(("prompts", Shape, "1", 1.0), (source.Name, source.Shape, source.Fingerprint, source.Weight));
        Assert.Null(source.HeldOut);
        Assert.False(TinyRun.TextOnly[0].HasPadding);
    }

    [Fact]
    public void Impossible_sources_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new PromptSource("two words", Shape, "1", _ => default));
        Assert.Throws<ArgumentNullException>(() => new PromptSource("a", Shape, null!, _ => default));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PromptSource("a", new(0, 4), "1", _ => default));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PromptSource("a", Shape, "1", _ => default, weight: -1));
        Assert.Throws<ArgumentException>(() => PromptSource.Collect(Shape, []));
        Assert.Throws<ArgumentNullException>(() => PromptSource.Collect(Shape, null!));
        HeldOutSamples other = PromptSource.Collect(new(4, 6), [Sample("a", "b")]);
        string message = Assert.Throws<ArgumentException>(() => new PromptSource("mine", Shape, "1", _ => default, other)).Message;
        Assert.Contains("'mine'", message, StringComparison.Ordinal);
        Assert.Contains("ContextLength = 4, TargetLength = 6", message, StringComparison.Ordinal);
    }

    private static PromptSource Source(string prompt, string answer) => new("prompts", Shape, "1", _ => Sample(prompt, answer));

    private static PromptSample Sample(string prompt, string answer) =>
        new(Encoding.UTF8.GetBytes(prompt), Encoding.UTF8.GetBytes(answer));

    private static short[] IdsOf(string text) => Ids.Of(Encoding.UTF8.GetBytes(text));

    private static (short[] Context, short[] Targets) Fill(PromptSource source)
    {
        short[] context = new short[Shape.ContextLength], targets = new short[Shape.TargetLength];
        source.Fill(new(0, 0, 0.5), context, targets);
        return (context, targets);
    }
}
