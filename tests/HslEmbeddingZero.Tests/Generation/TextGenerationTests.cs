using System.Text;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Generation;

/// <summary>
/// Generation of bytes and text: synchronous and asynchronous calls agree, penalties, stop sequences, whole characters, long texts.
/// </summary>
public sealed class TextGenerationTests
{
    private static readonly byte[] Prompt = [.. "The prompt "u8];

    [Fact]
    public async Task Synchronous_and_asynchronous_generation_give_the_same_bytes()
    {
        using ByteLanguageModel model = Model();
        GenerationOptions options = new() { Seed = 3 };
        byte[] expected = Drawn(model, 60, options);
        using var generator = ByteGenerator.ForText(model, Prompt);
        List<byte> bytes = [];
        await foreach (byte value in generator.GenerateAsync(60, options)) bytes.Add(value);
        Assert.Equal(expected, bytes);
        Assert.Equal(expected, model.Generate(Prompt, 60, options));
        bytes.Clear();
        await foreach (byte value in model.GenerateAsync(Prompt, 60, options)) bytes.Add(value);
        Assert.Equal(expected, bytes);
    }

    /// <summary>Without a synchronization context, a byte costs no thread switch. With one, its thread does not compute.</summary>
    [Fact]
    public async Task A_byte_is_computed_on_the_callers_thread_unless_it_has_a_context()
    {
        List<int> threads = [];
        IEnumerable<int> Source()
        {
            for (int i = 0; i < 5; i++)
            {
                threads.Add(Environment.CurrentManagedThreadId);
                yield return i;
            }
        }

        await Task.Run(async () =>
        {
            int own = Environment.CurrentManagedThreadId;
            await foreach (int _ in OffTheContext.RunAsync(_ => Source(), default))
            {
            }

            Assert.Equal(5, threads.Count);
            Assert.All(threads, thread => Assert.Equal(own, thread));
        });

        threads.Clear();
        Thread caller = new(() =>
        {
            SynchronizationContext.SetSynchronizationContext(new SynchronizationContext());
            IAsyncEnumerator<int> items = OffTheContext.RunAsync(_ => Source(), default).GetAsyncEnumerator();
            while (items.MoveNextAsync().AsTask().GetAwaiter().GetResult())
            {
            }
        });
        caller.Start();
        caller.Join();
        Assert.Equal(5, threads.Count);
        Assert.DoesNotContain(caller.ManagedThreadId, threads);
    }

    [Fact]
    public void Byte_prompts_are_the_ids_of_the_bytes()
    {
        using ByteLanguageModel model = Model();
        using ByteGenerator bytes = new(model, [.. "context"u8], "stream"u8);
        using ByteGenerator ids = new(model, [.. "context".Select(c => (short)c)], [.. "stream".Select(c => (short)c)]);
        Assert.Equal(ids.Logits, bytes.Logits);
    }

    [Fact]
    public void Probabilities_are_the_softmax_without_mask()
    {
        using ByteLanguageModel model = Model();
        using var generator = ByteGenerator.ForText(model, Prompt);
        double[] probabilities = generator.Probabilities();
        ReadOnlySpan<float> logits = generator.Logits;
        Assert.Equal(1, probabilities.Sum(), 1e-12);
        Assert.Equal(0, probabilities[ByteIds.Mask]);
        Assert.Equal(Math.Exp((double)logits[65] - logits[97]), probabilities[65] / probabilities[97], 1e-9);
        Assert.Equal(Math.Exp((double)logits[ByteIds.EndOfSequence] - logits[97]),
            probabilities[ByteIds.EndOfSequence] / probabilities[97], 1e-9);
    }

    [Fact]
    public void A_repetition_penalty_makes_the_last_bytes_less_likely_and_no_others()
    {
        float[] logits = new float[ByteIds.Count];
        (logits[65], logits[66], logits[67]) = (3, 2.9f, 2.8f);
        Assert.Equal(65, Greedy([], 1.3, 64));
        Assert.Equal(66, Greedy([65], 1.3, 64));
        Assert.Equal(67, Greedy([65, 66], 1.3, 64));
        Assert.Equal(65, Greedy([65, 66], 1.3, 1)); // only 66 is within the window
        Assert.Equal(65, Greedy([65, 66], 1, 64));
        Array.Fill(logits, -2);
        (logits[65], logits[66]) = (-1, -1.2f);
        Assert.Equal(66, Greedy([65], 1.3, 64)); // a negative logit also becomes lower

        int Greedy(short[] before, double penalty, int window) =>
            new ByteSampler(new() { Temperature = 0, RepetitionPenalty = penalty, RepetitionWindow = window }).Draw(logits, before);
    }

