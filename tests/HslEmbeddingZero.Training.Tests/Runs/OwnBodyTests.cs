using HslEmbeddingZero.Tests;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Runs;

/// <summary>
/// A custom body: TorchSharp's encoder behind the zero door is trained, resumed, scored and sampled.
/// </summary>
[Collection(GlobalGenerator.Name)] // the encoder's dropout draws from it
public sealed class OwnBodyTests
{
    private static readonly TrainerOptions Options = TinyRun.Options with
    {
        Steps = 40,
        ReportEverySteps = 10,
        PeakLearningRate = 5e-3,
        FinalLearningRate = 5e-4,
    };

    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.BFloat16)]
    public void It_learns_and_is_scored(Precision precision)
    {
        using ByteLanguageModel model = NewModel();
        TrainerOptions options = Options with { Precision = precision };
        Evaluator evaluator = new([TinyRun.TextOf(heldOutSamples: 4)]);
        double before = evaluator.Evaluate(model)["text"].BitsPerByte;
        Reports reports = new();
        using (Trainer trainer = new(model, TinyRun.TextOnly, options)) trainer.Run(reports);
        Assert.True(evaluator.Evaluate(model)["text"].BitsPerByte < before / 2, string.Join('\n', reports.Lines));
    }

    /// <summary>The encoder's dropout draws from torch's global generator, which the trainer seeds for each micro-batch.</summary>
    [Fact]
    public void A_resumed_run_equals_an_uninterrupted_one()
    {
        using TemporaryFolder folder = new();
        string checkpoint = folder.PathOf("own.checkpoint");
        using ByteLanguageModel whole = NewModel(), part = NewModel(), resumed = NewModel(seed: 9);
        using (Trainer trainer = new(whole, TinyRun.TextOnly, Options)) trainer.Run();
        using (Trainer trainer = new(part, TinyRun.TextOnly, Options))
        {
            trainer.Run(stopAt: 15);
            trainer.SaveCheckpoint(checkpoint);
        }

        using (Trainer trainer = new(resumed, TinyRun.TextOnly, Options))
        {
            trainer.LoadCheckpoint(checkpoint);
            trainer.Run();
        }

        Assert.Equal(TinyRun.Bytes(whole), TinyRun.Bytes(resumed));

        using ByteLanguageModel wider = NewModel(feedForward: 96);
        using Trainer other = new(wider, TinyRun.TextOnly, Options);
        Assert.Contains("another run", Assert.Throws<CheckpointException>(() => other.LoadCheckpoint(checkpoint)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_cached_step_generation_computes_the_stream_again_and_says_so()
    {
        using ByteLanguageModel model = NewModel();
        model.eval();
        using ByteGenerator generator = new(model, [1, 2, 3, 4], [5, 6]);
        Assert.False(generator.IsCached);
        short[] stream = [5, 6, 7, 8, 9];
        using Tensor whole = model.forward(tensor(new short[] { 1, 2, 3, 4 }, [1, 4]), tensor((short[])[.. stream, 10], [1, 6]));
        for (int j = 2; j <= stream.Length; j++)
        {
            float[] expected = [.. whole.select(0, 0).select(0, j).data<float>()];
            for (int id = 0; id < expected.Length; id++) Assert.Equal(expected[id], generator.Logits[id], 1e-5f);
            if (j < stream.Length) generator.Accept(stream[j]);
        }

        string text = model.GenerateText("The quick brown fox ", 20, new() { Seed = 1 });
        Assert.Equal(text, model.GenerateText("The quick brown fox ", 20, new() { Seed = 1 }));
        using ByteLanguageModel ours = new(new ZeroDoor(2, 64), new ByteTransformer(new() { Dim = 64, Layers = 1, Heads = 2 }));
        ours.eval();
        using ByteGenerator cached = new(ours, [1, 2]);
        Assert.True(cached.IsCached);
    }

    [Fact]
    public void Generation_without_a_cache_leaves_no_tensor_behind()
    {
        using ByteLanguageModel model = NewModel();
        model.eval();
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (int round = 0; round < 3; round++) model.GenerateText("The quick ", 10);
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void A_seed_gives_its_weights_and_a_model_file_refuses_it_by_name()
    {
        using TemporaryFolder folder = new();
        using ByteLanguageModel one = NewModel(), two = NewModel(seed: 6);
        Assert.NotEqual(TinyRun.Bytes(one), TinyRun.Bytes(two));
        two.ResetParameters(5);
        Assert.Equal(TinyRun.Bytes(one), TinyRun.Bytes(two));
        Assert.Contains(nameof(EncoderBody), Assert.Throws<ArgumentException>(() => one.Save(folder.PathOf("model.safetensors"))).Message,
            StringComparison.Ordinal);
        one.SaveWeights(folder.PathOf("weights.safetensors"));
        two.ResetParameters(7);
        two.LoadWeights(folder.PathOf("weights.safetensors"));
        Assert.Equal(TinyRun.Bytes(one), TinyRun.Bytes(two));
    }

    [Fact]
    public void Another_width_or_logits_of_another_shape_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new ByteLanguageModel(new ZeroDoor(2, 128), new EncoderBody(64, 64)));
        using ByteLanguageModel model = new(new ZeroDoor(2, 64), new WholeBody());
        Assert.Contains("[1, 8, 64]", Assert.Throws<InvalidOperationException>(() =>
            model.forward(zeros(1, 4).to(int64), zeros(1, 6).to(int64))).Message, StringComparison.Ordinal);
    }

    private static ByteLanguageModel NewModel(int seed = 5, int feedForward = 128)
    {
        ByteLanguageModel model = new(new ZeroDoor(2, 64), new EncoderBody(64, feedForward));
        model.ResetParameters(seed);
        return model;
    }

    /// <summary>A faulty body: it does not leave out the prefix.</summary>
    private sealed class WholeBody() : ByteBody(nameof(WholeBody), 64)
    {
        public override Tensor forward(Tensor slots, Tensor stream) => cat([slots, stream], 1);
    }

    private sealed class EncoderBody : ByteBody
    {
        [ComponentName(Name = "places")]
        private readonly Embedding _places;

        [ComponentName(Name = "encoder")]
        private readonly TransformerEncoder _encoder;

        [ComponentName(Name = "head")]
        private readonly Linear _head;

        public EncoderBody(int dim, int feedForward) : base(nameof(EncoderBody), dim)
        {
            _places = nn.Embedding(1024, dim);
            _encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(dim, 2, feedForward, 0.1), 1);
            _head = nn.Linear(dim, ByteIds.Count);
            RegisterComponents();
        }

        public override Tensor forward(Tensor slots, Tensor stream)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor x = cat([slots, stream], 1);
            long length = x.size(1);
            x = x + _places.call(arange(length, device: x.device));
            Tensor mask = full([length, length], float.NegativeInfinity, x.dtype, x.device).triu(1);
            x = _encoder.call(x.transpose(0, 1), mask, null!).transpose(0, 1);
            return _head.call(x.narrow(1, slots.size(1), stream.size(1))).MoveToOuterDisposeScope();
        }
    }
}
