using HslEmbeddingZero.Training.Tests.Data;
using HslEmbeddingZero.Training.Tests.Training;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Evaluation;

public sealed class EvaluatorTests : IDisposable
{
    private static readonly Lazy<HeldOutSet> LazySet = new(() => HeldOutSet.Create(EmbeddedCorpus.Text, EmbeddedCorpus.Windows, new(9, 5, 13)));

    private readonly TinyRun _run = new(TinyRun.Options);

    public EvaluatorTests()
    {
        // A gate above 0, so that the memory has a say as well.
        using (no_grad())
            foreach (var (name, parameter) in _run.Model.named_parameters())
                if (name.EndsWith("gate", StringComparison.Ordinal)) parameter.fill_(0.5);
    }

    private static HeldOutSet Set => LazySet.Value;

    public void Dispose() => _run.Dispose();

    [Fact]
    public void A_score_is_repeatable()
    {
        var first = new Evaluator(Set).Evaluate(_run.Model);
        var second = new Evaluator(Set).Evaluate(_run.Model);
        var again = HeldOutSet.Create(EmbeddedCorpus.Text, EmbeddedCorpus.Windows, new(9, 5, 13));
        AssertClose(first, second, 0);
        AssertClose(first, new Evaluator(again).Evaluate(_run.Model), 0);
        Assert.InRange(first.TextBitsPerByte, 6, 12);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(100)]
    public void A_score_does_not_depend_on_the_batch_size(int batchSize) =>
        AssertClose(new Evaluator(Set).Evaluate(_run.Model), new Evaluator(Set, batchSize).Evaluate(_run.Model), 1e-6);

