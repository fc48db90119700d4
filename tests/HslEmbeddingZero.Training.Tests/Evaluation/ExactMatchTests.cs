using System.Text.Json.Nodes;
using HslEmbeddingZero.Tests;
using HslEmbeddingZero.Training.Tests.Runs;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Evaluation;

/// <summary>The share of answers that greedy generation gives exactly, and the bits of samples with padding.</summary>
public sealed class ExactMatchTests(ExactMatchTests.Trained trained) : IClassFixture<ExactMatchTests.Trained>
{
    private static readonly SampleSource[] Sources = [PromptRun.Source()];

    [Fact]
    public void It_is_the_share_of_answers_that_greedy_generation_gives()
    {
        double expected = Generated(trained.Model);
        Assert.InRange(expected, 0.1, 0.9);
        Assert.Equal(expected, new Evaluator(Sources).Evaluate(trained.Model)["asked"].ExactMatch);
        Assert.Equal(expected, new Evaluator(Sources, batchSize: 2).Evaluate((IByteModel)trained.Model)["asked"].ExactMatch);
        var decoder = ByteDecoder.Load(trained.Path);
        Assert.Equal(expected, Generated(decoder));
        SourceScore score = new Evaluator(Sources, batchSize: 3).Evaluate(decoder)["asked"];
        Assert.Equal(expected, score.ExactMatch);
        Assert.Equal(new Evaluator(Sources).Evaluate(trained.Model)["asked"].BitsPerByte, score.BitsPerByte, 1e-5);
    }

    /// <summary>Generation never draws MASK, however likely the model thinks it is.</summary>
    [Fact]
    public void A_model_that_thinks_MASK_most_likely_answers_as_before()
    {
        using TemporaryFolder folder = new();
        using var model = ByteLanguageModel.Load(trained.Path);
        using (no_grad()) model.get_parameter("body.head.bias")![ByteIds.Mask] = 100;
        model.eval();
        model.Save(folder.PathOf("model.safetensors"));
        double expected = Generated(trained.Model);
        Assert.Equal(expected, Generated(model));
        Assert.Equal(expected, new Evaluator(Sources).Evaluate(model)["asked"].ExactMatch);
        var decoder = ByteDecoder.Load(folder.PathOf("model.safetensors"));
        Assert.Equal(expected, new Evaluator(Sources).Evaluate(decoder)["asked"].ExactMatch);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public void It_does_not_depend_on_the_batch_size(int batchSize) => Assert.Equal(
        Generated(trained.Model), new Evaluator(Sources, batchSize).Evaluate(trained.Model)["asked"].ExactMatch);

    [Fact]
    public void Sources_without_padding_have_none()
    {
        EvaluationResult scores = new Evaluator([TinyRun.TextOf(heldOutSamples: 2), .. Sources]).Evaluate(trained.Model);
        Assert.Null(scores["text"].ExactMatch);
        Assert.NotNull(scores["asked"].ExactMatch);
    }

    /// <summary>Each sample alone, without its padding, in double precision.</summary>
    [Fact]
    public void The_bits_are_the_mean_over_the_samples_each_the_mean_over_its_scored_ids()
    {
        HeldOutSamples samples = Sources[0].HeldOut!;
        double[][] expected = [.. Enumerable.Range(0, samples.Count).Select(BitsOf)];
        Assert.True(expected.Select(bits => bits.Length).Distinct().Count() > 2);
        Assert.Equal(
            expected.Average(bits => bits.Average()), new Evaluator(Sources).Evaluate(trained.Model)["asked"].BitsPerByte, 1e-4);

        double[] each = new Evaluator(Sources, batchSize: 2).EvaluateBytes(trained.Model, "asked");
        Assert.Equal(samples.Targets.Length, each.Length);
        for (int sample = 0; sample < samples.Count; sample++)
        {
            double[] bits = each[(sample * PromptRun.Shape.TargetLength)..((sample + 1) * PromptRun.Shape.TargetLength)];
            Assert.All(expected[sample].Zip(bits), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
            Assert.All(bits[expected[sample].Length..], padding => Assert.Equal(0, padding));
        }

        double[] BitsOf(int sample)
        {
            short[] scored = [.. samples.Target(sample).ToArray().Where(id => id != ByteIds.Mask)];
            using DisposeScope scope = NewDisposeScope();
            Tensor targets = tensor(scored, [1, scored.Length]), context = tensor(samples.Context(sample).ToArray(), [1, 8]);
            Tensor logits = trained.Model.forward(context, targets).to(ScalarType.Float64);
            Tensor nats = nn.functional.log_softmax(logits, -1).gather(2, targets.to(ScalarType.Int64).unsqueeze(2));
            return [.. nats.view(-1).data<double>().Select(value => -value / Math.Log(2))];
        }
    }

    [Fact]
    public void It_is_written_to_the_evaluations_and_read_again()
    {
        using TemporaryFolder folder = new();
        SampleSource[] sources = [TinyRun.TextOf(heldOutSamples: 2), .. Sources];
        TrainerOptions options = PromptRun.Options with { Steps = 2, WarmupSteps = 1, PeakLearningRate = 1e-5, FinalLearningRate = 0 };
        using var model = ByteLanguageModel.Load(trained.Path);
        double exact;
        using (TrainingRun run = new(folder.FullName, model, sources, options))
        {
            exact = run.Run()!["asked"].ExactMatch!.Value;
            JsonNode line = JsonNode.Parse(Assert.Single(File.ReadAllLines(run.EvaluationsPath)))!;
            Assert.Equal(["asked"], line["exact"]!.AsObject().Select(field => field.Key));
            Assert.Equal(exact, (double)line["exact"]!["asked"]!);
        }

        Assert.InRange(exact, 0.1, 0.9);
        using TrainingRun again = new(folder.FullName, model, sources, options);
        Assert.True(again.Resume());
        EvaluationResult read = again.Run()!;
        Assert.Equal(exact, read["asked"].ExactMatch);
        Assert.Null(read["text"].ExactMatch);
    }

    private static double Generated(IByteModel model)
    {
        HeldOutSamples samples = Sources[0].HeldOut!;
        return Enumerable.Range(0, samples.Count).Average(i =>
        {
            using IByteGenerator generator = model.CreateGenerator(samples.Context(i), []);
            byte[] answer = [.. generator.Generate(PromptRun.Shape.TargetLength, new() { Temperature = 0 })];
            return answer.AsSpan().SequenceEqual(PromptRun.Asked[i].Answer.Span) ? 1.0 : 0;
        });
    }

    /// <summary>A model that knows some of the answers.</summary>
    public sealed class Trained : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public Trained()
        {
            using TinyRun run = PromptRun.Create();
            run.Trainer.Run();
            run.Model.Save(Path);
            Model = ByteLanguageModel.Load(Path);
            Model.eval();
        }

        public ByteLanguageModel Model { get; }

        public string Path => _folder.PathOf("model.safetensors");

        public void Dispose()
        {
            Model.Dispose();
            _folder.Dispose();
        }
    }
}
