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
}
