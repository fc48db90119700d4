using HslEmbeddingZero.Tests;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Runs;

public sealed class TrainerTests
{
    [Theory]
    [InlineData("zero")]
    [InlineData("embedding-pooled")]
    public void Training_lowers_the_loss(string arm)
    {
        using TinyRun run = new(TinyRun.Options with
        {
            Steps = 30,
            ReportEverySteps = 5,
            GradientAccumulationSteps = 1,
            PeakLearningRate = 1e-2,
            FinalLearningRate = 1e-3
        }, arm, sources: TinyRun.TextOnly);
        Reports reports = new();
        run.Trainer.Run(reports);
        Assert.InRange(reports.Lines[0].BitsPerByte, 4, 12);
        Assert.True(reports.Lines[^1].BitsPerByte < 0.5 * reports.Lines[0].BitsPerByte, string.Join('\n', reports.Lines));
        Assert.All(reports.Lines, line => Assert.InRange(line.GradientNorm, 1e-6, 1e6));
    }

    /// <summary>Otherwise a caller whose time limit is already over would never finish the run.</summary>
    [Fact]
    public void A_time_limit_takes_one_step_at_least()
    {
        using TinyRun run = new(TinyRun.Options);
        run.Trainer.Run(stopAfter: TimeSpan.Zero);
        run.Trainer.Run(stopAfter: TimeSpan.FromSeconds(-1));
        Assert.Equal(2, run.Trainer.Step);
    }

    [Fact]
    public void Reports_come_every_so_many_steps_and_at_the_end()
    {
        TrainerOptions options = TinyRun.Options with { Steps = 7, ReportEverySteps = 3, GradientAccumulationSteps = 3 };
        using TinyRun run = new(options);
        Reports reports = new();
        run.Trainer.Run(reports);
        Assert.Equal([3, 6, 7], reports.Lines.Select(line => line.Step));
        Assert.All(reports.Lines, line => Assert.Equal(
            (line.Sources["text"] + line.Sources["video"] + line.Sources["caption"]) / 3, line.BitsPerByte, 1e-6));
        Assert.All(reports.Lines, line => Assert.Equal(options.Schedule.At(line.Step - 1), line.LearningRate));
        Assert.Equal(7 * options.BatchSize * TinyRun.IdsPerRow(TinyRun.Sources), run.Trainer.BytesRead);
        Assert.Equal(7, run.Trainer.Step);
        run.Trainer.Run(reports);
        Assert.Equal(3, reports.Lines.Count); // nothing is left to do
    }

    [Fact]
    public void The_first_reported_loss_is_that_of_the_initial_model()
    {
        TrainerOptions options = TinyRun.Options with { Steps = 1, ReportEverySteps = 1, BatchSize = 2, GradientAccumulationSteps = 1 };
        using TinyRun run = new(options, dropout: 0, sources: TinyRun.TextOnly);
        Reports reports = new();
        run.Trainer.Run(reports);

        using TinyRun fresh = new(options, dropout: 0, sources: TinyRun.TextOnly);
        SampleShape shape = TinyRun.TextOnly[0].Shape;
        (short[] context, short[] targets) = (new short[2 * shape.ContextLength], new short[2 * shape.TargetLength]);
        new BatchSampler(TinyRun.TextOnly, options.BatchSize, options.Seed).Fill(0, context, targets);
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor ids = torch.tensor(targets, [2, shape.TargetLength]);
        Tensor logits = fresh.Model.forward(torch.tensor(context, [2, shape.ContextLength]), ids);
        Tensor logProbabilities = torch.nn.functional.log_softmax(logits, -1);
        double expected = -logProbabilities.gather(2, ids.to(torch.int64).unsqueeze(2)).mean().item<float>() / Math.Log(2);
        Assert.Equal(expected, Assert.Single(reports.Lines).Sources["text"], 1e-5);
        Assert.Equal(["text"], reports.Lines[0].Sources.Keys);
    }