    [Fact]
    public void A_model_that_repeats_itself_does_so_less_under_a_penalty()
    {
        using ByteLanguageModel model = Model();
        byte[] plain = Drawn(model, 100, new() { Temperature = 0 });
        byte[] penalized = Drawn(model, 100, new() { Temperature = 0, RepetitionPenalty = 3 });
        Assert.True(penalized.Distinct().Count() > plain.Distinct().Count(), $"{plain.Distinct().Count()}, {penalized.Distinct().Count()}");
    }

    /// <summary>
    /// All bytes before the sequence are returned, the sequence is not, whether the bytes were returned at once or held back.
    /// </summary>
    [Theory]
    [InlineData(new[] { "<|user|>" }, "answer<|user|>more", "answer", true)]
    [InlineData(new[] { "<|user|>" }, "a <|us and <<|user|>", "a <|us and <", true)]
    [InlineData(new[] { "<|user|>" }, "ends in <|use", "ends in <|use", false)]
    [InlineData(new[] { "abcd", "bc" }, "abcx", "a", true)]
    [InlineData(new[] { "aab" }, "aaab", "a", true)]
    [InlineData(new[] { "é" }, "caf\u00e9s", "caf", true)]
    [InlineData(new string[0], "all", "all", false)]
    public void A_stop_sequence_ends_what_is_given_out(string[] stops, string drawn, string expected, bool isEnded)
    {
        StopFilter filter = new(stops);
        List<byte> released = [];
        bool ended = false;
        foreach (byte value in Encoding.UTF8.GetBytes(drawn))
        {
            if (ended = filter.Add(value, released)) break;
        }

        if (!ended) filter.Complete(released);
        Assert.Equal((expected, isEnded), (Encoding.UTF8.GetString([.. released]), ended));
    }

    [Fact]
    public void Generation_ends_before_the_stop_sequence_also_across_the_parts_of_a_long_text()
    {
        using ByteLanguageModel model = Model();
        using (no_grad())
        using (Tensor notAscii = model.get_parameter("body.head.bias")!.narrow(0, 128, 128)) notAscii.fill_(-100); // stops are text
        GenerationOptions options = new() { Seed = 4, StreamBytes = 64 };
        byte[] whole = [.. model.Generate(Prompt, 200, options)];
        Assert.Equal(200, whole.Length);
        foreach (int at in new[] { 20, 31, 63, 95, 150 }) // parts have 32 bytes
        {
            string stop = Latin(whole[at..(at + 3)]);
            int first = Latin(whole).IndexOf(stop, StringComparison.Ordinal);
            Assert.Equal(whole[..first], model.Generate(Prompt, 200, options with { StopSequences = [stop] }));
        }

        static string Latin(byte[] bytes) => Encoding.Latin1.GetString(bytes);
    }

    [Fact]
    public void A_long_text_goes_on_over_the_end_of_a_stream_and_its_beginning_is_that_of_a_shorter_one()
    {
        using ByteLanguageModel model = Model();
        GenerationOptions options = new() { Seed = 4, StreamBytes = 100, ContextBytes = 50 };
        byte[] whole = [.. model.Generate(Prompt, 300, options)];
        Assert.Equal(300, whole.Length);
        Assert.Equal(whole[..150], model.Generate(Prompt, 150, options));
        Assert.Equal(whole[..68], Drawn(model, 68, options)); // one part, of one stream
        byte[] second = [.. Prompt, .. whole[..68]];
        using var next = ByteGenerator.ForText(model, second, contextBytes: 50);
        Assert.Equal(whole[68..136], next.Generate(68, options with { Seed = 4 ^ 68 }));
    }

