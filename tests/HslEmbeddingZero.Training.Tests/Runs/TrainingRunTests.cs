using System.Text.Json.Nodes;
using HslEmbeddingZero.Tests;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Runs;

public sealed class TrainingRunTests : IDisposable
{
    private static readonly TrainerOptions Training = TinyRun.Options with { Steps = 12, ReportEverySteps = 1 };

    private static readonly TrainingRunOptions EveryFourSteps = new() { EvaluateEverySteps = 4 };

    /// <summary>What an uninterrupted run leaves: its weights, and its files without times.</summary>
    private static readonly Lazy<(SortedDictionary<string, byte[]> Weights, byte[] File, string[] Lines)> Uninterrupted = new(() =>
    {
        using TemporaryFolder folder = new();
        using ByteLanguageModel model = Model();
        using (TrainingRun run = new(folder.PathOf("whole"), model, Sources(), Training, EveryFourSteps)) run.Run();
        return (TinyRun.Bytes(model), File.ReadAllBytes(folder.PathOf("whole/model.safetensors")), Recorded(folder.PathOf("whole")));
    });

    private readonly TemporaryFolder _folder = new();

    private string Out => _folder.PathOf("run");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_evaluates_on_its_schedule_and_at_the_end()
    {
        using ByteLanguageModel model = Model();
        using TrainingRun run = new(Out, model, Sources(), Training, new() { EvaluateEverySteps = 5, EvaluateAt = [2, 7] });
        Evaluations told = new();
        EvaluationResult last = run.Run(evaluations: told)!;
        Assert.Equal([2, 5, 7, 10, 12], run.Evaluations.Select(evaluation => evaluation.Step));
        Assert.Equal(run.Evaluations, told.Lines);
        Assert.Same(run.Evaluations[^1].Scores, last);
        Assert.Equal(new Evaluator(Sources()).Evaluate(model)["text"].BitsPerByte, last["text"].BitsPerByte);
        Assert.Equal(12, File.ReadLines(run.MetricsPath).Count());
        Assert.True(File.Exists(run.CheckpointPath));
    }

    [Fact]
    public void Evaluations_change_nothing_in_the_training()
    {
        using TinyRun plain = new(Training);
        plain.Trainer.Run();
        using ByteLanguageModel model = Model();
        using TrainingRun run = new(Out, model, Sources(), Training,
            new() { EvaluateEverySteps = 1, CheckpointEvery = TimeSpan.FromTicks(1) });
        run.Run();
        Assert.Equal(plain.Weights, TinyRun.Bytes(model));
    }

    [Fact]
    public void The_best_weights_are_those_of_the_lowest_criterion()
    {
        using ByteLanguageModel model = Model();
        Dictionary<long, SortedDictionary<string, byte[]>> weights = [];
        using TrainingRun run = new(Out, model, Sources(), Training, new()
        {
            EvaluateEverySteps = 3,
            Criterion = scores => -scores["text"].BitsPerByte, // the worst text score, so that the best step is not the last
            WeightsMetadata = evaluation => new Dictionary<string, string> { ["step"] = $"{evaluation.Step}" },
        });
        run.Run(evaluations: new Told(evaluation => weights[evaluation.Step] = TinyRun.Bytes(model)));
        RunEvaluation worst = run.Evaluations.MaxBy(evaluation => evaluation.Scores["text"].BitsPerByte)!;
        Assert.NotEqual(12, worst.Step);
        Assert.Same(worst, run.Best);
        Assert.Equal($"{worst.Step}", Safetensors.ReadHeader(run.WeightsPath).Metadata["step"]);
        using var kept = ByteLanguageModel.Load(run.WeightsPath);
        Assert.Equal(weights[worst.Step], TinyRun.Bytes(kept));
    }

