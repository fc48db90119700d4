using HslEmbeddingZero.Tests;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Runs;

public sealed class CurriculumRunTests : IDisposable
{
    private static readonly Curriculum Stages = TinyCurriculum.Stages;

    /// <summary>What an uninterrupted run leaves: the files of both stages, without times in logs.</summary>
    private static readonly Lazy<Dictionary<string, string>> Uninterrupted = new(() =>
    {
        using TemporaryFolder folder = new();
        TinyCurriculum.Run(new(folder.FullName, Stages, seed: 3));
        return Files(folder.FullName);
    });

    private readonly TemporaryFolder _folder = new();

    private string Out => _folder.PathOf("run");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Each_stage_leaves_its_model_and_its_evaluations()
    {
        CurriculumRun run = new(Out, Stages, seed: 3);
        Assert.False(Directory.Exists(Out));
        Assert.All(Stages.Stages, stage => Assert.False(run.IsDone(stage)));
        Assert.All(Stages.Stages, stage => Assert.Empty(run.Evaluations(stage)));
        List<long> steps = [], told = [];
        TinyCurriculum.Run(run, progress: new Steps(steps), evaluations: new Evaluated(told));
        Assert.All(Stages.Stages, stage => Assert.True(run.IsDone(stage)));
        Assert.Equal([1, 2, 3, 4, 1, 2, 3, 4, 5], steps);
        Assert.Equal([3, 4, 2, 4, 5], told); // the last step of a stage is always evaluated
        Assert.Equal([3L, 4], run.Evaluations(Stages.Stages[0]).Select(evaluation => evaluation.Step));
        RunEvaluation last = run.Evaluations(Stages.Stages[1])[^1];
        Assert.Equal(["text", "asked"], last.Scores.Sources.Select(score => score.Name));
        Assert.NotNull(last.Scores["asked"].ExactMatch);
        Assert.False(File.Exists(Path.Combine(Out, "first.model.safetensors"))); // the best weights, which no stage needs
        Assert.Equal(Uninterrupted.Value, Files(Out));
    }

