namespace HslEmbeddingZero.Training.Tests.Runs;

/// <summary>Two stages of milliseconds: text, then text and prompts with a frozen head.</summary>
internal static class TinyCurriculum
{
    private static readonly TrainerOptions Training = TinyRun.Options with { Steps = 4, ReportEverySteps = 1 };

    public static Curriculum Stages { get; } = new()
    {
        BytesPerSlot = 1,
        Body = new() { Dim = 32, Layers = 1, Heads = 2 },
        Stages =
        [
            new()
            {
                Name = "first",
                Sources = new Dictionary<string, StageSource> { ["text"] = new(1, 32, 16) },
                Training = Training,
                EvaluateEverySteps = 3,
            },
            new()
            {
                Name = "second",
                Sources = new Dictionary<string, StageSource>
                {
                    ["text"] = new(1, 24, 16),
                    ["asked"] = new(2, PromptRun.Shape.ContextLength, PromptRun.Shape.TargetLength),
                },
                Training = Training with { Steps = 5, BatchSize = 2, GradientAccumulationSteps = 3, PeakLearningRate = 1e-3 },
                EvaluateEverySteps = 2,
                Frozen = ["head."],
            },
        ],
    };

    public static SampleSource[] SourcesOf(CurriculumStage stage) =>
        [.. stage.Sources.Select(pair => pair.Key == "asked" ? (SampleSource)PromptRun.Source(pair.Value.Weight) : new TextSource(
            TinyRun.Text, pair.Value.Context, pair.Value.Target, pair.Value.Weight, heldOutSamples: 2))];

    /// <summary>Trains all stages, or one of them.</summary>
    public static void Run(
        CurriculumRun run, CurriculumStage? only = null, IProgress<TrainingProgress>? progress = null,
        IProgress<RunEvaluation>? evaluations = null, TrainingRunOptions? options = null, CancellationToken cancellationToken = default)
    {
        foreach (CurriculumStage stage in only is null ? run.Curriculum.Stages : [only])
            run.Run(stage, SourcesOf(stage), options, progress, evaluations, cancellationToken: cancellationToken);
    }
}
