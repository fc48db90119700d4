using System.Collections.Concurrent;
using HslEmbeddingZero.Tests;
using HslEmbeddingZero.Training.Tests.Runs;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Distributed;

/// <summary>Several ranks train the model that one process trains.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class DataParallelTests : IDisposable
{
    private static readonly TrainerOptions Options = TinyRun.Options with { BatchSize = 4, GradientAccumulationSteps = 4 };
    private static readonly DistributedOptions Ordered = new() { OrderedReduction = true };

    /// <summary>What one process trains. Several tests compare ranks with the same.</summary>
    private static readonly ConcurrentDictionary<(TrainerOptions Options, IReadOnlyList<SampleSource>? Sources), Trained> OfOneProcess =
        new();

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The sum of two numbers does not depend on their order.</summary>
    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.BFloat16)]
    public void Two_ranks_with_one_micro_batch_each_equal_one_process_bit_for_bit(Precision precision)
    {
        TrainerOptions options = Options with { GradientAccumulationSteps = 2, Precision = precision };
        Trained one = Alone(options), two = Train(options, size: 2);
        Assert.Equal(one.Weights, two.Weights);
        Assert.Equal(one.Reports, two.Reports);
        Assert.Equal(one.BytesRead, two.BytesRead);
    }

    [Theory]
    [InlineData(Precision.Float32, 2)]
    [InlineData(Precision.Float32, 4)]
    [InlineData(Precision.BFloat16, 2)]
    [InlineData(Precision.BFloat16, 4)]
    public void An_ordered_reduction_equals_one_process_bit_for_bit(Precision precision, int size)
    {
        TrainerOptions options = Options with { Precision = precision, Distributed = Ordered };
        Trained one = Alone(options), many = Train(options, size);
        Assert.Equal(one.Weights, many.Weights);
        Assert.Equal(one.Reports, many.Reports);
    }

    /// <summary>
    /// One Adam step of a small gradient can differ by the whole learning rate where the gradient is about 0. So the weights are compared
    /// by the norm of their difference.
    /// </summary>
    [Theory]
    [InlineData(2, 4, false)]
    [InlineData(4, 4, false)]
    [InlineData(3, 4, false)] // each micro-batch in three parts
    [InlineData(4, 2, false)]
    [InlineData(2, 1, false)] // halves of the only micro-batch
    [InlineData(2, 4, true)]
    public void Other_ways_to_share_a_step_equal_one_process_up_to_rounding(int size, int microBatches, bool sharesRows)
    {
        TrainerOptions options = Options with { BatchSize = 6, GradientAccumulationSteps = microBatches };
        Trained one = Alone(options, TinyRun.TextOnly);
        Trained many = Train(options with { Distributed = new() { SharesRows = sharesRows } }, size, sources: TinyRun.TextOnly);
        double difference = Distance(one.Weights, many.Weights), moved = Distance(one.Weights, one.InitialWeights);
        Assert.True(difference < 1e-3 * moved, $"{difference} of {moved}");
        foreach ((TrainingProgress expected, TrainingProgress found) in one.Reports.Zip(many.Reports))
            Assert.Equal(expected.BitsPerByte, found.BitsPerByte, 1e-4);
        Assert.Equal(one.BytesRead, many.BytesRead);
    }

    [Fact]
    public void Masks_of_dropout_on_the_path_of_accelerators_are_those_of_one_process_too()
    {
        TrainerOptions options = Options with { GradientAccumulationSteps = 1 };
        using ByteLanguageModel model = new(new ZeroDoor(2, 64), new(new() { Dim = 64, Layers = 1, Heads = 2, Dropout = 0.5 }));
        foreach (bool asAccelerator in (bool[])[false, true])
        {
            ((ByteTransformer)model.Body).Form.ForcesAccelerator = asAccelerator;
            model.train();
            using DisposeScope scope = NewDisposeScope();
            Tensor ids = arange(4 * 20, ScalarType.Int64, CPU).reshape(4, 20);
            model.Body.SeedDropout(7, CPU);
            Tensor whole = model.forward(ids, ids);
            model.Body.SeedDropout(7, CPU, firstRow: 1, allRows: 4);
            Tensor rows = model.forward(ids.narrow(0, 1, 2), ids.narrow(0, 1, 2));
            Assert.True(rows.allclose(whole.narrow(0, 1, 2), atol: 1e-5), $"{asAccelerator}");
            model.Body.SeedDropout(7, CPU);
            Assert.False(model.forward(ids, ids).narrow(0, 0, 2).allclose(rows)); // the masks matter
        }
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(2, 4)]
    [InlineData(1, 2)]
    [InlineData(4, 2)]
    public void A_checkpoint_of_some_ranks_resumes_with_another_number(int before, int after)
    {
        TrainerOptions options = Options with { Distributed = Ordered };
        Trained whole = Alone(options);
        string checkpoint = _folder.PathOf($"{before}-{after}.safetensors");
        Train(options, before, run =>
        {
            run.Trainer.Run(stopAt: 3); // between two reports, so that losses of earlier steps are in the checkpoint
            run.Trainer.SaveCheckpoint(checkpoint);
        });
        Trained resumed = Train(options, after, run =>
        {
            if (run.Rank > 0) run.Trainer.LoadCheckpoint(_folder.PathOf("only rank 0 reads the file"));
            else run.Trainer.LoadCheckpoint(checkpoint);
            Assert.Equal(3, run.Trainer.Step);
            run.Trainer.Run(run.Reports);
        });
        Assert.Equal(whole.Weights, resumed.Weights);
        Assert.Equal(whole.Reports, resumed.Reports);
        Assert.Equal(whole.BytesRead, resumed.BytesRead);
    }

    [Fact]
    public void Training_starts_from_the_weights_of_rank_0()
    {
        Trained one = Alone(Options with { Distributed = Ordered });
        Trained two = Train(Options with { Distributed = Ordered }, 2, run =>
        {
            if (run.Rank == 1) run.Model.ResetParameters(seed: 99);
            run.Trainer.Run(run.Reports);
        });
        Assert.Equal(one.Weights, two.Weights);
    }

    [Fact]
    public void Ranks_with_other_options_are_refused_by_name()
    {
        (_, Exception?[] failures) = ThreadGroup.Try(3, group =>
        {
            using TinyRun run = new(Options with { BatchSize = group.Rank == 2 ? 8 : 4, GradientAccumulationSteps = 3 }, group: group);
            run.Trainer.Run();
            return true;
        });
        Assert.All(failures, failure => Assert.IsType<ProcessGroupException>(failure));
        Assert.Contains("BatchSize is 8, and was 4", failures[2]!.Message);
        Assert.Contains("rank 2", failures[0]!.Message);
        Assert.Equal(failures[0]!.Message, failures[1]!.Message);
    }

    [Fact]
    public void Ranks_that_exchange_in_other_ways_are_refused()
    {
        (_, Exception?[] failures) = ThreadGroup.Try(2, group =>
        {
            using TinyRun run = new(Options with { Distributed = new() { OrderedReduction = group.Rank == 1 } }, group: group);
            run.Trainer.Run();
            return true;
        });
        Assert.Contains("OrderedReduction = True", Assert.IsType<ProcessGroupException>(failures[1]).Message);
        Assert.Contains("rank 1", Assert.IsType<ProcessGroupException>(failures[0]).Message);
    }

    [Fact]
    public void Weights_that_diverge_end_all_ranks_and_are_not_saved()
    {
        string checkpoint = _folder.PathOf("diverged.safetensors");
        (_, Exception?[] failures) = ThreadGroup.Try(3, group =>
        {
            using TinyRun run = new(Options with { GradientAccumulationSteps = 3 }, group: group);
            run.Trainer.Run(stopAt: 2);
            if (group.Rank == 1) FlipLastBit(run.Model.parameters().First());
            run.Trainer.SaveCheckpoint(checkpoint);
            return true;
        });
        Assert.All(failures, failure => Assert.Contains("weights of rank 1 differ", Assert.IsType<ProcessGroupException>(failure).Message));
        Assert.False(File.Exists(checkpoint));
    }

    [Fact]
    public void Weights_are_compared_during_training_too()
    {
        (_, Exception?[] failures) = ThreadGroup.Try(2, group =>
        {
            using TinyRun run = new(Options with { Distributed = new() { CompareWeightsEverySteps = 3 } }, group: group);
            run.Trainer.Run(stopAt: 2);
            if (group.Rank == 1) FlipLastBit(run.Model.parameters().First());
            run.Trainer.Run();
            return true;
        });
        Assert.All(failures, failure => Assert.Contains("at step 3", Assert.IsType<ProcessGroupException>(failure).Message));
    }

    [Fact]
    public void A_cancellation_of_one_rank_stops_all_at_the_same_step()
    {
        (long[]? steps, Exception?[] failures) = ThreadGroup.Try(2, group =>
        {
            using CancellationTokenSource stop = new();
            using TinyRun run = new(Options, group: group);
            CancelAt progress = new(4, stop);
            Assert.ThrowsAny<OperationCanceledException>(
                () => run.Trainer.Run(group.Rank == 1 ? progress : null, cancellationToken: stop.Token));
            return run.Trainer.Step;
        });
        Assert.Equal([null, null], failures);
        Assert.Equal([4, 4], steps);
    }

    [Fact]
    public void A_checkpoint_that_rank_0_cannot_write_is_an_error_on_all_ranks()
    {
        (_, Exception?[] failures) = ThreadGroup.Try(2, group =>
        {
            using TinyRun run = new(Options, group: group);
            run.Trainer.SaveCheckpoint(_folder.PathOf("no folder/checkpoint.safetensors"));
            return true;
        });
        Assert.IsAssignableFrom<IOException>(failures[0]);
        Assert.Contains("Rank 0 failed", Assert.IsType<ProcessGroupException>(failures[1]).Message);
    }

    /// <summary>One exchange for the agreement to go on, one for the gradient; at a report one more, for the losses.</summary>
    [Fact]
    public void A_step_has_one_exchange_of_the_gradient()
    {
        int[] calls = ThreadGroup.Run(2, group =>
        {
            using TinyRun run = new(Options with { ReportEverySteps = 100 }, group: group);
            run.Trainer.Run(stopAt: 1);
            int before = group.Calls;
            run.Trainer.Run(stopAt: 6);
            return group.Calls - before;
        });
        Assert.Equal([10, 10], calls);
    }

    private static void FlipLastBit(Tensor weights)
    {
        using Tensor data = weights.detach();
        Span<byte> bytes = data.bytes;
        bytes[0] ^= 1;
    }

    private static double Distance(SortedDictionary<string, byte[]> first, SortedDictionary<string, byte[]> second)
    {
        double sum = 0;
        foreach ((string name, byte[] bytes) in first)
        {
            ReadOnlySpan<float> a = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes),
                b = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(second[name]);
            for (int i = 0; i < a.Length; i++) sum += Math.Pow(a[i] - b[i], 2);
        }

        return Math.Sqrt(sum);
    }

    private static Trained Alone(TrainerOptions options, IReadOnlyList<SampleSource>? sources = null) =>
        OfOneProcess.GetOrAdd((options, sources), run => Train(run.Options, sources: run.Sources));

    /// <summary>Trains on all ranks. All must end with the same weights and reports; those of rank 0 are returned.</summary>
    private static Trained Train(
        TrainerOptions options, int size = 1, Action<RankRun>? train = null, IReadOnlyList<SampleSource>? sources = null)
    {
        Trained[] all = size == 1 ? [One(null)] : ThreadGroup.Run(size, One);
        foreach (Trained other in all[1..])
        {
            Assert.Equal(all[0].Weights, other.Weights);
            Assert.Equal(all[0].Reports, other.Reports);
            Assert.Equal(all[0].BytesRead, other.BytesRead);
        }

        return all[0];

        Trained One(ThreadGroup? group)
        {
            using TinyRun run = new(options, sources: sources, group: group);
            SortedDictionary<string, byte[]> initial = run.Weights;
            Reports reports = new();
            if (train is null) run.Trainer.Run(reports);
            else train(new(group?.Rank ?? 0, run.Model, run.Trainer, reports));
            return new(initial, run.Weights, reports.Lines, run.Trainer.BytesRead);
        }
    }

    private sealed record RankRun(int Rank, ByteLanguageModel Model, Trainer Trainer, Reports Reports);

    private sealed record Trained(
        SortedDictionary<string, byte[]> InitialWeights, SortedDictionary<string, byte[]> Weights, List<TrainingProgress> Reports,
        long BytesRead);
}
