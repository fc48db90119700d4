using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Training.Tests.Runs;

/// <summary>
/// Custom sources, also with other shapes, are trained on, resumed, scored and reported like text, video and captions.
/// </summary>
public sealed class OwnSourceTests : IDisposable
{
    private static readonly SampleShape Sums = new(7, 4);

    private static readonly TrainerOptions Options = TinyRun.Options with
    {
        Steps = 9,
        GradientAccumulationSteps = 3,
        ReportEverySteps = 4
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_with_a_source_of_its_own_resumes_bit_for_bit()
    {
        Reports whole = new(), pieces = new();
        string checkpoint = _folder.PathOf("own.checkpoint");
        SortedDictionary<string, byte[]> expected;
        using (TinyRun run = new(Options, sources: Sources()))
        {
            run.Trainer.Run(whole);
            expected = run.Weights;
            long ids = TinyRun.TextOnly[0].Shape.Length + (2 * Sums.Length); // this source is drawn twice as often
            Assert.Equal(9 * Options.BatchSize * ids, run.Trainer.BytesRead);
        }

        using (TinyRun run = new(Options, sources: Sources()))
        {
            run.Trainer.Run(pieces, stopAt: 5);
            run.Trainer.SaveCheckpoint(checkpoint);
        }

        using (TinyRun run = new(Options, sources: Sources()))
        {
            run.Trainer.LoadCheckpoint(checkpoint);
            run.Trainer.Run(pieces);
            Assert.Equal(expected, run.Weights);
        }

        Assert.Equal(whole.Lines, pieces.Lines);
    }

    [Fact]
    public void It_is_reported_and_logged_by_its_name()
    {
        string path = _folder.PathOf("own.metrics.jsonl");
        Reports reports = new();
        using (TinyRun run = new(Options, sources: Sources())) run.Trainer.Run(reports);
        using (TinyRun run = new(Options, sources: Sources()))
        using (MetricsLog log = new(path)) run.Trainer.Run(log);
        Assert.Equal([4, 8, 9], reports.Lines.Select(line => line.Step));
        Assert.All(reports.Lines, line => Assert.Equal(["text", "sums"], line.Sources.Keys));
        Assert.All(reports.Lines, line => Assert.Equal((line.Sources["text"] + (2 * line.Sources["sums"])) / 3, line.BitsPerByte, 1e-5));
        Assert.Equal(3, File.ReadLines(path).Count());
        Assert.Equal(3, MetricsLog.ReadCurve(path).Count);
        Assert.All(File.ReadLines(path), line => Assert.Contains(",\"sumsBitsPerByte\":", line, StringComparison.Ordinal));
        Assert.All(reports.Lines.Zip(MetricsLog.ReadCurve(path)), pair =>
        {
            Assert.Equal(["text", "sums"], pair.Second.Sources.Keys);
            Assert.Equal(pair.First.Sources["sums"], pair.Second.Sources["sums"], 1e-6);
        });
    }

    /// <summary>A report contains only sources seen since the last report.</summary>
    [Fact]
    public void A_source_that_did_not_come_is_not_reported()
    {
        Reports reports = new();
        TrainerOptions options = Options with { GradientAccumulationSteps = 1, ReportEverySteps = 1 };
        using TinyRun run = new(options, sources: Sources());
        run.Trainer.Run(reports);
        BatchSampler sampler = new(Sources(), 2, 0);
        for (int step = 0; step < 9; step++)
        {
            Assert.Equal([sampler.Sources[sampler.SourceAt(step)].Name], reports.Lines[step].Sources.Keys);
            Assert.Equal(reports.Lines[step].BitsPerByte, reports.Lines[step].Sources.Values.Single(), 1e-9);
        }
    }

    [Fact]
    public void It_is_scored_with_parts_and_swaps()
    {
        using TinyRun run = new(Options with { Steps = 150, GradientAccumulationSteps = 1, PeakLearningRate = 1e-2 }, sources: Sources());
        Evaluator evaluator = new(Sources());
        EvaluationResult before = evaluator.Evaluate(run.Model);
        run.Trainer.Run();
        EvaluationResult after = evaluator.Evaluate(run.Model);
        Assert.Equal(["text", "sums"], after.Sources.Select(score => score.Name));
        Assert.Equal(["small", "large"], after["sums"].Parts.Keys);
        Assert.Equal(["other", "same"], after["sums"].Gaps.Keys);
        Assert.True(after["sums"].BitsPerByte < before["sums"].BitsPerByte / 3, $"{before["sums"]}, {after["sums"]}");
        Assert.Equal(after["sums"].BitsPerByte, (after["sums"].Parts["small"] + (3 * after["sums"].Parts["large"])) / 4, 1e-12);
        Assert.Equal(0, after["sums"].Gaps["same"]); // the contexts are identical
        Assert.NotEqual(0, after["sums"].Gaps["other"]);
        Assert.Equal(4 * 4, evaluator.EvaluateBytes(run.Model, "sums").Length);
    }

    [Theory]
    [InlineData("sums", "2", 2.0, true)]
    [InlineData("totals", "1", 2.0, true)]
    [InlineData("sums", "1", 1.5, true)]
    [InlineData("sums", "1", 2.0, false)]
    public void A_checkpoint_of_other_sources_is_refused(string name, string fingerprint, double weight, bool textFirst)
    {
        string checkpoint = _folder.PathOf("own.checkpoint");
        using (TinyRun run = new(Options, sources: Sources()))
        {
            run.Trainer.Run(stopAt: 1);
            run.Trainer.SaveCheckpoint(checkpoint);
        }

        SampleSource[] others = [TinyRun.TextOf(), Own(name, fingerprint, weight)];
        if (!textFirst) Array.Reverse(others);
        using TinyRun other = new(Options, sources: others);
        CheckpointException refusal = Assert.Throws<CheckpointException>(() => other.Trainer.LoadCheckpoint(checkpoint));
        Assert.Contains("another run", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_it_does_wrong_stops_the_run_by_name()
    {
        DelegateSource broken = new("broken", Sums, "1", (draw, context, targets) =>
        {
            context.Clear();
            targets.Fill((short)(draw.Index == 5 ? 999 : 1));
        });
        using TinyRun run = new(Options, sources: [broken]);
        InvalidOperationException failure = Assert.Throws<InvalidOperationException>(() => run.Trainer.Run());
        Assert.Contains("'broken', sample 5: id 0 of its targets is 999", failure.Message, StringComparison.Ordinal);

        DelegateSource failing = new("failing", Sums, "1", (_, _, _) => throw new TimeoutException("No answer."));
        using TinyRun second = new(Options, sources: [failing]);
        failure = Assert.Throws<InvalidOperationException>(() => second.Trainer.Run());
        Assert.Contains("No answer.", failure.Message, StringComparison.Ordinal);
        Assert.IsType<TimeoutException>(failure.InnerException);
    }

    [Theory]
    [InlineData(64, 32)]
    [InlineData(1, 1)]
    [InlineData(33, 7)]
    public void Text_of_other_lengths_is_trained_on_and_scored(int contextLength, int targetLength)
    {
        TextSource text = new(TinyRun.Text, contextLength, targetLength, heldOutSamples: 20);
        Assert.Equal(new SampleShape(contextLength, targetLength), text.Shape);
        Assert.Equal(20, text.HeldOut!.Count);
        TrainerOptions options = Options with
        {
            Steps = 60,
            GradientAccumulationSteps = 1,
            ReportEverySteps = 20,
            BatchSize = 4,
            PeakLearningRate = 1e-2,
        };
        using TinyRun run = new(options, sources: [text]);
        Evaluator evaluator = new([text]);
        double before = evaluator.Evaluate(run.Model)["text"].BitsPerByte;
        Reports reports = new();
        run.Trainer.Run(reports);
        Assert.Equal(60L * 4 * (contextLength + targetLength), run.Trainer.BytesRead);
        Assert.Equal([20, 40, 60], reports.Lines.Select(line => line.Step));
        Assert.All(reports.Lines, line => Assert.Equal(["text"], line.Sources.Keys));
        Assert.All(reports.Lines, line => Assert.Equal(line.BitsPerByte, line.Sources["text"], 1e-9));
        Assert.True(evaluator.Evaluate(run.Model)["text"].BitsPerByte < 0.8 * before, string.Join('\n', reports.Lines));
    }

    /// <summary>Targets are adjacent without overlap, for all lengths. No room for another one is left.</summary>
    [Theory]
    [InlineData(64, 32)]
    [InlineData(1, 1)]
    [InlineData(33, 7)]
    [InlineData(7, 33)]
    public void Held_out_text_of_other_lengths_is_scored_once(int contextLength, int targetLength)
    {
        short[] ids = TinyRun.Text.HeldOut(0).ToArray();
        HeldOutSamples samples = new TextSource(TinyRun.Text, contextLength, targetLength, heldOutSamples: int.MaxValue).HeldOut!;
        Assert.Equal((ids.Length - contextLength) / targetLength, samples.Count);
        for (int i = 0; i < samples.Count; i++)
        {
            Assert.Equal(ids.AsSpan(i * targetLength, contextLength).ToArray(), samples.Context(i).ToArray());
            Assert.Equal(ids.AsSpan((i * targetLength) + contextLength, targetLength).ToArray(), samples.Target(i).ToArray());
        }
    }

    [Fact]
    public void A_text_of_exactly_one_sample_has_one()
    {
        var corpus = TextCorpus.FromText(new string('x', 62), 0.5); // 31 and EOS on each side
        Assert.Equal(1, new TextSource(corpus, 20, 12).HeldOut!.Count);
        CorpusException refusal = Assert.Throws<CorpusException>(() => new TextSource(corpus, 20, 13));
        Assert.Equal(
            "text: its training part is 32 ids of 62 bytes; at least 33 are needed (20 of context and 13 to score). "
            + "Use more text, shorter samples or another held-out share.",
            refusal.Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => new TextSource(corpus, 0, 12));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TextSource(corpus, 20, 0));
    }

    private static SampleSource[] Sources() => [TinyRun.TextOf(heldOutSamples: 2), Own("sums", "1", 2)];

    /// <summary>A sum such as "037+045", then its result in four digits.</summary>
    private static DelegateSource Own(string name, string fingerprint, double weight)
    {
        const int samples = 4;
        short[] contexts = new short[samples * Sums.ContextLength], targets = new short[samples * Sums.TargetLength];
        for (int i = 0; i < samples; i++) Write(i * 12_345, contexts.AsSpan(i * Sums.ContextLength), targets.AsSpan(i * Sums.TargetLength));
        short[] other = [.. contexts[Sums.ContextLength..], .. contexts[..Sums.ContextLength]];
        HeldOutSamples heldOut = new HeldOutSamples(Sums, contexts, targets)
            .WithParts(["small", "large"], [0, 1, 1, 1])
            .WithSwap("other", other)
            .WithSwap("same", contexts);
        return new(name, Sums, fingerprint, (draw, context, target) => Write(draw.Below(100_000), context, target), heldOut, weight);

        static void Write(long pair, Span<short> context, Span<short> target)
        {
            long first = pair % 100, second = pair / 100;
            string text = $"{first:D3}+{second:D3}{first + second:D4}";
            for (int i = 0; i < Sums.ContextLength; i++) context[i] = (short)text[i];
            for (int i = 0; i < Sums.TargetLength; i++) target[i] = (short)text[Sums.ContextLength + i];
        }
    }
}
