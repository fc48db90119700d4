using HslEmbeddingZero.Tests;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Runs;

/// <summary>What a caller gives stays as it is, unless the call says otherwise.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class CallerStateTests
{
    [Fact]
    public void A_trainer_that_takes_no_step_leaves_the_weights()
    {
        using TinyRun run = new(TinyRun.Options);
        SortedDictionary<string, byte[]> before = run.Weights;
        using TemporaryFolder folder = new();
        using (Trainer trainer = new(run.Model, TinyRun.Sources, TinyRun.Options with { Seed = 77 }))
        {
            trainer.Run(stopAt: 0);
            trainer.SaveCheckpoint(folder.PathOf("start"));
        }

        Assert.Equal(before, run.Weights);
    }

    /// <summary>For example a part whose dropout is off while the rest is trained.</summary>
    [Fact]
    public void Every_part_has_its_own_mode_again_after_an_evaluation_and_after_training()
    {
        using TinyRun run = new(TinyRun.Options);
        nn.Module[] parts = [.. run.Model.Body.modules()];
        run.Model.train();
        for (int i = 0; i < parts.Length; i += 2)
            if (!parts[i].children().Any()) parts[i].eval();
        bool[] before = [.. parts.Select(part => part.training)];
        Assert.Contains(true, before);
        Assert.Contains(false, before);

        new Evaluator([TinyRun.TextOf(heldOutSamples: 2)]).Evaluate(run.Model);
        Assert.Equal(before, parts.Select(part => part.training));
        run.Trainer.Run(stopAt: 1);
        Assert.Equal(before, parts.Select(part => part.training));
    }

    [Theory]
    [InlineData(300)]
    [InlineData(-1)]
    public void Ids_out_of_range_are_refused_after_training_too(int id)
    {
        using TinyRun run = new(TinyRun.Options);
        run.Trainer.Run(stopAt: 1);
        using Tensor ids = tensor((short[])[1, (short)id], [1, 2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => run.Model.forward(ids, ids));
    }

    /// <summary>The master weights of bfloat16 take over what the caller loads between two steps.</summary>
    [Fact]
    public void Loaded_weights_are_what_training_goes_on_from()
    {
        using TemporaryFolder folder = new();
        TrainerOptions options = TinyRun.Options with { Precision = Precision.BFloat16, PeakLearningRate = 1e-9, FinalLearningRate = 0 };
        using TinyRun source = new(options with { Seed = 9 }), run = new(options);
        source.Model.SaveWeights(folder.PathOf("weights"));
        run.Trainer.Run(stopAt: 2);
        run.Model.LoadWeights(folder.PathOf("weights"));
        run.Trainer.Run(stopAt: 4);
        using DisposeScope scope = NewDisposeScope();
        foreach ((string name, Tensor expected) in source.Model.Weights())
        {
            Tensor difference = run.Model.Weights()[name].to(ScalarType.Float32) - expected.to(ScalarType.BFloat16).to(ScalarType.Float32);
            Assert.True(difference.abs().max().item<float>() < 1e-6, name);
        }
    }

    /// <summary>New layers draw weights, which those of the file replace.</summary>
    [Fact]
    public void Loading_a_model_leaves_the_callers_random_numbers()
    {
        using TemporaryFolder folder = new();
        using TinyRun run = new(TinyRun.Options);
        run.Model.Save(folder.PathOf("model"));
        using Tensor expected = Drawn(() => { }), drawn = Drawn(() => ByteLanguageModel.Load(folder.PathOf("model")).Dispose());
        Assert.Equal(expected.data<float>().ToArray(), drawn.data<float>().ToArray());

        static Tensor Drawn(Action before)
        {
            manual_seed(1).Dispose();
            before();
            return randn(4);
        }
    }

    [Fact]
    public void A_model_that_was_loaded_in_inference_mode_can_be_trained()
    {
        using TemporaryFolder folder = new();
        using TinyRun run = new(TinyRun.Options);
        run.Model.Save(folder.PathOf("model"));
        ByteLanguageModel loaded;
        using (inference_mode()) loaded = ByteLanguageModel.Load(folder.PathOf("model"));
        using (loaded)
        using (Trainer trainer = new(loaded, TinyRun.Sources, TinyRun.Options)) trainer.Run(stopAt: 1);
    }
}
