using HslEmbeddingZero.Tests;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Runs;

/// <summary>Dropout masks are a function of seed and micro-batch, on the CPU path and on the accelerator path.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class DropoutSeedTests
{
    private static readonly TrainerOptions Options = TinyRun.Options with { Steps = 9, GradientAccumulationSteps = 3 };

    [Fact]
    public void Every_micro_batch_of_every_run_has_a_seed_of_its_own()
    {
        HashSet<ulong> seeds = [];
        for (int seed = 0; seed < 20; seed++)
        {
            for (long microBatch = 0; microBatch < 500; microBatch++) Assert.True(seeds.Add(Trainer.DropoutSeed(seed, microBatch)));
        }

        // A resumed run needs the same seed in another process. By Python: SplitMix64 of the seed in dropout's stream, and of the index.
        Assert.Equal(0xDCD615F8BDE08FDBUL, Trainer.DropoutSeed(3, 1L << 40));
    }

    /// <summary>A process that computes every second micro-batch has the same masks for them as a single process.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_masks_of_a_micro_batch_do_not_depend_on_those_before(bool asAccelerator)
    {
        using DisposeScope scope = NewDisposeScope();
        using ByteLanguageModel model = new(new ZeroDoor(2, 64), new(new() { Dim = 64, Layers = 2, Heads = 2, Dropout = 0.3 }));
        ((ByteTransformer)model.Body).Form.ForcesAccelerator = asAccelerator;
        model.train();
        Tensor ids = arange(2 * 20, ScalarType.Int64).reshape(2, 20);
        Tensor[] inOrder = [.. Enumerable.Range(0, 4).Select(Logits)];
        foreach (int microBatch in (int[])[3, 1]) Assert.True(inOrder[microBatch].eq(Logits(microBatch)).all().item<bool>());
        Assert.False(inOrder[0].allclose(inOrder[1]));

        Tensor Logits(int microBatch)
        {
            model.Body.SeedDropout(Trainer.DropoutSeed(5, microBatch), CPU);
            return model.forward(ids, ids);
        }
    }

    /// <summary>As on CUDA: libtorch's dropout uses the global generator, whose state is not in the checkpoint.</summary>
    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.BFloat16)]
    public void On_the_path_of_accelerators_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(Precision precision)
    {
        using TemporaryFolder folder = new();
        string checkpoint = folder.PathOf("run.checkpoint.safetensors");
        Reports whole = new(), pieces = new();
        SortedDictionary<string, byte[]> expected;
        using (TinyRun run = Start(precision))
        {
            run.Trainer.Run(whole);
            expected = run.Weights;
        }

        using (TinyRun run = Start(precision))
        {
            run.Trainer.Run(pieces, stopAt: 5);
            run.Trainer.SaveCheckpoint(checkpoint);
        }

        rand(17).Dispose(); // another random draw in between
        using (TinyRun run = Start(precision))
        {
            run.Trainer.LoadCheckpoint(checkpoint);
            run.Trainer.Run(pieces);
            Assert.Equal(expected, run.Weights);
        }

        Assert.Equal(whole.Lines, pieces.Lines);
    }

    private static TinyRun Start(Precision precision)
    {
        TinyRun run = new(Options with { Precision = precision });
        ((ByteTransformer)run.Model.Body).Form.ForcesAccelerator = true;
        return run;
    }
}