    /// <summary>By the weights that a trainer gives without a curriculum.</summary>
    [Fact]
    public void A_stage_starts_from_the_last_weights_of_the_stage_before()
    {
        CurriculumRun run = new(Out, Stages, seed: 3);
        TinyCurriculum.Run(run);
        using ByteLanguageModel model = Stages.CreateModel(3);
        Train(Stages.Stages[0]);
        SortedDictionary<string, byte[]> first = TinyRun.Bytes(model);
        Assert.Equal(Loaded(run.WeightsPath(Stages.Stages[0])), first);
        model.get_parameter("body.head.weight")!.requires_grad = false;
        model.get_parameter("body.head.bias")!.requires_grad = false;
        Train(Stages.Stages[1]);
        SortedDictionary<string, byte[]> second = TinyRun.Bytes(model);
        Assert.Equal(Loaded(run.WeightsPath(Stages.Stages[1])), second);
        Assert.All(second, pair => Assert.Equal(
            pair.Key.StartsWith("body.head.", StringComparison.Ordinal), pair.Value.AsSpan().SequenceEqual(first[pair.Key])));

        void Train(CurriculumStage stage)
        {
            using Trainer trainer = new(model, TinyCurriculum.SourcesOf(stage), stage.Training);
            trainer.Run();
        }

        static SortedDictionary<string, byte[]> Loaded(string path)
        {
            using var model = ByteLanguageModel.Load(path);
            return TinyRun.Bytes(model);
        }
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 1)]
    [InlineData(1, 2)] // the step of an evaluation
    [InlineData(1, 3)]
    [InlineData(1, 5)] // the last step
    public void An_interrupted_curriculum_goes_on_to_the_same_files(int stage, int step)
    {
        using (CancellationTokenSource source = new())
        {
            CurriculumRun run = new(Out, Stages, seed: 3);
            if (stage == 1) TinyCurriculum.Run(run, Stages.Stages[0]);
            Assert.Throws<OperationCanceledException>(
                () => TinyCurriculum.Run(run, Stages.Stages[stage], new CancelAt(step, source), cancellationToken: source.Token));
            Assert.Equal(stage == 1, run.IsDone(Stages.Stages[0]));
            Assert.False(run.IsDone(Stages.Stages[stage]));
        }

        List<long> steps = [];
        TinyCurriculum.Run(new(Out, Stages, seed: 3), progress: new Steps(steps));
        Assert.Equal(stage == 1 ? Enumerable.Range(step + 1, 5 - step).Select(i => (long)i) : [3, 4, 1, 2, 3, 4, 5], steps);
        Assert.Equal(Uninterrupted.Value, Files(Out));
    }

    /// <summary>As after a kill between the last checkpoint of a stage and its weights.</summary>
    [Fact]
    public void A_stage_whose_weights_are_missing_writes_them_without_training()
    {
        CurriculumRun run = new(Out, Stages, seed: 3);
        TinyCurriculum.Run(run);
        File.Delete(run.WeightsPath(Stages.Stages[1]));
        List<long> steps = [];
        TinyCurriculum.Run(run, progress: new Steps(steps));
        Assert.Empty(steps);
        Assert.Equal(Uninterrupted.Value, Files(Out));
    }

    [Fact]
    public void A_stage_that_is_done_is_not_trained_again()
    {
        CurriculumRun run = new(Out, Stages, seed: 3);
        TinyCurriculum.Run(run);
        DateTime[] written = Written();
        TinyCurriculum.Run(new(Out, Stages, seed: 3), progress: new Steps([]), cancellationToken: new(canceled: true));
        Assert.Equal(written, Written());

        DateTime[] Written() => [.. Directory.GetFiles(Out).Order().Select(File.GetLastWriteTimeUtc)];
    }

    public static TheoryData<string, string> Others => new()
    {
        { "seed", "seed is 4, and was 3" },
        { "body", "curriculum.Body.Dropout is 0, and was 0.1" },
        { "steps", "stage 'first' Training.Steps is 5, and was 4" },
        { "precision", "stage 'first' Training.Precision is BFloat16, and was Float32" },
        { "data", "source 'text' is" },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void A_stage_that_another_run_has_done_is_refused_by_name(string change, string named)
    {
        CurriculumStage first = Stages.Stages[0];
        TinyCurriculum.Run(new(Out, Stages, seed: 3), first);
        Curriculum changed = change switch
        {
            "body" => Stages with { Body = Stages.Body with { Dropout = 0 } },
            "steps" => Stages with { Stages = [first with { Training = first.Training with { Steps = 5 } }, Stages.Stages[1]] },
            "precision" => Stages with
            {
                Stages = [first with { Training = first.Training with { Precision = Precision.BFloat16 } }, Stages.Stages[1]],
            },
            _ => Stages,
        };
        CurriculumRun run = new(Out, changed, seed: change == "seed" ? 4 : 3);
        SampleSource[] sources = change == "data"
            ? [new TextSource(TextCorpus.FromText(new string('x', 1000)), 32, 16, heldOutSamples: 2)] : TinyCurriculum.SourcesOf(first);
        CheckpointException refused = Assert.Throws<CheckpointException>(() => run.Run(run.Curriculum.Stages[0], sources));
        Assert.StartsWith($"{run.WeightsPath(first)} is of another run: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        Assert.EndsWith("Choose another folder.", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>What later stages are does not matter for a stage that is done.</summary>
    [Fact]
    public void Later_stages_may_change()
    {
        TinyCurriculum.Run(new(Out, Stages, seed: 3), Stages.Stages[0]);
        CurriculumStage second = Stages.Stages[1], other = second with { Training = second.Training with { Steps = 1 }, Frozen = [] };
        CurriculumRun run = new(Out, Stages with { Stages = [Stages.Stages[0], other] }, seed: 3);
        List<long> steps = [];
        TinyCurriculum.Run(run, progress: new Steps(steps));
        Assert.Equal([1], steps);
    }

    [Fact]
    public void A_checkpoint_of_another_run_is_refused()
    {
        using CancellationTokenSource source = new();
        CurriculumStage first = Stages.Stages[0];
        Assert.Throws<OperationCanceledException>(
            () => TinyCurriculum.Run(new(Out, Stages, seed: 3), first, new CancelAt(2, source), cancellationToken: source.Token));
        CurriculumStage longer = first with { Training = first.Training with { Steps = 9 } };
        CurriculumRun run = new(Out, Stages with { Stages = [longer] }, seed: 3);
        CheckpointException refused = Assert.Throws<CheckpointException>(() => TinyCurriculum.Run(run));
        Assert.Contains("Steps is 9, and was 4", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stage_waits_for_the_stage_before()
    {
        CurriculumRun run = new(Out, Stages, seed: 3);
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => TinyCurriculum.Run(run, Stages.Stages[1]));
        Assert.Contains("'first' is not done", refused.Message, StringComparison.Ordinal);
        Assert.Contains(run.WeightsPath(Stages.Stages[0]), refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Out));
    }

    [Fact]
    public void A_frozen_key_that_fits_no_weight_is_refused()
    {
        CurriculumStage stage = Stages.Stages[0] with { Frozen = ["norm.", "haed."] };
        CurriculumRun run = new(Out, Stages with { Stages = [stage] });
        ArgumentException refused = Assert.Throws<ArgumentException>(() => TinyCurriculum.Run(run));
        Assert.StartsWith("Stage 'first': no weight's key begins with 'haed.'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_weights_have_the_type_and_the_entries_of_the_options()
    {
        CurriculumRun run = new(Out, Stages, seed: 3);
        TinyCurriculum.Run(run, Stages.Stages[0], options: new()
        {
            WeightsType = ScalarType.BFloat16,
            WeightsMetadata = evaluation => new Dictionary<string, string> { ["at"] = $"{evaluation.Step}" },
        });
        SafetensorsHeader header = Safetensors.ReadHeader(run.WeightsPath(Stages.Stages[0]));
        Assert.Equal("4", header.Metadata["at"]);
        Assert.All(header.Tensors.Values, tensor => Assert.Equal(SafetensorsDtype.BFloat16, tensor.Dtype));
    }

    [Fact]
    public void Impossible_requests_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new CurriculumRun("", Stages));
        Assert.Throws<ArgumentNullException>(() => new CurriculumRun(Out, null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CurriculumRun(Out, Stages, seed: -1));
        Assert.Throws<ArgumentException>(() => new CurriculumRun(Out, Stages with { Stages = [] }));
        CurriculumRun run = new(Out, Stages);
        CurriculumStage foreign = Stages.Stages[0] with { Name = "foreign" };
        Assert.Contains("'foreign'", Assert.Throws<ArgumentException>(() => run.Run(foreign, [])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => run.Run(null!, []));
        Assert.Throws<ArgumentNullException>(() => run.Run(Stages.Stages[0], null!));
        Assert.False(Directory.Exists(Out));
    }

    /// <summary>The files of a folder but for locks: logs without their times, other files by their bytes.</summary>
    private static Dictionary<string, string> Files(string folder) => Directory.GetFiles(folder)
        .Where(path => Path.GetExtension(path) != ".lock" && !path.Contains("checkpoint", StringComparison.Ordinal))
        .ToDictionary(
            path => Path.GetFileName(path),
            path => Path.GetExtension(path) == ".jsonl"
                ? string.Join('\n', LogFile.WithoutTimes(path)) : Convert.ToHexString(File.ReadAllBytes(path)));

    private sealed class Steps(List<long> steps) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => steps.Add(value.Step);
    }

    private sealed class Evaluated(List<long> steps) : IProgress<RunEvaluation>
    {
        public void Report(RunEvaluation value) => steps.Add(value.Step);
    }
}