    [Fact]
    public async Task Text_comes_in_whole_characters()
    {
        using ByteLanguageModel model = Model();
        GenerationOptions options = new() { Seed = 2 };
        byte[] bytes = [.. model.Generate(Prompt, 300, options)];
        List<string> pieces = [];
        await foreach (string piece in model.GenerateTextAsync("The prompt ", 300, options)) pieces.Add(piece);
        Assert.Equal(Encoding.UTF8.GetString(bytes), string.Concat(pieces));
        Assert.All(pieces, piece => Assert.False(char.IsHighSurrogate(piece[^1]) || char.IsLowSurrogate(piece[0])));
        Assert.Equal(string.Concat(pieces), model.GenerateText("The prompt ", 300, options));
    }

    [Fact]
    public async Task A_cancellation_stops_text_and_bytes()
    {
        using ByteLanguageModel model = Model();
        using CancellationTokenSource source = new();
        int pieces = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (string _ in model.GenerateTextAsync("", 10_000).WithCancellation(source.Token))
            {
                if (++pieces == 5) await source.CancelAsync();
            }
        });
        Assert.Equal(5, pieces);
        Assert.Throws<OperationCanceledException>(() => model.GenerateText("", 100, cancellationToken: source.Token));
        Assert.Throws<OperationCanceledException>(() => model.Generate(Prompt, 100, cancellationToken: source.Token).Count());
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Logits_that_are_not_finite_are_an_error(float value)
    {
        using ByteLanguageModel model = Model();
        using (no_grad()) model.get_parameter("body.head.bias")![97] = value;
        using var generator = ByteGenerator.ForText(model, Prompt);
        for (int time = 0; time < 2; time++) // not only at first
        {
            NotFiniteNumberException error = Assert.Throws<NotFiniteNumberException>(() => generator.Logits.Length);
            Assert.Contains("97", error.Message, StringComparison.Ordinal);
        }

        Assert.Throws<NotFiniteNumberException>(() => generator.Probabilities());
        Assert.Throws<NotFiniteNumberException>(() => model.GenerateText("The prompt ", 10));
    }

    public static TheoryData<string, GenerationOptions> Wrong => new()
    {
        { "Temperature", new() { Temperature = double.NaN } },
        { "TopK", new() { TopK = -1 } },
        { "TopP", new() { TopP = 1.5 } },
        { "RepetitionPenalty", new() { RepetitionPenalty = 0.9 } },
        { "RepetitionPenalty", new() { RepetitionPenalty = double.PositiveInfinity } },
        { "RepetitionWindow", new() { RepetitionWindow = 0 } },
        { "Seed", new() { Seed = -1 } },
        { "ContextBytes", new() { ContextBytes = -1 } },
        { "StreamBytes", new() { StreamBytes = 63 } },
        { "StopSequences", new() { StopSequences = ["a", ""] } },
    };

    /// <summary>The error comes at the call, not at the first byte.</summary>
    [Theory]
    [MemberData(nameof(Wrong))]
    public void An_option_out_of_its_range_is_named_at_once(string name, GenerationOptions options)
    {
        using ByteLanguageModel model = Model();
        using var generator = ByteGenerator.ForText(model, Prompt);
        Action[] calls =
        [
            () => generator.Generate(1, options), () => generator.GenerateAsync(1, options), () => model.Generate(Prompt, 1, options),
            () => model.GenerateAsync(Prompt, 1, options), () => model.GenerateText("", 1, options),
            () => model.GenerateTextAsync("", 1, options),
        ];
        Assert.All(calls, call => Assert.Contains(name, Assert.ThrowsAny<ArgumentException>(call).Message, StringComparison.Ordinal));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Generate(Prompt, -1));
        model.train();
        Assert.Contains("eval()", Assert.Throws<ArgumentException>(() => model.GenerateTextAsync("", 1)).Message, StringComparison.Ordinal);
    }

    private static byte[] Drawn(ByteLanguageModel model, int count, GenerationOptions options)
    {
        using var generator = ByteGenerator.ForText(model, Prompt, options.ContextBytes);
        return [.. generator.Generate(count, options)];
    }

    /// <summary>A model that never ends a document.</summary>
    private static ByteLanguageModel Model()
    {
        ByteLanguageModel model = new(new ZeroDoor(2, 64), new(new() { Dim = 64, Layers = 1, Heads = 2 }));
        model.ResetParameters(1);
        using (no_grad()) model.get_parameter("body.head.bias")![ByteIds.EndOfSequence] = -100;
        model.eval();
        return model;
    }
}
