using HslEmbeddingZero.Tests;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Runs;

/// <summary>NaN is an error, never a result: training and evaluation stop, and the last good checkpoint stays.</summary>
public sealed class DivergenceTests
{
    [Theory]
    [InlineData(Precision.Float32, float.NaN)]
    [InlineData(Precision.Float32, float.PositiveInfinity)]
    [InlineData(Precision.BFloat16, float.NaN)]
    public void Training_stops_with_the_step_and_keeps_the_last_good_checkpoint(Precision precision, float damage)
    {
        TrainerOptions options = TinyRun.Options with { ReportEverySteps = 1, Precision = precision };
        using TemporaryFolder folder = new();
        string checkpoint = folder.PathOf("good.checkpoint");
        using TinyRun run = new(options), whole = new(options);
        whole.Trainer.Run();
        run.Trainer.Run(stopAt: 3);
        run.Trainer.SaveCheckpoint(checkpoint);
        byte[] good = File.ReadAllBytes(checkpoint);

        using (no_grad()) run.Model.get_parameter("body.head.bias")![65] = damage;
        Reports reports = new();
        NotFiniteNumberException error = Assert.Throws<NotFiniteNumberException>(() => run.Trainer.Run(reports));
        Assert.Contains("step 4", error.Message, StringComparison.Ordinal);
        Assert.Empty(reports.Lines);
        Assert.Throws<NotFiniteNumberException>(() => run.Trainer.SaveCheckpoint(checkpoint));
        Assert.Equal(good, File.ReadAllBytes(checkpoint));

        run.Trainer.LoadCheckpoint(checkpoint); // and the run continues as if nothing had happened
        run.Trainer.Run(reports);
        Assert.Equal(whole.Weights, run.Weights);
    }

    /// <summary>Between two reports, nothing waits for the device. Writing a checkpoint checks for NaN.</summary>
    [Fact]
    public void A_checkpoint_between_two_reports_is_refused_too()
    {
        using TemporaryFolder folder = new();
        using TinyRun run = new(TinyRun.Options with { ReportEverySteps = 8 });
        run.Trainer.Run(stopAt: 1);
        using (no_grad()) run.Model.get_parameter("body.head.bias")![65] = float.NaN;
        run.Trainer.Run(stopAt: 2);
        Assert.Throws<NotFiniteNumberException>(() => run.Trainer.SaveCheckpoint(folder.PathOf("bad.checkpoint")));
        Assert.False(File.Exists(folder.PathOf("bad.checkpoint")));
    }

    [Fact]
    public void A_score_that_is_not_finite_names_the_sample()
    {
        using TinyRun run = new(TinyRun.Options);
        using (no_grad()) run.Model.get_parameter("body.head.bias")![65] = float.NaN;
        Evaluator evaluator = new([
            TinyRun.TextOf(heldOutSamples: 2), new VideoSource(TinyRun.Windows, heldOutSamples: 2),
            new CaptionSource(TinyRun.Windows, heldOutSamples: 2)]);
        Assert.Contains("text sample 0", Assert.Throws<NotFiniteNumberException>(() => evaluator.Evaluate(run.Model)).Message,
            StringComparison.Ordinal);
        Assert.Throws<NotFiniteNumberException>(() => evaluator.EvaluateBytes(run.Model, "text"));
        Assert.True(run.Model.training); // unchanged
    }

    /// <summary>A rate that blows up the weights is noticed at the next report or checkpoint, and the good checkpoint stays.</summary>
    [Theory]
    [InlineData(1, true, 2)]
    [InlineData(4, true, 2)]
    [InlineData(4, false, 4)]
    public void An_absurd_learning_rate_stops_the_run(int reportEverySteps, bool writesCheckpoints, long stopsAt)
    {
        TrainerOptions options = TinyRun.Options with
        {
            PeakLearningRate = 1e30,
            FinalLearningRate = 1e30,
            WarmupSteps = 0,
            Optimizer = new() { MaxGradientNorm = 0 },
            ReportEverySteps = reportEverySteps,
        };
        using TemporaryFolder folder = new();
        using TinyRun model = new(TinyRun.Options);
        using TrainingRun run = new(
            folder.FullName, model.Model, TinyRun.TextOnly, options,
            new() { CheckpointEvery = writesCheckpoints ? TimeSpan.FromTicks(1) : null });
        NotFiniteNumberException error = Assert.Throws<NotFiniteNumberException>(() => run.Run());
        Assert.Contains($"step {stopsAt}", error.Message, StringComparison.Ordinal);
        if (!File.Exists(run.CheckpointPath)) return;
        foreach (Tensor tensor in Safetensors.Load(run.CheckpointPath).Values)
            using (tensor) Assert.True(tensor.isfinite().all().item<bool>());
    }

    /// <summary>The loss of the last step is that before its update. Nothing else would find out what the update did.</summary>
    [Fact]
    public void The_last_update_is_checked_too()
    {
        // The rate is finite, but no float32.
        TrainerOptions options = TinyRun.Options with { Steps = 1, WarmupSteps = 0, PeakLearningRate = 1e39, FinalLearningRate = 1e39 };
        using TinyRun run = new(options);
        NotFiniteNumberException error = Assert.Throws<NotFiniteNumberException>(() => run.Trainer.Run());
        Assert.Contains("weight", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_weight_that_is_not_finite_keeps_the_checkpoint_from_being_written()
    {
        using TemporaryFolder folder = new();
        using TinyRun run = new(TinyRun.Options);
        run.Trainer.Run(stopAt: 1);
        using (no_grad()) run.Model.get_parameter("body.norm.weight")![3] = float.PositiveInfinity;
        NotFiniteNumberException error =
            Assert.Throws<NotFiniteNumberException>(() => run.Trainer.SaveCheckpoint(folder.PathOf("bad.checkpoint")));
        Assert.Contains("weight", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.PathOf("bad.checkpoint")));
    }

    [Fact]
    public void A_weight_that_a_model_file_cannot_hold_is_an_error()
    {
        using TemporaryFolder folder = new();
        using TinyRun run = new(TinyRun.Options);
        using (no_grad()) run.Model.get_parameter("body.norm.weight")![3] = 70_000;
        NotFiniteNumberException error =
            Assert.Throws<NotFiniteNumberException>(() => run.Model.Save(folder.PathOf("model"), ScalarType.Float16));
        Assert.Contains("norm.weight", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.PathOf("model")));
        run.Model.Save(folder.PathOf("model"), ScalarType.BFloat16);
        byte[] good = File.ReadAllBytes(folder.PathOf("model"));
        using (no_grad()) run.Model.get_parameter("body.norm.weight")![3] = float.NaN;
        Assert.Throws<NotFiniteNumberException>(() => run.Model.Save(folder.PathOf("model")));
        Assert.Equal(good, File.ReadAllBytes(folder.PathOf("model")));
    }
}