    /// <summary>The gradient norm of a step of two micro-batches is the norm of the mean of their single gradients.</summary>
    [Fact]
    public void Accumulation_averages_gradients()
    {
        TrainerOptions options = TinyRun.Options with { Steps = 1, ReportEverySteps = 1, BatchSize = 2, GradientAccumulationSteps = 2 };
        using TinyRun run = new(options, dropout: 0, sources: TinyRun.TextOnly), twin = new(options, dropout: 0, sources: TinyRun.TextOnly);
        Reports reports = new();
        run.Trainer.Run(reports);

        using DisposeScope scope = torch.NewDisposeScope();
        SampleShape shape = TinyRun.TextOnly[0].Shape;
        for (int i = 0; i < 2; i++)
        {
            (short[] context, short[] targets) = (new short[2 * shape.ContextLength], new short[2 * shape.TargetLength]);
            new BatchSampler(TinyRun.TextOnly, options.BatchSize, options.Seed).Fill(i, context, targets);
            Tensor ids = torch.tensor(targets, [2, shape.TargetLength]);
            (LanguageModelLoss.NatsPerByte(twin.Model.forward(torch.tensor(context, [2, shape.ContextLength]), ids), ids) / 2).backward();
        }

        double expected = Math.Sqrt(twin.Model.parameters().Sum(p => p.grad!.square().sum().item<float>()));
        Assert.Equal(expected, reports.Lines[0].GradientNorm, expected * 1e-4);
    }

    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.BFloat16)]
    public void The_same_seed_gives_the_same_run_and_another_seed_another(Precision precision)
    {
        TrainerOptions options = TinyRun.Options with { Steps = 3, ReportEverySteps = 1, Precision = precision };
        using TinyRun one = new(options), same = new(options), other = new(options with { Seed = 6 });
        Reports[] reports = [new(), new(), new()];
        one.Trainer.Run(reports[0]);
        same.Trainer.Run(reports[1]);
        other.Trainer.Run(reports[2]);
        Assert.Equal(reports[0].Lines, reports[1].Lines);
        Assert.Equal(one.Weights, same.Weights);
        Assert.NotEqual(reports[0].Lines[^1], reports[2].Lines[^1]);
        Assert.NotEqual(one.Weights, other.Weights);
    }

    /// <summary>Two models that train alternately in one process have separate random streams.</summary>
    [Fact]
    public void Runs_in_one_process_do_not_disturb_each_other()
    {
        using TinyRun alone = new(TinyRun.Options), first = new(TinyRun.Options), second = new(TinyRun.Options with { Seed = 9 });
        alone.Trainer.Run();
        for (int step = 1; step <= TinyRun.Options.Steps; step++)
        {
            first.Trainer.Run(stopAt: step);
            second.Trainer.Run(stopAt: step);
        }

        Assert.Equal(alone.Weights, first.Weights);
    }

    [Fact]
    public void Every_arm_starts_from_the_same_body_with_the_same_seed()
    {
        SortedDictionary<string, byte[]> BodyOf(string arm, int seed)
        {
            using TinyRun run = new(TinyRun.Options with { Seed = seed }, arm);
            return TinyRun.Bytes(run.Model.Body);
        }

        SortedDictionary<string, byte[]> expected = BodyOf("zero", 5);
        Assert.All(DoorArms.Names.Except(["one-hot", "zero-ngram"]), arm => // their bytes are wider than this body
             Assert.Equal(expected, BodyOf(arm, 5)));
        Assert.NotEqual(expected, BodyOf("zero", 6));
    }

    [Fact]
    public void The_learned_doors_weights_come_from_the_seed()
    {
        SortedDictionary<string, byte[]> DoorOf(string arm, int seed)
        {
            using TinyRun run = new(TinyRun.Options with { Seed = seed }, arm);
            return TinyRun.Bytes(run.Model.Door);
        }

        foreach (string arm in new[] { "projection", "embedding", "embedding-pooled", "learned" })
        {
            Assert.Equal(DoorOf(arm, 5), DoorOf(arm, 5));
            Assert.NotEqual(DoorOf(arm, 5), DoorOf(arm, 6));
        }
    }

    [Fact]
    public void A_cancellation_keeps_what_was_trained()
    {
        TrainerOptions options = TinyRun.Options with { ReportEverySteps = 1 };
        using TinyRun whole = new(options), stopped = new(options);
        whole.Trainer.Run();
        using CancellationTokenSource source = new();
        Assert.Throws<OperationCanceledException>(() => stopped.Trainer.Run(new CancelAt(3, source), cancellationToken: source.Token));
        Assert.Equal(3, stopped.Trainer.Step);
        Assert.Throws<OperationCanceledException>(() => stopped.Trainer.Run(cancellationToken: source.Token));
        Assert.Equal(3, stopped.Trainer.Step);
        stopped.Trainer.Run();
        Assert.Equal(whole.Weights, stopped.Weights);
    }

    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.BFloat16)]
    public void No_tensor_is_left_behind_by_a_step(Precision precision)
    {
        using TinyRun run = new(TinyRun.Options with { Steps = 55, ReportEverySteps = 1, BatchSize = 1, Precision = precision },
            "embedding");
        TensorCount count = new();
        run.Trainer.Run(count);
        Assert.Equal(55, count.Live.Count);
        Assert.All(count.Live.Skip(5), live => Assert.Equal(count.Live[5], live));
    }

    [Fact]
    public void No_tensor_is_left_behind_by_checkpoints_and_evaluations()
    {
        using TemporaryFolder folder = new();
        using TinyRun run = new(TinyRun.Options with { Steps = 20 });
        Evaluator evaluator = new([TinyRun.TextOf(heldOutSamples: 2)]);
        List<long> live = [];
        for (int round = 1; round <= 6; round++)
        {
            run.Trainer.Run(stopAt: round);
            run.Trainer.SaveCheckpoint(folder.PathOf("a.checkpoint"));
            run.Trainer.LoadCheckpoint(folder.PathOf("a.checkpoint"));
            evaluator.Evaluate(run.Model);
            live.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        }

        Assert.All(live.Skip(2), count => Assert.Equal(live[2], count));
    }

    /// <summary>An evaluation during training draws no random numbers, and leaves no tensors that block gradients.</summary>
    [Fact]
    public void Evaluating_before_and_between_steps_changes_nothing()
    {
        using TinyRun whole = new(TinyRun.Options), watched = new(TinyRun.Options);
        whole.Trainer.Run();
        Evaluator evaluator = new([TinyRun.TextOf(heldOutSamples: 2)]);
        evaluator.Evaluate(watched.Model);
        watched.Trainer.Run(stopAt: 3);
        evaluator.Evaluate(watched.Model);
        watched.Trainer.Run();
        Assert.Equal(whole.Weights, watched.Weights);
    }

    /// <summary>
    /// The managed memory of a step does not grow with model or batch: it holds handles of tensors, not arrays of data.
    /// </summary>
    [Fact]
    public void A_step_allocates_little_on_the_managed_heap()
    {
        using TinyRun run = new(TinyRun.Options with { Steps = 40, ReportEverySteps = 40, GradientAccumulationSteps = 1 });
        run.Trainer.Run(stopAt: 10);
        long before = GC.GetAllocatedBytesForCurrentThread();
        run.Trainer.Run(stopAt: 30);
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 20, 0, 48 * 1024);
    }

    [Fact]
    public void Training_goes_on_in_the_dtype_the_model_was_moved_to()
    {
        using TinyRun run = new(TinyRun.Options);
        run.Trainer.Run(stopAt: 3);
        run.Model.to(ScalarType.BFloat16);
        run.Trainer.Run(stopAt: 5);
        Assert.All(run.Model.parameters(), p => Assert.Equal(ScalarType.BFloat16, p.dtype));
        SortedDictionary<string, byte[]> weights = run.Weights;
        run.Model.to(ScalarType.Float32);
        run.Trainer.Run(stopAt: 6);
        Assert.NotEqual(weights, run.Weights);
        Assert.All(run.Model.parameters(), p => Assert.True(p.isfinite().all().item<bool>()));
    }

    [Fact]
    public void TensorFloat32_is_refused_off_CUDA()
    {
        ArgumentException error =
            Assert.Throws<ArgumentException>(() => new TinyRun(TinyRun.Options with { Precision = Precision.TensorFloat32 }));
        Assert.Contains("CUDA", error.Message, StringComparison.Ordinal);
    }

    private sealed class TensorCount : IProgress<TrainingProgress>
    {
        public List<long> Live { get; } = [];

        public void Report(TrainingProgress value) => Live.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}
