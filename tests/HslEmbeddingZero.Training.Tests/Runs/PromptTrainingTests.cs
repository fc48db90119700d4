using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Training.Tests.Runs;

/// <summary>Samples of several lengths are trained on, resumed and reported like those of one length.</summary>
public sealed class PromptTrainingTests
{
    [Fact]
    public void Prompts_are_learned()
    {
        PromptSource source = PromptRun.Source(heldOut: PromptRun.Samples);
        using TinyRun run = PromptRun.Create(sources: [source]);
        Evaluator evaluator = new([source]);
        SourceScore before = evaluator.Evaluate(run.Model)["asked"];
        Assert.InRange(before.BitsPerByte, 6, 12);
        Assert.Equal(0, before.ExactMatch);
        run.Trainer.Run();
        SourceScore after = evaluator.Evaluate(run.Model)["asked"];
        Assert.InRange(after.BitsPerByte, 0, 0.5);
        Assert.Equal(1, after.ExactMatch);
    }

    /// <summary>A batch has every pair once, so the loss of a first step is the held-out score of the model before it.</summary>
    [Fact]
    public void The_loss_of_training_is_the_mean_over_the_samples()
    {
        PromptSource source = PromptRun.Source(heldOut: PromptRun.Samples);
        using TinyRun run = new(
            PromptRun.Options with { ReportEverySteps = 1 }, dim: 32, bytesPerSlot: 1, dropout: 0, sources: [source]);
        double before = new Evaluator([source]).Evaluate(run.Model)["asked"].BitsPerByte;
        Reports reports = new();
        run.Trainer.Run(reports, stopAt: 1);
        Assert.Equal(before, Assert.Single(reports.Lines).BitsPerByte, 1e-4);
    }

    [Fact]
    public void A_resumed_run_equals_an_uninterrupted_one_bit_for_bit()
    {
        TrainerOptions options = PromptRun.Options with { Steps = 12, GradientAccumulationSteps = 3, ReportEverySteps = 4 };
        using TemporaryFolder folder = new();
        string checkpoint = folder.PathOf("prompts.checkpoint");
        Reports whole = new(), pieces = new();
        SortedDictionary<string, byte[]> expected;
        using (TinyRun run = PromptRun.Create(options, Sources()))
        {
            run.Trainer.Run(whole);
            expected = run.Weights;
        }

        using (TinyRun run = PromptRun.Create(options, Sources()))
        {
            run.Trainer.Run(pieces, stopAt: 5);
            run.Trainer.SaveCheckpoint(checkpoint);
        }

        using (TinyRun run = PromptRun.Create(options, Sources()))
        {
            run.Trainer.LoadCheckpoint(checkpoint);
            run.Trainer.Run(pieces);
            Assert.Equal(expected, run.Weights);
        }

        Assert.Equal(whole.Lines, pieces.Lines);
        Assert.All(whole.Lines, line => Assert.Equal(["text", "asked"], line.Sources.Keys));

        static SampleSource[] Sources() => [TinyRun.TextOf(heldOutSamples: 2), PromptRun.Source(weight: 2)];
    }

    [Fact]
    public void A_sample_without_an_id_to_score_ends_the_run()
    {
        Padding source = new();
        using TinyRun run = PromptRun.Create(sources: [source]);
        Assert.Throws<NotFiniteNumberException>(() => run.Trainer.Run());
        NotFiniteNumberException error = Assert.Throws<NotFiniteNumberException>(() => new Evaluator([source]).Evaluate(run.Model));
        Assert.Contains("padding sample 0", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Targets of padding only.</summary>
    private sealed class Padding() : SampleSource("padding", PromptRun.Shape, 1)
    {
        public override string Fingerprint => "1";

        public override bool HasPadding => true;

        public override HeldOutSamples HeldOut { get; } = new(
            PromptRun.Shape, new short[PromptRun.Shape.ContextLength],
            Enumerable.Repeat(ByteIds.Mask, PromptRun.Shape.TargetLength).Select(id => (short)id).ToArray());

        public override void Fill(SampleDraw draw, Span<short> context, Span<short> targets)
        {
            context.Clear();
            targets.Fill(ByteIds.Mask);
        }
    }
}
