using HslEmbeddingZero.Tests;
using HslEmbeddingZero.Training.Tests.Data;
using HslEmbeddingZero.Training.Tests.Runs;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Evaluation;

public sealed class EvaluatorTests : IDisposable
{
    private static readonly Lazy<SampleSource[]> LazySources = new(Create);

    private readonly TinyRun _run = new(TinyRun.Options);

    public EvaluatorTests()
    {
        // A gate above 0, so that the memory has an effect.
        using (no_grad())
            foreach ((string name, TorchSharp.Modules.Parameter parameter) in _run.Model.named_parameters())
                if (name.EndsWith("gate", StringComparison.Ordinal)) parameter.fill_(0.5);
    }

    private static SampleSource[] Sources => LazySources.Value;

    private static HeldOutSamples Text => Sources[0].HeldOut!;

    private static HeldOutSamples Video => Sources[1].HeldOut!;

    private static HeldOutSamples Caption => Sources[2].HeldOut!;

    public void Dispose() => _run.Dispose();

    [Fact]
    public void A_score_is_repeatable()
    {
        EvaluationResult first = new Evaluator(Sources).Evaluate(_run.Model);
        EvaluationResult second = new Evaluator(Sources).Evaluate(_run.Model);
        AssertClose(first, second, 0);
        AssertClose(first, new Evaluator(Create()).Evaluate(_run.Model), 0);
        Assert.InRange(first["text"].BitsPerByte, 6, 12);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(100)]
    public void A_score_does_not_depend_on_the_batch_size(int batchSize) =>
        AssertClose(new Evaluator(Sources).Evaluate(_run.Model), new Evaluator(Sources, batchSize).Evaluate(_run.Model), 1e-6);

    [Fact]
    public void Text_by_input_adds_up_to_the_whole()
    {
        SourceScore score = new Evaluator(Sources).Evaluate(_run.Model)["text"];
        int[] samples = Enumerable.Range(0, Text.Count).CountBy(Text.PartOf).OrderBy(pair => pair.Key).Select(pair => pair.Value).ToArray();
        Assert.Equal(2, samples.Length);
        Assert.Equal(["text.en.txt", "text.ko.txt"], score.Parts.Keys);
        Assert.Equal(score.BitsPerByte, samples.Zip(score.Parts.Values, (count, bits) => count * bits).Sum() / samples.Sum(), 1e-12);
        Assert.NotEqual(score.Parts["text.en.txt"], score.Parts["text.ko.txt"]);
    }