    [Fact]
    public void Text_by_source_adds_up_to_the_whole()
    {
        var scores = new Evaluator(Set).Evaluate(_run.Model);
        var windows = Set.Text!.Source.CountBy(source => source).OrderBy(pair => pair.Key).Select(pair => pair.Value).ToArray();
        Assert.Equal(2, windows.Length);
        Assert.Equal(scores.TextBitsPerByte, windows.Zip(scores.TextBitsPerByteBySource, (count, bits) => count * bits).Sum() / windows.Sum(), 1e-12);
        Assert.NotEqual(scores.TextBitsPerByteBySource[0], scores.TextBitsPerByteBySource[1]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(16)]
    public void Bytes_scored_one_by_one_are_those_of_their_windows(int batchSize)
    {
        Evaluator evaluator = new(Set, batchSize);
        var bits = evaluator.EvaluateTextBytes(_run.Model);
        Assert.Equal(Set.Text!.Targets.Length, bits.Length);
        Assert.Equal(evaluator.Evaluate(_run.Model).TextBitsPerByte, bits.Average(), 1e-5);
        _run.Model.eval();
        using var scope = NewDisposeScope();
        var last = Set.Text.Count - 1;
        var targets = tensor(Set.Text.Targets[(last * 256)..], [1, 256]);
        var logits = _run.Model.forward(tensor(Set.Text.Contexts[(last * 512)..], [1, 512]), targets).to(ScalarType.Float64);
        var expected = nn.functional.log_softmax(logits, -1).gather(2, targets.to(ScalarType.Int64).unsqueeze(2)).mul(-1 / Math.Log(2));
        Assert.All(expected.view(-1).data<double>().Zip(bits[(last * 256)..]), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    [Fact]
    public void A_set_without_text_has_no_text_bytes()
    {
        _run.Model.train();
        Assert.Empty(new Evaluator(HeldOutSet.Create(null, EmbeddedCorpus.Windows, new(9, 5, 13))).EvaluateTextBytes(_run.Model));
        Assert.NotEmpty(new Evaluator(Set).EvaluateTextBytes(_run.Model));
        Assert.True(_run.Model.training);
    }

    [Fact]
    public void Each_score_is_the_mean_bits_of_the_target_bytes()
    {
        var scores = new Evaluator(Set).Evaluate(_run.Model);
        _run.Model.eval();
        var (text, video, caption) = (Set.Text!, Set.Video!, Set.Caption!);
        using var scope = NewDisposeScope();
        Assert.Equal(Bits(tensor(text.Contexts, [9, 512]), tensor(text.Targets, [9, 256])), scores.TextBitsPerByte, 1e-5);
        Assert.Equal(Bits(tensor(video.Contexts, [5, 539]), tensor(video.Targets, [5, 539])), scores.VideoBitsPerByte, 1e-5);
        var matched = Bits(tensor(caption.Contexts, [13, 514]), tensor(caption.Targets, [13, 25]));
        Assert.Equal(matched, scores.CaptionBitsPerByte, 1e-5);
        Assert.Equal(Bits(Swapped(audioOnly: true), tensor(caption.Targets, [13, 25])) - matched, scores.BindingGap, 1e-5);
        Assert.Equal(Bits(Swapped(audioOnly: false), tensor(caption.Targets, [13, 25])) - matched, scores.SceneGap, 1e-5);
        Assert.True(Math.Abs(scores.BindingGap) > 1e-5 && Math.Abs(scores.SceneGap) > 1e-5 && scores.BindingGap != scores.SceneGap);

        double Bits(Tensor context, Tensor targets)
        {
            var logits = _run.Model.forward(context, targets).to(ScalarType.Float64);
            return -nn.functional.log_softmax(logits, -1).gather(2, targets.to(ScalarType.Int64).unsqueeze(2)).mean().item<double>() / Math.Log(2);
        }

        Tensor Swapped(bool audioOnly)
        {
            var own = tensor(caption.Contexts, [13, 514]);
            var other = own.index_select(0, tensor(Enumerable.Range(0, 13).Select(i => (long)caption.Partner(i)).ToArray()));
            return audioOnly ? cat([own.narrow(1, 0, 257), other.narrow(1, 257, 256), own.narrow(1, 513, 1)], 1) : other;
        }
    }

    /// <summary>Without what its attention and its memory bring in, a position knows only itself, and no swap can matter.</summary>
    [Fact]
    public void A_model_that_cannot_see_the_context_has_no_gap()
    {
        using (no_grad())
            foreach (var (name, parameter) in _run.Model.named_parameters())
                if (name.Contains(".proj.", StringComparison.Ordinal)) parameter.fill_(0);
        var scores = new Evaluator(Set).Evaluate(_run.Model);
        Assert.Equal((0.0, 0.0), (scores.BindingGap, scores.SceneGap));
        Assert.True(scores.CaptionBitsPerByte > 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_mode_is_restored_and_dropout_is_off_meanwhile(bool training)
    {
        _run.Model.train(training);
        var scores = new Evaluator(Set).Evaluate(_run.Model);
        Assert.Equal(training, _run.Model.training);
        Assert.Equal(training, _run.Model.Body.training);
        _run.Model.train(!training);
        AssertClose(scores, new Evaluator(Set).Evaluate(_run.Model), 0);
    }

    [Fact]
    public void A_cancellation_stops_it_and_restores_the_mode()
    {
        _run.Model.train();
        Assert.Throws<OperationCanceledException>(() => new Evaluator(Set).Evaluate(_run.Model, new(canceled: true)));
        Assert.True(_run.Model.training);
    }

    [Fact]
    public void What_the_set_lacks_is_not_a_number()
    {
        var scores = new Evaluator(HeldOutSet.Create(TinyRun.Text, null, new(TextWindows: 2))).Evaluate(_run.Model);
        Assert.True(scores.TextBitsPerByte > 0);
        Assert.Equal([double.NaN, double.NaN, double.NaN, double.NaN], [scores.VideoBitsPerByte, scores.CaptionBitsPerByte, scores.BindingGap, scores.SceneGap]);
        scores = new Evaluator(HeldOutSet.Create(null, EmbeddedCorpus.Windows, new(1, 1, 2))).Evaluate(_run.Model);
        Assert.Equal(double.NaN, scores.TextBitsPerByte);
        Assert.Empty(scores.TextBitsPerByteBySource);
    }

    [Fact]
    public void Impossible_requests_are_refused()
    {
        Assert.Throws<ArgumentNullException>(() => new Evaluator(null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Evaluator(Set, 0));
        Assert.Throws<ArgumentNullException>(() => new Evaluator(Set).Evaluate(null!));
    }

    private static void AssertClose(EvaluationResult expected, EvaluationResult actual, double tolerance)
    {
        Assert.All(Numbers(expected).Zip(Numbers(actual)), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, tolerance));

        static double[] Numbers(EvaluationResult r) =>
            [r.TextBitsPerByte, .. r.TextBitsPerByteBySource, r.VideoBitsPerByte, r.CaptionBitsPerByte, r.BindingGap, r.SceneGap];
    }
}