    [Fact]
    public void Weights_are_kept_in_another_type_or_not_at_all()
    {
        using ByteLanguageModel model = Model();
        using (TrainingRun run = new(Out, model, Sources(), Training with { Steps = 1, WarmupSteps = 1 },
            new() { WeightsType = ScalarType.BFloat16 }))
        {
            run.Run();
            Assert.NotEmpty(Safetensors.ReadHeader(run.WeightsPath).Tensors);
            Assert.All(
                Safetensors.ReadHeader(run.WeightsPath).Tensors.Values,
                tensor => Assert.Equal(SafetensorsDtype.BFloat16, tensor.Dtype));
        }

        using TrainingRun without = new(_folder.PathOf("other"), model, Sources(), Training, new() { KeepsBestWeights = false });
        without.Run();
        Assert.False(File.Exists(without.WeightsPath));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)] // the step of an evaluation
    [InlineData(6)]
    [InlineData(11)]
    public void A_cancelled_run_goes_on_to_the_same_weights_metrics_and_scores(int at)
    {
        using (ByteLanguageModel model = Model())
        using (TrainingRun run = new(Out, model, Sources(), Training, EveryFourSteps))
        {
            using CancellationTokenSource source = new();
            Assert.Throws<OperationCanceledException>(() => run.Run(new CancelAt(at, source), cancellationToken: source.Token));
        }

        using ByteLanguageModel resumed = Model();
        using (TrainingRun run = new(Out, resumed, Sources(), Training, EveryFourSteps))
        {
            Assert.True(run.Resume());
            Assert.Equal(at, run.Trainer.Step);
            run.Run();
            Assert.Equal([4, 8, 12], run.Evaluations.Select(evaluation => evaluation.Step));
        }

        Assert.Equal(Uninterrupted.Value.Weights, TinyRun.Bytes(resumed));
        Assert.Equal(Uninterrupted.Value.File, File.ReadAllBytes(Path.Combine(Out, "model.safetensors")));
        Assert.Equal(Uninterrupted.Value.Lines, Recorded(Out));
    }

    /// <summary>The checkpoint is of the step of the evaluation, which the resumed run does again.</summary>
    [Fact]
    public void A_run_cancelled_in_an_evaluation_goes_on_to_the_same_weights_metrics_and_scores()
    {
        using (ByteLanguageModel model = Model())
        using (TrainingRun run = new(Out, model, Sources(), Training, EveryFourSteps))
        {
            using CancellationTokenSource source = new();
            Assert.Throws<OperationCanceledException>(
                () => run.Run(scoring: new CancelWhileScoring(source), cancellationToken: source.Token));
            Assert.Equal(4, run.Trainer.Step);
            Assert.Empty(run.Evaluations);
        }

        using ByteLanguageModel resumed = Model();
        using (TrainingRun run = new(Out, resumed, Sources(), Training, EveryFourSteps))
        {
            Assert.True(run.Resume());
            run.Run();
            Assert.Equal([4, 8, 12], run.Evaluations.Select(evaluation => evaluation.Step));
        }

        Assert.Equal(Uninterrupted.Value.Weights, TinyRun.Bytes(resumed));
        Assert.Equal(Uninterrupted.Value.Lines, Recorded(Out));
    }

    /// <summary>The lines of both logs of a run, without their times.</summary>
    private static string[] Recorded(string folder) =>
        [.. LogFile.WithoutTimes(Path.Combine(folder, "evaluations.jsonl")),
            .. LogFile.WithoutTimes(Path.Combine(folder, "metrics.jsonl"))];

    [Fact]
    public void A_finished_run_stays_as_it_is()
    {
        using ByteLanguageModel model = Model();
        using (TrainingRun run = new(Out, model, Sources(), Training)) run.Run();
        string[] files = [Path.Combine(Out, "evaluations.jsonl"), Path.Combine(Out, "metrics.jsonl"),
            Path.Combine(Out, "model.safetensors")];
        byte[][] before = [.. files.Select(File.ReadAllBytes)];
        using TrainingRun again = new(Out, model, Sources(), Training);
        Assert.True(again.Resume());
        EvaluationResult last = again.Run()!;
        Assert.Equal(before, files.Select(File.ReadAllBytes));
        Assert.Equal(new Evaluator(Sources()).Evaluate(model)["video"], last["video"]);
    }

    [Fact]
    public void Without_a_checkpoint_there_is_nothing_to_resume()
    {
        using ByteLanguageModel model = Model();
        using TrainingRun run = new(Out, model, Sources(), Training);
        Assert.False(run.Resume());
        Assert.Null(run.Best);
        Assert.Empty(run.Evaluations);
    }

    [Fact]
    public void A_second_run_in_the_folder_is_refused_until_the_first_is_over()
    {
        using ByteLanguageModel model = Model();
        using (new TrainingRun(Out, model, Sources(), Training))
        {
            RunInUseException refused = Assert.Throws<RunInUseException>(() => new TrainingRun(Out, model, Sources(), Training));
            Assert.Contains(Path.Combine(Out, "lock"), refused.Message, StringComparison.Ordinal);
            // Runs with names share a folder.
            Assert.Null(Record.Exception(() => new TrainingRun(Out, model, Sources(), Training, new() { Name = "another" }).Dispose()));
        }

        Assert.Null(Record.Exception(() => new TrainingRun(Out, model, Sources(), Training).Dispose()));
    }

    /// <summary>As where another process has taken the run over, and its files are in the folder.</summary>
    [Theory]
    [InlineData(1)] // the start
    [InlineData(2)] // the first checkpoint, after a step
    [InlineData(3)] // the same, before it takes the place of the old one
    [InlineData(5)]
    [InlineData(8)] // the first evaluation, after three checkpoints
    public void A_run_that_may_not_write_ends_and_leaves_the_files_as_they_are(int allowed)
    {
        using ByteLanguageModel model = Model();
        int calls = 0;
        Dictionary<string, byte[]> before = [];
        using TrainingRun run = new(Out, model, Sources(), Training, EveryFourSteps with
        {
            CheckpointEvery = TimeSpan.FromTicks(1),
            BeforeWrite = () =>
            {
                if (++calls < allowed) return;
                before = Files();
                throw new RunInUseException("taken over");
            },
        });
        Assert.Equal("taken over", Assert.Throws<RunInUseException>(() => run.Run()).Message);
        Assert.Equal(allowed, calls);
        Assert.Equal(before, Files());
        Assert.DoesNotContain(Directory.GetFiles(Out), IsHalfWritten);

        // Without the lock, which is not readable, and the checkpoint under its own name, which only this process knows.
        Dictionary<string, byte[]> Files() => Directory.GetFiles(Out)
            .Where(file => !file.EndsWith("lock", StringComparison.Ordinal) && !IsHalfWritten(file))
            .ToDictionary(file => file, File.ReadAllBytes);

        static bool IsHalfWritten(string file) => Path.GetFileName(file).Length > "checkpoint.safetensors".Length;
    }

    [Fact]
    public void A_cancelled_run_that_may_not_write_saves_no_checkpoint()
    {
        using ByteLanguageModel model = Model();
        using CancellationTokenSource stop = new();
        bool isStopped = false;
        using TrainingRun run = new(Out, model, Sources(), Training, new()
        {
            BeforeWrite = () =>
            {
                if (isStopped) throw new RunInUseException("taken over");
                isStopped = true; // The start may write.
                stop.Cancel();
            },
        });
        Assert.Throws<RunInUseException>(() => run.Run(cancellationToken: stop.Token));
        Assert.False(File.Exists(run.CheckpointPath));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_no_run_in_use()
    {
        using ByteLanguageModel model = Model();
        string file = _folder.Write("file", "x");
        Exception refused = Assert.ThrowsAny<IOException>(() => new TrainingRun(Path.Combine(file, "run"), model, Sources(), Training));
        Assert.IsNotType<RunInUseException>(refused);
    }

    [Fact]
    public void Names_stand_before_the_files()
    {
        using ByteLanguageModel model = Model();
        using TrainingRun run = new(Out, model, Sources(), Training, new() { Name = "seed0" });
        run.Run();
        Assert.Equal(
            ["seed0.checkpoint.safetensors", "seed0.evaluations.jsonl", "seed0.lock", "seed0.metrics.jsonl", "seed0.model.safetensors"],
            Directory.GetFiles(Out).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void NaN_ends_the_run_and_leaves_the_last_good_checkpoint()
    {
        using ByteLanguageModel model = Model();
        LogLines log = new();
        using TrainingRun run = new(Out, model, Sources(), Training, logger: log);
        using CancellationTokenSource source = new();
        Assert.Throws<OperationCanceledException>(() => run.Run(new CancelAt(5, source), cancellationToken: source.Token));
        byte[] good = File.ReadAllBytes(run.CheckpointPath);
        using (no_grad()) model.get_parameter("body.head.bias")![65] = float.NaN;
        NotFiniteNumberException error = Assert.Throws<NotFiniteNumberException>(() => run.Run());
        Assert.Contains("step 6", error.Message, StringComparison.Ordinal);
        Assert.Equal(good, File.ReadAllBytes(run.CheckpointPath));
        Assert.Equal(5, File.ReadLines(run.MetricsPath).Count());
        Assert.Contains(log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public void A_logger_hears_of_beginning_evaluations_checkpoints_and_end()
    {
        using ByteLanguageModel model = Model();
        LogLines log = new();
        using (TrainingRun run = new(Out, model, Sources(), Training with { Steps = 2, WarmupSteps = 1 }, logger: log)) run.Run();
        using TrainingRun again = new(Out, model, Sources(), Training with { Steps = 2, WarmupSteps = 1 }, logger: log);
        again.Resume();
        Assert.Collection(
            log.Lines,
            line => Assert.Equal($"Information 1 Training in {Out} from step 0 to 2.", line),
            line => Assert.StartsWith("Debug 4 Checkpoint of step 2", line, StringComparison.Ordinal),
            line => Assert.StartsWith("Information 3 Held out at step 2: ", line, StringComparison.Ordinal),
            line => Assert.StartsWith("Information 7 Finished at step 2, ", line, StringComparison.Ordinal),
            line => Assert.StartsWith("Information 2 Going on from ", line, StringComparison.Ordinal));
    }

    [Fact]
    public void An_evaluation_is_one_line_of_json_by_source()
    {
        using ByteLanguageModel model = Model();
        using TrainingRun run = new(Out, model, Sources(), Training);
        EvaluationResult scores = run.Run()!;
        JsonNode line = JsonNode.Parse(Assert.Single(File.ReadAllLines(run.EvaluationsPath)))!;
        Assert.Equal(["step", "textBitsPerByte", "videoBitsPerByte", "captionBitsPerByte", "parts", "gaps", "seconds"],
            line.AsObject().Select(field => field.Key));
        Assert.Equal(12, (int)line["step"]!);
        Assert.Equal(scores["video"].BitsPerByte, (double)line["videoBitsPerByte"]!);
        Assert.Equal(scores["text"].Parts["text.txt"], (double)line["parts"]!["text"]!["text.txt"]!);
        Assert.Equal(scores["caption"].Gaps["scene"], (double)line["gaps"]!["caption"]!["scene"]!);
    }

    [Fact]
    public void Damaged_lines_of_evaluations_are_passed_over()
    {
        using ByteLanguageModel model = Model();
        using (TrainingRun run = new(Out, model, Sources(), Training, new() { EvaluateEverySteps = 6 })) run.Run();
        string path = Path.Combine(Out, "evaluations.jsonl");
        string[] lines = File.ReadAllLines(path);
        File.WriteAllText(path, $"{lines[0]}\nnot json\n{{\"step\":7}}\nnull\n{lines[1]}\n{lines[1][..30]}");
        using TrainingRun again = new(Out, model, Sources(), Training, new() { EvaluateEverySteps = 6 });
        again.Resume();
        again.Run();
        Assert.Equal(lines, File.ReadAllLines(path));
        Assert.Equal([6, 12], again.Evaluations.Select(evaluation => evaluation.Step));
    }

    [Fact]
    public void Sources_without_held_out_samples_are_trained_and_not_scored()
    {
        using ByteLanguageModel model = Model();
        using TrainingRun run = new(Out, model, [TinyRun.TextOf(heldOutSamples: 0)], Training, new() { EvaluateEverySteps = 1 });
        Assert.Null(run.Run());
        Assert.Equal(12, run.Trainer.Step);
        Assert.False(File.Exists(run.WeightsPath));
    }

    public static TheoryData<TrainingRunOptions, string> Wrong => new()
    {
        { new() { EvaluateEverySteps = 0 }, "EvaluateEverySteps" },
        { new() { EvaluateAt = [3, 0] }, "EvaluateAt" },
        { new() { EvaluationBatchSize = 0 }, "EvaluationBatchSize" },
        { new() { CheckpointEvery = TimeSpan.Zero }, "CheckpointEvery" },
        { new() { WeightsType = ScalarType.Int32 }, "WeightsType" },
        { new() { Name = "a/b" }, "a/b" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_option_is_refused_before_a_folder_is_made(TrainingRunOptions options, string named)
    {
        using ByteLanguageModel model = Model();
        ArgumentException refused = Assert.ThrowsAny<ArgumentException>(() => new TrainingRun(Out, model, Sources(), Training, options));
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Out));
    }

    private static SampleSource[] Sources() =>
        [TinyRun.TextOf(heldOutSamples: 2), new VideoSource(TinyRun.Windows, heldOutSamples: 2),
            new CaptionSource(TinyRun.Windows, heldOutSamples: 2)];

    private static ByteLanguageModel Model()
    {
        ByteLanguageModel model = new(new ZeroDoor(2, 64), new ByteTransformer(new() { Dim = 64, Layers = 1, Heads = 2, Dropout = 0.1 }));
        model.ResetParameters(Training.Seed);
        return model;
    }

    /// <summary>The lines of a log without the times, which come last.</summary>
    private sealed class Evaluations : IProgress<RunEvaluation>
    {
        public List<RunEvaluation> Lines { get; } = [];

        public void Report(RunEvaluation value) => Lines.Add(value);
    }

    private sealed class Told(Action<RunEvaluation> tell) : IProgress<RunEvaluation>
    {
        public void Report(RunEvaluation value) => tell(value);
    }

    private sealed class LogLines : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add($"{logLevel} {eventId.Id} {formatter(state, exception)}");
    }
}