    [Fact]
    public void Scores_are_told_by_name_in_the_order_of_the_sources_and_their_mean_counts_each_once()
    {
        EvaluationResult scores = new Evaluator([Sources[2], Sources[0], Sources[1]]).Evaluate(_run.Model);
        Assert.Equal(["caption", "text", "video"], scores.Sources.Select(score => score.Name));
        Assert.Equal(scores.Sources.Sum(score => score.BitsPerByte) / 3, scores.Mean, 1e-12);
        Assert.Equal(["binding", "scene"], scores["caption"].Gaps.Keys);
        Assert.Empty(scores["text"].Gaps);
        Assert.Empty(scores["caption"].Parts);
        Assert.Empty(scores["video"].Gaps);
        Assert.Empty(scores["video"].Parts);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(16)]
    public void Bytes_scored_one_by_one_are_those_of_their_samples(int batchSize)
    {
        Evaluator evaluator = new(Sources, batchSize);
        double[] bits = evaluator.EvaluateBytes(_run.Model, "text");
        Assert.Equal(Text.Targets.Length, bits.Length);
        Assert.Equal(evaluator.Evaluate(_run.Model)["text"].BitsPerByte, bits.Average(), 1e-5);
        _run.Model.eval();
        using DisposeScope scope = NewDisposeScope();
        int last = Text.Count - 1;
        Tensor targets = tensor(Text.Target(last).ToArray(), [1, Text.Shape.TargetLength]);
        Tensor context = tensor(Text.Context(last).ToArray(), [1, Text.Shape.ContextLength]);
        Tensor logits = _run.Model.forward(context, targets).to(ScalarType.Float64);
        Tensor expected = nn.functional.log_softmax(logits, -1).gather(2, targets.to(ScalarType.Int64).unsqueeze(2)).mul(-1 / Math.Log(2));
        double[] bitsOfLast = bits[(last * Text.Shape.TargetLength)..];
        Assert.All(expected.view(-1).data<double>().Zip(bitsOfLast), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    [Fact]
    public void Bytes_of_every_source_can_be_scored_one_by_one()
    {
        Evaluator evaluator = new(Sources);
        EvaluationResult scores = evaluator.Evaluate(_run.Model);
        foreach (SampleSource source in Sources)
        {
            double[] bits = evaluator.EvaluateBytes(_run.Model, source.Name);
            Assert.Equal(source.HeldOut!.Targets.Length, bits.Length);
            Assert.Equal(scores[source.Name].BitsPerByte, bits.Average(), 1e-5);
        }
    }

    [Fact]
    public void Sources_without_text_have_no_text_bytes()
    {
        _run.Model.train();
        KeyNotFoundException refusal =
            Assert.Throws<KeyNotFoundException>(() => new Evaluator(Sources[1..]).EvaluateBytes(_run.Model, "text"));
        Assert.Contains("'text'; there are video, caption", refusal.Message, StringComparison.Ordinal);
        Assert.NotEmpty(new Evaluator(Sources).EvaluateBytes(_run.Model, "text"));
        Assert.True(_run.Model.training);
    }

    [Fact]
    public void Each_score_is_the_mean_bits_of_the_target_bytes()
    {
        EvaluationResult scores = new Evaluator(Sources).Evaluate(_run.Model);
        _run.Model.eval();
        using DisposeScope scope = NewDisposeScope();
        Assert.Equal(Bits(Tensor(Text.Contexts, 9), Tensor(Text.Targets, 9)), scores["text"].BitsPerByte, 1e-5);
        Assert.Equal(Bits(Tensor(Video.Contexts, 5), Tensor(Video.Targets, 5)), scores["video"].BitsPerByte, 1e-5);
        double matched = Bits(Tensor(Caption.Contexts, 13), Tensor(Caption.Targets, 13));
        Assert.Equal(matched, scores["caption"].BitsPerByte, 1e-5);
        (double binding, double scene) = (scores["caption"].Gaps["binding"], scores["caption"].Gaps["scene"]);
        Assert.Equal(Bits(Swapped(audioOnly: true), Tensor(Caption.Targets, 13)) - matched, binding, 1e-5);
        Assert.Equal(Bits(Swapped(audioOnly: false), Tensor(Caption.Targets, 13)) - matched, scene, 1e-5);
        Assert.True(Math.Abs(binding) > 1e-5 && Math.Abs(scene) > 1e-5 && binding != scene);

        double Bits(Tensor context, Tensor targets)
        {
            Tensor logits = _run.Model.forward(context, targets).to(ScalarType.Float64);
            return -nn.functional.log_softmax(logits, -1).gather(2, targets.to(ScalarType.Int64).unsqueeze(2)).mean()
                .item<double>() / Math.Log(2);
        }

        Tensor Swapped(bool audioOnly)
        {
            Tensor own = Tensor(Caption.Contexts, 13);
            Tensor other = own.index_select(0, tensor(Enumerable.Range(0, 13).Select(i => (long)((i + 6) % 13)).ToArray()));
            const int sound = WindowRecord.AudioOffset, length = WindowRecord.AudioSize;
            return audioOnly ? cat([own.narrow(1, 0, sound), other.narrow(1, sound, length), own.narrow(1, sound + length, 1)], 1) : other;
        }

        static Tensor Tensor(ReadOnlySpan<short> ids, int rows) => tensor(ids.ToArray(), [rows, ids.Length / rows]);
    }

    /// <summary>Without attention and memory, a position depends on itself only, so no swap of contexts can matter.</summary>
    [Fact]
    public void A_model_that_cannot_see_the_context_has_no_gap()
    {
        using (no_grad())
            foreach ((string name, TorchSharp.Modules.Parameter parameter) in _run.Model.named_parameters())
                if (name.Contains(".proj.", StringComparison.Ordinal)) parameter.fill_(0);
        SourceScore caption = new Evaluator(Sources).Evaluate(_run.Model)["caption"];
        Assert.Equal((0.0, 0.0), (caption.Gaps["binding"], caption.Gaps["scene"]));
        Assert.True(caption.BitsPerByte > 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_mode_is_restored_and_dropout_is_off_meanwhile(bool training)
    {
        _run.Model.train(training);
        EvaluationResult scores = new Evaluator(Sources).Evaluate(_run.Model);
        Assert.Equal(training, _run.Model.training);
        Assert.Equal(training, _run.Model.Body.training);
        _run.Model.train(!training);
        AssertClose(scores, new Evaluator(Sources).Evaluate(_run.Model), 0);
    }

    [Fact]
    public void A_decoder_has_the_scores_of_its_model()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("model.safetensors");
        _run.Model.Save(path);
        EvaluationResult expected = new Evaluator(Sources).Evaluate(_run.Model);
        AssertClose(expected, new Evaluator(Sources, batchSize: 4).Evaluate(ByteDecoder.Load(path)), 1e-5);
        AssertClose(expected, new Evaluator(Sources).Evaluate((IByteModel)_run.Model), 0);

        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, Tensor> tensors = new(Safetensors.Load(path));
        tensors["head.bias"].fill_(float.NaN);
        Safetensors.Save(path, tensors, Safetensors.ReadHeader(path).Metadata);
        NotFiniteNumberException error =
            Assert.Throws<NotFiniteNumberException>(() => new Evaluator(Sources).Evaluate(ByteDecoder.Load(path)));
        Assert.Contains("held-out text sample 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_progress_counts_every_sample_and_swap_up_to_the_total()
    {
        Reports reports = new();
        new Evaluator(Sources, batchSize: 3).Evaluate(_run.Model, reports);
        long total = Sources.Sum(source => source.HeldOut!.Count * (1L + source.HeldOut.Swaps.Count));
        Assert.All(reports.All, report => Assert.Equal(total, report.Total));
        Assert.Equal(total, reports.All[^1].Done);
        Assert.All(reports.All.Zip(reports.All.Skip(1)), pair => Assert.InRange(pair.Second.Done - pair.First.Done, 1, 3));
        Assert.Equal(["text", "video", "caption"], reports.All.Select(report => report.Source).Distinct());

        reports.All.Clear();
        new Evaluator(Sources).EvaluateBytes(_run.Model, "video", reports);
        Assert.Equal(new EvaluationProgress("video", Video.Count, Video.Count), reports.All[^1]);
    }

    [Fact]
    public void A_cancellation_stops_it_and_restores_the_mode()
    {
        _run.Model.train();
        Assert.Throws<OperationCanceledException>(
            () => new Evaluator(Sources).Evaluate(_run.Model, cancellationToken: new(canceled: true)));
        Assert.True(_run.Model.training);
    }

    [Fact]
    public void What_has_no_held_out_samples_has_no_score()
    {
        TextSource text = new(TinyRun.Text, heldOutSamples: 2), silent = new(TinyRun.Text, heldOutSamples: 0, name: "silent");
        EvaluationResult scores = new Evaluator([silent, text]).Evaluate(_run.Model);
        Assert.True(scores["text"].BitsPerByte > 0);
        Assert.Equal("text", Assert.Single(scores.Sources).Name);
        KeyNotFoundException refusal = Assert.Throws<KeyNotFoundException>(() => scores["silent"]);
        Assert.Contains("no score of 'silent'; there are text", refusal.Message, StringComparison.Ordinal);
        Assert.Throws<KeyNotFoundException>(() => new Evaluator([silent, text]).EvaluateBytes(_run.Model, "silent"));
        Assert.Contains("silent", Assert.Throws<ArgumentException>(() => new Evaluator([silent])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Impossible_requests_are_refused()
    {
        Assert.Throws<ArgumentNullException>(() => new Evaluator(null!));
        Assert.Throws<ArgumentException>(() => new Evaluator([]));
        Assert.Throws<ArgumentException>(() => new Evaluator([Sources[0], Sources[0]]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Evaluator(Sources, 0));
        Assert.Throws<ArgumentNullException>(() => new Evaluator(Sources).Evaluate(null!));
        Assert.Throws<ArgumentNullException>(() => new Evaluator(Sources).EvaluateBytes(null!, "text"));
        SourceScore score = new() { Name = "a", BitsPerByte = 1 };
        Assert.Throws<ArgumentException>(() => new EvaluationResult([]));
        Assert.Throws<ArgumentException>(() => new EvaluationResult([score, score with { BitsPerByte = 2 }]));
        Assert.Throws<ArgumentNullException>(() => new EvaluationResult(null!));
    }

    private static SampleSource[] Create() =>
    [
        new TextSource(EmbeddedCorpus.Text, heldOutSamples: 9),
        new VideoSource(EmbeddedCorpus.Windows, heldOutSamples: 5),
        new CaptionSource(EmbeddedCorpus.Windows, heldOutSamples: 13),
    ];

    private static void AssertClose(EvaluationResult expected, EvaluationResult actual, double tolerance)
    {
        Assert.Equal(8, Numbers(expected).Length);
        Assert.Equal(8, Numbers(actual).Length);
        Assert.All(Numbers(expected).Zip(Numbers(actual)), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, tolerance));

        static double[] Numbers(EvaluationResult result) =>
        [
            result.Mean,
            .. result.Sources.SelectMany(score => (double[])[score.BitsPerByte, .. score.Parts.Values, .. score.Gaps.Values]),
        ];
    }

    private sealed class Reports : IProgress<EvaluationProgress>
    {
        public List<EvaluationProgress> All { get; } = [];

        public void Report(EvaluationProgress value) => All.Add(value);
    }
}
