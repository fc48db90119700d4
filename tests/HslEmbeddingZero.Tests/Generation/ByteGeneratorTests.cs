using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Generation;

public sealed class ByteGeneratorTests
{
    private const int Dim = 64;

    [Theory]
    [InlineData(0, 1)]
    [InlineData(5, 3)]
    [InlineData(150, 70)]
    public void Cached_logits_equal_those_of_the_whole_stream(int contextLength, int streamLength)
    {
        using ByteLanguageModel model = Model();
        short[] context = Ids(contextLength, 1);
        short[] stream = Ids(streamLength, 2);
        using Tensor whole = model.forward(tensor(context, [1, contextLength]), tensor(stream, [1, streamLength]));
        using ByteGenerator generator = new(model, context);
        for (int j = 0; j < streamLength; j++)
        {
            float[] expected = [.. whole.select(0, 0).select(0, j).data<float>()];
            for (int v = 0; v < expected.Length; v++) Assert.Equal(expected[v], generator.Logits[v], 1e-4f);
            generator.Accept(stream[j]);
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(6, 2)]
    [InlineData(16, 90)]
    public void A_stream_that_is_given_at_once_is_read_like_one_that_comes_by_and_by(int contextLength, int streamLength)
    {
        using ByteLanguageModel model = Model();
        short[] context = Ids(contextLength, 1);
        short[] stream = Ids(streamLength, 2);
        using ByteGenerator slow = new(model, context);
        foreach (short id in stream) slow.Accept(id);
        using ByteGenerator fast = new(model, context, stream);
        Same();
        slow.Accept(7);
        fast.Accept(7);
        Same();

        void Same()
        {
            for (int v = 0; v < ByteIds.Count; v++) Assert.Equal(slow.Logits[v], fast.Logits[v], 1e-4f);
        }
    }

    /// <summary>At the start and after a special id, there are fewer bytes than the codes look back.</summary>
    [Theory]
    [InlineData(0, false, false)]
    [InlineData(7, false, false)]
    [InlineData(7, true, false)]
    [InlineData(7, false, true)]
    [InlineData(7, true, true)]
    public void Codes_are_the_same_step_by_step_as_in_the_whole_stream(int contextLength, bool withSpecialIds, bool withPrevious)
    {
        NgramCodes codes = new() { Orders = [2, 8], ColumnsPerOrder = 9, WithPrevious = withPrevious };
        using ByteLanguageModel model = Model(codes);
        short[] context = Ids(contextLength, 1), stream = Ids(40, 2);
        if (withSpecialIds)
        {
            foreach (int i in new[] { 0, 5, 6, 15, 30 }) stream[i] = (short)(ByteIds.Mask + (i % 2));
        }

        using Tensor whole = model.forward(tensor(context, [1, contextLength]), tensor(stream, [1, stream.Length]));
        using ByteGenerator generator = new(model, context);
        for (int j = 0; j < stream.Length; j++)
        {
            using ByteGenerator given = new(model, context, stream.AsSpan(0, j));
            float[] expected = [.. whole.select(0, 0).select(0, j).data<float>()];
            for (int v = 0; v < expected.Length; v++)
            {
                Assert.Equal(expected[v], generator.Logits[v], 1e-4f);
                Assert.Equal(expected[v], given.Logits[v], 1e-4f);
            }

            generator.Accept(stream[j]);
        }
    }

    /// <summary>With slots of three bytes: how many bytes of the text are context, and how many begin the stream.</summary>
    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(32, 0, 32)]
    [InlineData(34, 0, 34)]
    [InlineData(35, 3, 32)]
    [InlineData(37, 3, 34)]
    [InlineData(542, 510, 32)]
    [InlineData(543, 510, 33)]
    [InlineData(1000, 510, 34)] // 968 = 3 · 322 + 2 before the last 32
    public void A_text_is_presented_in_whole_slots_and_single_bytes(int length, int context, int stream)
    {
        byte[] text = [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7))];
        (short[] Context, short[] Stream) presented = TextPrompt.Present(text, 3);
        Assert.Equal((context, stream), (presented.Context.Length, presented.Stream.Length));
        Assert.Equal(text[^(context + stream)..].Select(value => (short)value), presented.Context.Concat(presented.Stream));
    }

    [Fact]
    public void A_generator_for_a_text_has_read_it_and_one_for_none_stands_behind_a_document()
    {
        using ByteLanguageModel model = Model();
        byte[] text = [.. Enumerable.Range(0, 50).Select(i => (byte)(60 + i))];
        short[] ids = [.. text.Select(value => (short)value)];
        Same(ByteGenerator.ForText(model, text), new ByteGenerator(model, ids.AsSpan(0, 18), ids.AsSpan(18)));
        Same(ByteGenerator.ForText(model, []), new ByteGenerator(model, [], [ByteIds.EndOfSequence]));

        static void Same(ByteGenerator actual, ByteGenerator expected)
        {
            using (actual)
            using (expected) Assert.Equal(expected.Logits, actual.Logits);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Generation_goes_on_behind_the_bytes_that_were_taken(bool isBrokenOff)
    {
        using ByteLanguageModel model = Model();
        GenerationOptions greedy = new() { Temperature = 0 };
        using ByteGenerator whole = new(model, [72, 105, 32]);
        List<byte> expected = [];
        await foreach (byte value in whole.GenerateAsync(12, greedy)) expected.Add(value);

        using ByteGenerator parts = new(model, [72, 105, 32]);
        List<byte> bytes = [];
        await foreach (byte value in parts.GenerateAsync(isBrokenOff ? 100 : 5, greedy))
        {
            bytes.Add(value);
            if (bytes.Count == 5) break;
        }

        await foreach (byte value in parts.GenerateAsync(7, greedy)) bytes.Add(value);
        Assert.Equal(12, expected.Count);
        Assert.Equal(expected, bytes);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_bytes_and_another_one_others()
    {
        using ByteLanguageModel model = Model();
        byte[] first = await Bytes(model, new GenerationOptions { Seed = 3 });
        Assert.Equal(first, await Bytes(model, new GenerationOptions { Seed = 3 }));
        Assert.NotEqual(first, await Bytes(model, new GenerationOptions { Seed = 4 }));
    }

    [Fact]
    public async Task Greedy_takes_the_most_likely_byte_whatever_the_seed()
    {
        using ByteLanguageModel model = Model();
        byte[] greedy = await Bytes(model, new GenerationOptions { Temperature = 0, Seed = 1 });
        Assert.NotEmpty(greedy);
        Assert.Equal(greedy, await Bytes(model, new GenerationOptions { Temperature = 0, Seed = 2 }));
        Assert.Equal(greedy, await Bytes(model, new GenerationOptions { TopK = 1 }));
        Assert.Equal(greedy, await Bytes(model, new GenerationOptions { TopP = 1e-9 }));
    }

    [Fact]
    public async Task A_cancellation_stops_between_two_bytes()
    {
        using ByteLanguageModel model = Model();
        using ByteGenerator generator = new(model, [1, 2, 3]);
        using CancellationTokenSource cancellationToken = new();
        int bytes = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (byte _ in generator.GenerateAsync(1000, cancellationToken: cancellationToken.Token))
            {
                if (++bytes == 3) await cancellationToken.CancelAsync();
            }
        });
        Assert.Equal(3, bytes);
    }

    [Fact]
    public void Bad_input_is_refused()
    {
        using ByteLanguageModel model = Model();
        Assert.Throws<ArgumentOutOfRangeException>(() => new ByteGenerator(model, [ByteIds.Count]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ByteGenerator(model, [], [-1]));
        using ByteGenerator generator = new(model, []);
        Assert.Throws<ArgumentOutOfRangeException>(() => generator.Accept(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ByteSampler(new GenerationOptions { Temperature = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ByteSampler(new GenerationOptions { TopP = 0 }));
        model.train();
        Assert.Contains("eval()", Assert.Throws<ArgumentException>(() => new ByteGenerator(model, [])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_outside_top_k_and_the_mask_never_come()
    {
        float[] logits = new float[ByteIds.Count];
        logits[ByteIds.Mask] = 100;
        logits[7] = 5;
        logits[9] = 5;
        ByteSampler sampler = new(new GenerationOptions { TopK = 2 });
        int[] drawn = [.. Enumerable.Range(0, 500).Select(_ => sampler.Draw(logits, []))];
        Assert.Equal([7, 9], drawn.Distinct().Order());
        Assert.InRange(drawn.Count(id => id == 7), 200, 300);
    }

    private static async Task<byte[]> Bytes(ByteLanguageModel model, GenerationOptions options)
    {
        using ByteGenerator generator = new(model, [72, 105, 32]);
        List<byte> bytes = [];
        await foreach (byte value in generator.GenerateAsync(40, options)) bytes.Add(value);
        return [.. bytes];
    }

    private static ByteLanguageModel Model(NgramCodes? codes = null)
    {
        manual_seed(5);
        ByteLanguageModel model = new(new ZeroDoor(2, Dim, ngrams: codes),
            new ByteTransformer(new ByteTransformerOptions { Dim = Dim, Layers = 2, Heads = 4, MemoryChunk = 16 }));
        using (no_grad())
        {
            foreach ((string name, Tensor weight) in model.named_parameters())
            {
                if (name.EndsWith("gate", StringComparison.Ordinal)) weight.fill_(0.7f); // otherwise the memory would have no effect
            }
        }

        model.eval();
        return model;
    }

    private static short[] Ids(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (short)random.Next(ByteIds.Count))];
    }
}
