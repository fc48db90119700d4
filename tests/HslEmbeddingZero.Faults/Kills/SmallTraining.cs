using System.Text.Json;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Faults;

/// <summary>
/// The run that is killed. It writes a checkpoint every second step and resumes from the last one, if there is one. One process trains it,
/// or the ranks of a launcher.
/// </summary>
internal static class SmallTraining
{
    public const string Checkpoint = "checkpoint.safetensors";
    public const string Metrics = "metrics.jsonl";
    public const string Weights = "weights.safetensors";
    public const string Scores = "scores.json";
    private const int CheckpointEvery = 2;

    public static int Run(string folder, int steps)
    {
        using IProcessGroup? group = ProcessGroup.Join();
        bool isFirst = group is not { Rank: > 0 };
        IReadOnlyList<SampleSource> sources = SmallCorpus.Load(Path.Combine(folder, "corpus"));
        string checkpoint = Path.Combine(folder, Checkpoint);
        using ByteLanguageModel model = SmallCorpus.Model();
        using Trainer trainer = new(model, sources, SmallCorpus.Options with { Steps = steps }, group: group);
        if (File.Exists(checkpoint)) trainer.LoadCheckpoint(checkpoint);
        using (MetricsLog? metrics = isFirst ? new(Path.Combine(folder, Metrics), trainer.Step) : null)
        {
            while (trainer.Step < steps)
            {
                trainer.Run(metrics, ((trainer.Step / CheckpointEvery) + 1) * CheckpointEvery);
                trainer.SaveCheckpoint(checkpoint);
            }
        }

        EvaluationResult scores = new Evaluator(sources, group: group).Evaluate(model);
        if (isFirst)
        {
            model.SaveWeights(Path.Combine(folder, Weights));
            File.WriteAllText(Path.Combine(folder, Scores), JsonSerializer.Serialize(scores));
        }

        group?.Complete();
        return 0;
    }
}
