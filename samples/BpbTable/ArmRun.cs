using System.Diagnostics;
using System.Text.Json;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>Trains and scores one row with one seed, keeping a metrics file, a checkpoint while it lasts, and the result.</summary>
internal sealed class ArmRun(TableOptions options, TableRowKey row, int seed, TableData data)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private readonly string _stem = Path.Combine(options.Out.FullName, row.Steps is { } steps
        ? $"{row.Arm}-k{row.BytesPerSlot}-{steps}steps-seed{seed}"
        : $"{row.Arm}-k{row.BytesPerSlot}-seed{seed}");

    public string MetricsPath => _stem + ".metrics.jsonl";

    private string CheckpointPath => _stem + ".checkpoint.safetensors";

    private string ResultPath => _stem + ".result.json";

    /// <summary>What must be equal for an earlier result or checkpoint to be taken over.</summary>
    private string Fingerprint => JsonSerializer.Serialize(new
    {
        row,
        seed,
        options.Preset.Body,
        Training = TrainingOptions with { LogEvery = 1 },
        options.Preset.HeldOut,
        data.HeldOut.Sha256,
        corpus = data.Sampler(TrainingOptions).Fingerprint,
        device = options.Device.type.ToString(),
    });

    private TrainerOptions TrainingOptions => options.Preset.Training.WithSteps(options.StepsOf(row)) with { Seed = seed };

    public RunResult Execute(IProgress<TrainingProgress> progress, CancellationToken cancellation)
    {
        if (options.Resume && File.Exists(ResultPath) && File.Exists(MetricsPath) && ReadResult() is { } finished) return finished;

        using InputDoor door = DoorArms.Create(row.Arm, row.BytesPerSlot, options.Preset.Body.Dim, seed);
        using var body = new ByteTransformer(options.Preset.Body);
        using var model = new ByteLanguageModel(door, body);
        using var trainer = new Trainer(model, data.Sampler(TrainingOptions), TrainingOptions, options.Device);
        if (options.Resume && File.Exists(CheckpointPath)) trainer.LoadCheckpoint(CheckpointPath);
        using (var metrics = new MetricsLog(MetricsPath, trainer.Step))
        {
            Train(trainer, new ProgressToAll(metrics, progress), cancellation);
        }

        Stopwatch clock = Stopwatch.StartNew();
        EvaluationResult scores = new Evaluator(data.HeldOut, device: options.Device).Evaluate(model, cancellation);
        RunResult result = new(
            row.Arm, row.BytesPerSlot, TrainingOptions.Steps, seed, Fingerprint, door.LearnedParameters, scores,
            trainer.BytesRead / trainer.Elapsed.TotalSeconds, (trainer.Elapsed + clock.Elapsed).TotalSeconds);
        AtomicFile.WriteText(ResultPath, JsonSerializer.Serialize(result, Json));
        File.Delete(CheckpointPath);
        return result;
    }

    private void Train(Trainer trainer, IProgress<TrainingProgress> progress, CancellationToken cancellation)
    {
        try
        {
            while (trainer.Step < TrainingOptions.Steps)
            {
                long stop = (trainer.Step / options.Preset.CheckpointEvery + 1) * options.Preset.CheckpointEvery;
                trainer.Run(progress, stop, cancellation);
                if (trainer.Step < TrainingOptions.Steps) trainer.SaveCheckpoint(CheckpointPath);
            }

            trainer.SaveCheckpoint(CheckpointPath); // An interrupted evaluation need not train again.
        }
        catch (OperationCanceledException)
        {
            trainer.SaveCheckpoint(CheckpointPath);
            throw;
        }
    }

    private RunResult? ReadResult()
    {
        try
        {
            RunResult? result = JsonSerializer.Deserialize<RunResult>(File.ReadAllText(ResultPath), Json);
            return result?.Fingerprint == Fingerprint && result.Scores?.TextBitsPerByteBySource is not null ? result : null;
        }
        catch (JsonException)
        {
            return null; // A foreign or damaged result is made anew.
        }
    }
}
