using System.Text.Json;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Faults;

/// <summary>The run that is killed. It writes a checkpoint every second step and resumes from the last one, if there is one.</summary>
internal static class SmallTraining
{
    public const string Checkpoint = "checkpoint.safetensors";
    public const string Metrics = "metrics.jsonl";
    public const string Weights = "weights.safetensors";
    public const string Scores = "scores.json";
    private const int CheckpointEvery = 2;

    public static int Run(string folder, int steps)
    {
        IReadOnlyList<SampleSource> sources = SmallCorpus.Sources(Path.Combine(folder, "corpus"));
        string checkpoint = Path.Combine(folder, Checkpoint);
        using ByteLanguageModel model = SmallCorpus.Model();
        using Trainer trainer = new(model, sources, SmallCorpus.Options with { Steps = steps });
        if (File.Exists(checkpoint)) trainer.LoadCheckpoint(checkpoint);
        using (MetricsLog metrics = new(Path.Combine(folder, Metrics), trainer.Step))
        {
            while (trainer.Step < steps)
            {
                trainer.Run(metrics, ((trainer.Step / CheckpointEvery) + 1) * CheckpointEvery);
                trainer.SaveCheckpoint(checkpoint);
            }
        }

        EvaluationResult scores = new Evaluator(sources).Evaluate(model);
        model.SaveWeights(Path.Combine(folder, Weights));
        File.WriteAllText(Path.Combine(folder, Scores), JsonSerializer.Serialize(scores));
        return 0;
    }
}
