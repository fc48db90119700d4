using HslEmbeddingZero.Tests;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Runs;

/// <summary>
/// Training an existing model. Nothing changes before the first step, and later only the trained parameters change.
/// </summary>
public sealed class FineTuningTests
{
    public static TheoryData<Precision> Precisions => new(Precision.Float32, Precision.BFloat16);

    [Theory]
    [MemberData(nameof(Precisions))]
    public void Constructing_a_trainer_changes_nothing_of_the_model(Precision precision)
    {
        using ByteLanguageModel model = NewModel();
        model.eval();
        model.Door.ChecksIds = true;
        SortedDictionary<string, byte[]> before = TinyRun.Bytes(model);
        double score = Score(model, TinyRun.Text);
        using Trainer trainer = new(model, TinyRun.Sources, TinyRun.Options with { Precision = precision });
        Assert.Equal(before, TinyRun.Bytes(model));
        Assert.Equal(score, Score(model, TinyRun.Text));
        Assert.False(model.training);
        Assert.True(model.Door.ChecksIds);
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void Training_leaves_the_mode_and_the_check_of_ids_as_the_caller_had_them(Precision precision)
    {
        TrainerOptions options = TinyRun.Options with { Precision = precision };
        using ByteLanguageModel model = NewModel();
        using Trainer trainer = new(model, TinyRun.Sources, options);
        foreach ((bool training, bool checks, int stop) in new[] { (false, true, 2), (true, false, 4) })
        {
            model.train(training);
            model.Door.ChecksIds = checks;
            trainer.Run(stopAt: stop);
            Assert.Equal((training, checks), (model.training, model.Door.ChecksIds));
        }
    }

    [Fact]
    public void Training_leaves_them_so_when_it_is_cancelled()
    {
        using ByteLanguageModel model = NewModel();
        model.eval();
        using Trainer trainer = new(model, TinyRun.Sources, TinyRun.Options);
        Assert.Throws<OperationCanceledException>(() => trainer.Run(cancellationToken: new CancellationToken(canceled: true)));
        Assert.Equal((false, true), (model.training, model.Door.ChecksIds));
    }

    /// <summary>At a tiny learning rate, the weights keep the caller's values within that rate.</summary>
    [Theory]
    [MemberData(nameof(Precisions))]
    public void Training_starts_from_the_weights_that_the_model_has(Precision precision)
    {
        TrainerOptions options = AtNextToNoRate(precision);
        using ByteLanguageModel model = NewModel();
        using (no_grad()) model.get_parameter("body.norm.bias")!.fill_(0.123456789);
        Dictionary<string, float[]> before = Values(model);
        using TemporaryFolder folder = new();
        using Trainer trainer = new(model, TinyRun.Sources, options);
        trainer.Run();
        trainer.SaveCheckpoint(folder.PathOf("a.checkpoint"));
        IReadOnlyDictionary<string, Tensor> saved = Safetensors.Load(folder.PathOf("a.checkpoint"));
        // The checkpoint holds float32 weights: bfloat16 has not rounded them at the start.
        Assert.All(before, pair => Assert.All(
            pair.Value.Zip(saved["model." + pair.Key].data<float>().ToArray()), v => Assert.Equal(v.First, v.Second, 1e-6f)));
        foreach (Tensor tensor in saved.Values) tensor.Dispose();
    }

    private static TrainerOptions AtNextToNoRate(Precision precision) => TinyRun.Options with
    {
        Precision = precision,
        PeakLearningRate = 1e-9,
        FinalLearningRate = 0,
        Optimizer = new() { WeightDecay = 0 },
    };

    [Theory]
    [MemberData(nameof(Precisions))]
    public void Weights_loaded_between_two_runs_are_trained_on(Precision precision)
    {
        TrainerOptions options = AtNextToNoRate(precision);
        using TemporaryFolder folder = new();
        using ByteLanguageModel model = NewModel(seed: 1), other = NewModel(seed: 2);
        other.SaveWeights(folder.PathOf("other.safetensors"));
        using Trainer trainer = new(model, TinyRun.Sources, options);
        trainer.Run(stopAt: 3);
        model.LoadWeights(folder.PathOf("other.safetensors"));
        trainer.Run();
        Assert.All(Values(other), pair => Assert.All(
            pair.Value.Zip(Values(model)[pair.Key]), v => Assert.Equal(v.First, v.Second,
                precision == Precision.Float32 ? 1e-6f : 0.004f)));
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void Frozen_parts_stay_and_the_rest_resumes_as_if_uninterrupted(Precision precision)
    {
        TrainerOptions options = TinyRun.Options with { Precision = precision };
        using TemporaryFolder folder = new();
        string checkpoint = folder.PathOf("frozen.checkpoint");
        using ByteLanguageModel whole = Frozen(seed: 1), part = Frozen(seed: 1), resumed = Frozen(seed: 1), foreign = Frozen(seed: 2);
        byte[] before = TinyRun.Bytes(NewModel(seed: 1).to(TypeOf(precision)))["body.self_blocks.0.qkv.weight"];
        using (Trainer trainer = new(whole, TinyRun.Sources, options)) trainer.Run();
        using (Trainer trainer = new(part, TinyRun.Sources, options))
        {
            trainer.Run(stopAt: 3);
            trainer.SaveCheckpoint(checkpoint);
        }

        using (Trainer trainer = new(resumed, TinyRun.Sources, options))
        {
            trainer.LoadCheckpoint(checkpoint);
            trainer.Run();
        }

        SortedDictionary<string, byte[]> weights = TinyRun.Bytes(whole);
        Assert.Equal(before, weights["body.self_blocks.0.qkv.weight"]);
        Assert.NotEqual(TinyRun.Bytes(part)["body.head.weight"], weights["body.head.weight"]);
        Assert.Equal(weights, TinyRun.Bytes(resumed));
        Assert.DoesNotContain("model.body.self_blocks.0.qkv.weight", Safetensors.ReadHeader(checkpoint).Tensors.Keys);

        using Trainer other = new(foreign, TinyRun.Sources, options); // its frozen weights come from another seed
        Assert.Contains("another run", Assert.Throws<CheckpointException>(() => other.LoadCheckpoint(checkpoint)).Message,
            StringComparison.Ordinal);

        static ByteLanguageModel Frozen(int seed)
        {
            ByteLanguageModel model = NewModel(seed);
            foreach ((string name, Parameter parameter) in model.named_parameters())
                parameter.requires_grad = name.StartsWith("body.head", StringComparison.Ordinal);
            return model;
        }
    }

    [Fact]
    public void A_part_that_is_frozen_after_training_began_is_named()
    {
        using TinyRun run = new(TinyRun.Options);
        run.Trainer.Run(stopAt: 2);
        run.Model.get_parameter("body.head.bias")!.requires_grad = false;
        Assert.Contains("body.head.bias", Assert.Throws<InvalidOperationException>(() => run.Trainer.Run()).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_of_which_nothing_is_trained_is_refused()
    {
        using ByteLanguageModel model = NewModel();
        foreach (Parameter parameter in model.parameters()) parameter.requires_grad = false;
        Assert.Throws<ArgumentException>(() => new Trainer(model, TinyRun.Sources, TinyRun.Options));
    }

    /// <summary>
    /// 120 steps on new text bring its bits per byte below a third. Half of the training text is still the old text, whose score gets worse
    /// by less than 0.3 bits per byte.
    /// </summary>
    [Theory]
    [MemberData(nameof(Precisions))]
    public void Fine_tuning_learns_the_new_text_and_keeps_most_of_the_old(Precision precision)
    {
        TrainerOptions options = new()
        {
            Steps = 120,
            WarmupSteps = 10,
            PeakLearningRate = 5e-3,
            FinalLearningRate = 5e-4,
            BatchSize = 2,
            GradientAccumulationSteps = 1,
            Precision = precision,
        };
        using TemporaryFolder folder = new();
        string news = folder.Write("new.txt", string.Concat(
            Enumerable.Range(0, 400).Select(i => $"{i}! Pack my box with {i % 7} dozen liquor jugs, please.\n\n")));
        string olds = folder.Write("old.txt", string.Concat(
            Enumerable.Range(0, 400).Select(i => $"The quick brown fox jumps over {i % 9} lazy dogs, {i}.\n\n")));
        TextCorpus oldText = TextCorpus.Load([olds]), newText = TextCorpus.Load([news]), both = TextCorpus.Load([olds, news]);

        using ByteLanguageModel model = NewModel();
        double untrained = Score(model, oldText);
        using (Trainer trainer = new(model, [Short(oldText)], options)) trainer.Run();
        double oldBefore = Score(model, oldText), newBefore = Score(model, newText);
        Assert.True(oldBefore < untrained / 4, $"{oldBefore} after {untrained}");

        model.Save(folder.PathOf("model.safetensors"));
        using var loaded = ByteLanguageModel.Load(folder.PathOf("model.safetensors"));
        Assert.Equal(oldBefore, Score(loaded, oldText), 0.02); // bfloat16 arithmetic against float32
        TrainerOptions next = options with { PeakLearningRate = 2e-3, FinalLearningRate = 2e-4 };
        using (Trainer trainer = new(loaded, [Short(both)], next)) trainer.Run();
        double oldAfter = Score(loaded, oldText), newAfter = Score(loaded, newText);
        string seen = $"old {untrained:F3}, {oldBefore:F3}, {oldAfter:F3}; new {newBefore:F3}, {newAfter:F3}";
        Assert.True(newAfter < newBefore / 3, seen);
        Assert.True(oldAfter < oldBefore + 0.3, seen);
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void Another_trainer_goes_on_with_another_mix_and_schedule(Precision precision)
    {
        TrainerOptions first = TinyRun.Options with
        {
            Steps = 16,
            Precision = precision,
            PeakLearningRate = 1e-2,
            FinalLearningRate = 1e-3,
            ReportEverySteps = 16,
        };
        SampleSource[] video = [new VideoSource(TinyRun.Windows)];
        TrainerOptions second = first with { PeakLearningRate = 3e-3, FinalLearningRate = 3e-4, WarmupSteps = 0 };
        using ByteLanguageModel model = NewModel(), fresh = NewModel();
        using (Trainer trainer = new(model, TinyRun.Sources, first)) trainer.Run();
        Reports goingOn = new(), anew = new();
        using (Trainer trainer = new(model, video, second)) trainer.Run(goingOn);
        using (Trainer trainer = new(fresh, video, second)) trainer.Run(anew);
        Assert.True(goingOn.Lines[^1].Sources["video"] < anew.Lines[^1].Sources["video"], $"{goingOn.Lines[^1]} against {anew.Lines[^1]}");
    }

    private static ByteLanguageModel NewModel(int seed = 5)
    {
        ByteLanguageModel model = new(new ZeroDoor(2, 64), new(new() { Dim = 64, Layers = 1, Heads = 2 }));
        model.ResetParameters(seed);
        return model;
    }

    private static ScalarType TypeOf(Precision precision) => precision == Precision.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;

    private static double Score(ByteLanguageModel model, TextCorpus text) =>
        new Evaluator([new TextSource(text, heldOutSamples: 8)]).Evaluate(model)["text"].BitsPerByte;

    /// <summary>A short context: half of the positions, all of the targets.</summary>
    private static TextSource Short(TextCorpus text) => new(text, contextLength: 32);

    private static Dictionary<string, float[]> Values(nn.Module module) =>
        module.named_parameters().ToDictionary(p => p.name, p => p.parameter.detach().to(ScalarType.Float32).cpu().data<float>().ToArray());
}
