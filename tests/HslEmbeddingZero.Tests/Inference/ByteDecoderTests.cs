using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Inference;

/// <summary>The decoder in plain C# against the model on libtorch, and against itself.</summary>
public sealed class ByteDecoderTests : IDisposable
{
    private const double Close = 1e-4;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Arms => [.. DoorArms.Names];

    private string ModelPath => _folder.PathOf("model.safetensors");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Arms))]
    public void The_logits_of_every_door_are_those_of_the_model(string arm)
    {
        using ByteLanguageModel model = Saved(arm);
        var decoder = ByteDecoder.Load(ModelPath);
        Assert.Equal(model.Door.BytesPerSlot, decoder.BytesPerSlot);
        short[] context = DecoderModels.Ids(23, 1), stream = DecoderModels.Ids(5, 2), rest = DecoderModels.Ids(30, 3);
        using ByteGenerator expected = new(model, context, stream);
        using DecoderGenerator actual = decoder.CreateGenerator(context, stream);
        Assert.InRange(DecoderModels.Difference(expected, actual, rest), 0, Close);
        Assert.Equal([.. context, .. stream, .. rest], actual.Ids.ToArray());
    }

    [Theory]
    [InlineData(SlotTail.Pad, true, 0)]
    [InlineData(SlotTail.Drop, true, 2)]
    [InlineData(SlotTail.Drop, false, 40)]
    [InlineData(SlotTail.Pad, false, 700)] // more slots than one pass reads
    public void The_logits_of_every_body_and_context_are_those_of_the_model(SlotTail tail, bool hasMemory, int context)
    {
        using ByteLanguageModel model = Saved("zero-ngram", hasMemory, tail);
        var decoder = ByteDecoder.Load(ModelPath);
        using ByteGenerator expected = new(model, DecoderModels.Ids(context, 1));
        using DecoderGenerator actual = decoder.CreateGenerator(DecoderModels.Ids(context, 1));
        Assert.InRange(DecoderModels.Difference(expected, actual, DecoderModels.Ids(20, 2)), 0, Close);
    }

    [Theory]
    [InlineData("zero", SlotTail.Pad)]
    [InlineData("projection", SlotTail.Drop)]
    public void Codes_of_the_position_before_give_the_logits_of_the_model(string arm, SlotTail tail)
    {
        NgramCodes ngrams = new() { Orders = [2, 8], ColumnsPerOrder = 20, InSlots = true, WithPrevious = true };
        using ByteLanguageModel model = DecoderModels.Create(arm, tail: tail, ngrams: ngrams);
        model.Save(ModelPath);
        using ByteGenerator expected = new(model, DecoderModels.Ids(40, 1));
        using DecoderGenerator actual = ByteDecoder.Load(ModelPath).CreateGenerator(DecoderModels.Ids(40, 1));
        Assert.InRange(DecoderModels.Difference(expected, actual, DecoderModels.Ids(40, 2)), 0, Close);
    }

    /// <summary>The cache begins with room for 512 positions.</summary>
    [Theory]
    [InlineData(DecoderPrecision.Float32, Close)]
    [InlineData(DecoderPrecision.BFloat16, 0.03)]
    public void A_long_stream_grows_the_cache(DecoderPrecision cache, double limit)
    {
        using ByteLanguageModel model = Saved();
        var decoder = ByteDecoder.Load(ModelPath, new() { Cache = cache });
        using ByteGenerator expected = new(model, [], DecoderModels.Ids(500, 1));
        using DecoderGenerator actual = decoder.CreateGenerator([], DecoderModels.Ids(500, 1));
        Assert.InRange(DecoderModels.Difference(expected, actual, DecoderModels.Ids(40, 2)), 0, limit);
        using DecoderGenerator atOnce = decoder.CreateGenerator([], [.. DecoderModels.Ids(500, 1), .. DecoderModels.Ids(40, 2)]);
        Assert.Equal(DecoderModels.Bits(atOnce, [7, 8]), DecoderModels.Bits(actual, [7, 8]));
    }

    [Theory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.Float64)]
    public void Weights_of_other_types_are_read_as_they_are(ScalarType dtype)
    {
        Saved(dtype: dtype).Dispose();
        using var model = ByteLanguageModel.Load(ModelPath);
        model.to(ScalarType.Float32);
        model.eval();
        var decoder = ByteDecoder.Load(ModelPath);
        using ByteGenerator expected = new(model, DecoderModels.Ids(9, 1));
        using DecoderGenerator actual = decoder.CreateGenerator(DecoderModels.Ids(9, 1));
        Assert.InRange(DecoderModels.Difference(expected, actual, DecoderModels.Ids(9, 2)), 0, Close);
    }

    [Fact]
    public void Every_vector_width_and_number_of_threads_gives_the_same_bits()
    {
        Saved("zero-ngram").Dispose();
        short[] context = DecoderModels.Ids(31, 1), stream = DecoderModels.Ids(11, 2), rest = DecoderModels.Ids(6, 3);
        foreach (DecoderPrecision weights in Enum.GetValues<DecoderPrecision>())
        {
            uint[]? first = null;
            foreach (FeaturePath width in Enum.GetValues<FeaturePath>())
            {
                foreach (int threads in (int[])[1, 3])
                {
                    ByteDecoderOptions options = new() { Weights = weights, Threads = threads, Cache = DecoderPrecision.BFloat16 };
                    using DecoderGenerator generator = ByteDecoder.Load(ModelPath, options, width).CreateGenerator(context, stream);
                    uint[] bits = DecoderModels.Bits(generator, rest);
                    Assert.Equal(first ??= bits, bits);
                }
            }
        }
    }

    [Fact]
    public void A_prompt_that_is_read_at_once_gives_the_bits_of_one_that_is_read_byte_by_byte()
    {
        Saved("projection-ngram").Dispose();
        var decoder = ByteDecoder.Load(ModelPath);
        short[] context = DecoderModels.Ids(20, 1), stream = DecoderModels.Ids(150, 2);
        using DecoderGenerator slow = decoder.CreateGenerator(context);
        foreach (short id in stream) slow.Accept(id);
        using DecoderGenerator fast = decoder.CreateGenerator(context, stream);
        Assert.Equal(DecoderModels.Bits(slow, [1, 2, 3]), DecoderModels.Bits(fast, [1, 2, 3]));
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(16, 2)]
    [InlineData(70, 1)] // more than one pass reads
    public void Streams_that_are_read_together_give_the_bits_of_streams_that_are_read_alone(int count, int threads)
    {
        Saved().Dispose();
        var decoder = ByteDecoder.Load(ModelPath, new() { Threads = threads });
        DecoderGenerator[] together = [.. Enumerable.Range(0, count).Select(Generator)];
        DecoderGenerator[] alone = [.. Enumerable.Range(0, count).Select(Generator)];
        for (int step = 0; step < 5; step++)
        {
            for (int i = 0; i < count; i++)
            {
                if ((i + step) % 5 == 0) continue; // has nothing to read
                together[i].Accept(i + step);
                alone[i].Accept(i + step);
            }

            decoder.Read([.. together, together[0]]); // One that is named twice is read once.
            Assert.DoesNotContain(together, generator => generator.IsUnread);
        }

        for (int i = 0; i < count; i++) Assert.Equal(DecoderModels.Bits(alone[i], []), DecoderModels.Bits(together[i], []));

        DecoderGenerator Generator(int i) => decoder.CreateGenerator(DecoderModels.Ids(3 * i % 40, i), DecoderModels.Ids(i % 7, i));
    }

    [Fact]
    public async Task Threads_of_the_caller_may_use_one_decoder_at_once()
    {
        Saved().Dispose();
        var decoder = ByteDecoder.Load(ModelPath, new() { Threads = 2 });
        uint[] expected = Run(0);
        uint[][] results = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => Run(0))));
        Assert.All(results, result => Assert.Equal(expected, result));

        uint[] Run(int seed)
        {
            using DecoderGenerator generator = decoder.CreateGenerator(DecoderModels.Ids(30, seed));
            return DecoderModels.Bits(generator, DecoderModels.Ids(20, seed + 1));
        }
    }

    [Fact]
    public void A_byte_allocates_nothing()
    {
        Saved("zero-ngram").Dispose();
        var decoder = ByteDecoder.Load(ModelPath);
        using DecoderGenerator generator = decoder.CreateGenerator(DecoderModels.Ids(20, 1)), other = decoder.CreateGenerator([]);
        DecoderGenerator[] both = [generator, other];
        Steps(70); // Lists and pools have grown.
        long before = GC.GetAllocatedBytesForCurrentThread();
        Steps(40);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Steps(int count)
        {
            for (int i = 0; i < count; i++)
            {
                generator.Accept(i);
                other.Accept(i);
                if (i % 2 == 0) decoder.Read(both);
                Assert.True(generator.Logits[0] < other.Logits[1] + 1e9f);
            }
        }
    }

    [Fact]
    public void Int8_weights_are_close_and_the_same_when_they_are_stored()
    {
        using ByteLanguageModel model = Saved("embedding");
        string stored = _folder.PathOf("int8.safetensors");
        ByteDecoder.SaveInt8(ModelPath, stored);
        ByteDecoder atLoad = ByteDecoder.Load(ModelPath, new() { Weights = DecoderPrecision.Int8 }), fromFile = ByteDecoder.Load(stored);
        Assert.InRange(fromFile.WeightBytes, 1, (ByteDecoder.Load(ModelPath).WeightBytes / 4) + 1);
        Assert.InRange(new FileInfo(stored).Length, 1, new FileInfo(ModelPath).Length / 3);
        short[] context = DecoderModels.Ids(20, 1), rest = DecoderModels.Ids(20, 2);
        using ByteGenerator expected = new(model, context);
        using DecoderGenerator first = atLoad.CreateGenerator(context), second = fromFile.CreateGenerator(context);
        Assert.InRange(DecoderModels.Difference(expected, first, rest), 1e-4, 0.3);
        using DecoderGenerator again = atLoad.CreateGenerator(context);
        Assert.Equal(DecoderModels.Bits(again, rest), DecoderModels.Bits(second, rest));

        SafetensorsException refused = Assert.Throws<SafetensorsException>(() => ByteLanguageModel.Load(stored));
        Assert.Contains("This is an int8 model, which only ByteDecoder loads.", refused.Message, StringComparison.Ordinal);
        Assert.Throws<SafetensorsException>(() => ByteDecoder.SaveInt8(stored, _folder.PathOf("twice.safetensors")));
    }

    [Fact]
    public async Task Text_is_generated_as_by_the_model()
    {
        using ByteLanguageModel model = Saved();
        IByteModel decoder = ByteDecoder.Load(ModelPath);
        GenerationOptions drawn = new() { Seed = 4, Temperature = 0.8, TopK = 40, StreamBytes = 64, ContextBytes = 30 };
        string expected = model.GenerateText("A text that is longer than its stream.", 150, drawn);
        Assert.Equal(expected, decoder.GenerateText("A text that is longer than its stream.", 150, drawn));
        string pieces = "";
        await foreach (string piece in decoder.GenerateTextAsync("A text that is longer than its stream.", 150, drawn)) pieces += piece;
        Assert.Equal(expected, pieces);
    }

    [Fact]
    public void Forward_gives_the_logits_from_which_each_id_of_a_stream_is_drawn()
    {
        using ByteLanguageModel model = Saved();
        var decoder = ByteDecoder.Load(ModelPath);
        short[] context = DecoderModels.Ids(20, seed: 5), stream = DecoderModels.Ids(150, seed: 6);
        float[] logits = new float[stream.Length * ByteIds.Count];
        decoder.Forward(context, stream, logits);
        using (DecoderGenerator generator = decoder.CreateGenerator(context))
        {
            uint[] drawn = DecoderModels.Bits(generator, stream.AsSpan(0, stream.Length - 1));
            Assert.Equal(drawn, logits.Select(BitConverter.SingleToUInt32Bits));
        }

        // A model that only generates computes them one by one.
        float[] oneByOne = new float[logits.Length];
        ((IByteModel)new OnlyGenerates(decoder)).Forward(context, stream, oneByOne);
        Assert.Equal(logits, oneByOne);

        float[] reference = new float[logits.Length];
        ((IByteModel)model).Forward(context, stream, reference);
        for (int i = 0; i < logits.Length; i++) Assert.Equal(reference[i], logits[i], 1e-4);
        using Tensor contexts = tensor(context, [1, context.Length]), streams = tensor(stream, [1, stream.Length]);
        using Tensor batch = model.forward(contexts, streams);
        Assert.Equal(batch.data<float>(), reference);

        decoder.Forward(context, [], []);
        ((IByteModel)model).Forward(context, [], []);
        float[] first = new float[ByteIds.Count], ofModel = new float[ByteIds.Count];
        decoder.Forward([], [7], first);
        ((IByteModel)model).Forward([], [7], ofModel);
        for (int i = 0; i < first.Length; i++) Assert.Equal(ofModel[i], first[i], 1e-4);
        ArgumentException misfit = Assert.Throws<ArgumentException>("logits", () => decoder.Forward(context, stream, logits.AsSpan(1)));
        Assert.Contains(
            $"{logits.Length - 1} logits for 150 ids; there must be {logits.Length}.", misfit.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Forward([], [258], logits.AsSpan(0, ByteIds.Count)));
    }

    [Fact]
    public void Bad_use_is_refused()
    {
        Saved().Dispose();
        var decoder = ByteDecoder.Load(ModelPath);
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.CreateGenerator([ByteIds.Count]));
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.CreateGenerator([], [-1]));
        DecoderGenerator generator = decoder.CreateGenerator([]);
        Assert.Throws<ArgumentOutOfRangeException>(() => generator.Accept(ByteIds.Count));
        Assert.Throws<ArgumentException>(() => ByteDecoder.Load(ModelPath).Read(generator));
        generator.Dispose();
        Assert.Throws<ObjectDisposedException>(() => generator.Accept(1));
        Assert.Throws<ObjectDisposedException>(() => generator.Logits.Length);

        Assert.Throws<ArgumentOutOfRangeException>(() => ByteDecoder.Load(ModelPath, new() { Threads = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => ByteDecoder.Load(ModelPath, new() { Threads = 65 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => ByteDecoder.Load(ModelPath, new() { Cache = DecoderPrecision.Int8 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => ByteDecoder.Load(ModelPath, new() { Weights = (DecoderPrecision)9 }));
        Assert.Throws<ArgumentException>(() => ByteDecoder.Load(""));
    }

    private ByteLanguageModel Saved(
        string arm = "zero", bool hasMemory = true, SlotTail tail = SlotTail.Pad, ScalarType dtype = ScalarType.Float32)
    {
        ByteLanguageModel model = DecoderModels.Create(arm, hasMemory, tail, dtype: dtype);
        model.Save(ModelPath);
        return model;
    }

    private sealed class OnlyGenerates(IByteModel model) : IByteModel
    {
        public int BytesPerSlot => model.BytesPerSlot;

        public IByteGenerator CreateGenerator(ReadOnlySpan<short> context, ReadOnlySpan<short> stream) =>
            model.CreateGenerator(context, stream);
    }
}
