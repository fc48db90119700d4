using System.Diagnostics;
using System.Text.Json;
using HslEmbeddingZero.Training;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>Trains and scores one door with one seed, keeping a metrics file, a checkpoint while it lasts, and the result.</summary>
internal sealed class DoorRun(RunPlan plan, ComparisonData data, torch.Device device)
{
    public string MetricsPath => plan.Stem + ".metrics.jsonl";

    public string ResultPath => plan.Stem + ".result.json";

    private string CheckpointPath => plan.Stem + ".checkpoint.safetensors";

    private string CurvePath => plan.Stem + ".curve.json";

    /// <summary>What must be equal for an earlier result to be taken over.</summary>
    private string Fingerprint => JsonSerializer.Serialize(
        new
        {
            plan.Key,
            plan.Body,
            Training = CommittedWords.Training(plan.Training with { ReportEverySteps = 1 }, data.Mix.Weights),
            plan.HeldOut,
            plan.EvaluateAt,
            Sha256 = data.Mix.HeldOutSha256,
            corpus = CommittedWords.Corpus(plan.Training, data.Mix),
            device = device.type.ToString(),
        },
        SampleJson.Line);

    /// <summary>The result of an earlier run like this one, or null where there is none.</summary>
    public RunResult? Finished() => File.Exists(MetricsPath) && ReadResult() is { } earlier && earlier.Fingerprint == Fingerprint ? earlier : null;

    /// <summary>Whether a result of another run stands where this one's would go.</summary>
    public bool IsTakenByAnother() => ReadResult() is { } earlier && earlier.Fingerprint != Fingerprint;

    /// <param name="resume">Whether to go on from a checkpoint of an earlier try.</param>
    /// <param name="progress">Told of every report of the training.</param>
    /// <param name="cancellation">Asks to stop; a checkpoint is written first.</param>
    public RunResult Execute(bool resume, IProgress<TrainingProgress> progress, CancellationToken cancellation)
    {
        using InputDoor door = plan.CreateDoor();
        using var body = new ByteTransformer(plan.Body);
        using var model = new ByteLanguageModel(door, body);
        model.ResetParameters(plan.Training.Seed);
        using var trainer = new Trainer(model, data.Mix.Sources, plan.Training, device);
        if (resume && File.Exists(CheckpointPath)) trainer.LoadCheckpoint(CheckpointPath);
        List<CurvePoint> curve = [.. ReadCurve().Where(point => point.Step <= trainer.Step)];
        Evaluator evaluator = new(data.Mix.Sources, device: device);
        Stopwatch scoring = new();
        MixScores last;
        IReadOnlyList<NoveltyScore>? novelty;
        try
        {
            using (var metrics = new MetricsLog(MetricsPath, trainer.Step))
            {
                Train(trainer, new ProgressToAll(metrics, progress), Score, cancellation);
            }

            last = Evaluate();
            scoring.Start();
            novelty = plan.DividesText ? data.Novelty.Score(evaluator.EvaluateBytes(model, data.Mix.Text.Name, cancellation)) : null;
            scoring.Stop();
        }
        catch (OperationCanceledException)
        {
            trainer.SaveCheckpoint(CheckpointPath);
            throw;
        }

        RunResult result = new(
            plan.Key, Fingerprint, door.LearnedParameters, last, curve,
            trainer.BytesRead / trainer.Elapsed.TotalSeconds, (trainer.Elapsed + scoring.Elapsed).TotalSeconds,
            ComputeOptions.NameOf(device), TorchRuntime.LibtorchVersion, novelty);
        AtomicFile.WriteText(ResultPath, JsonSerializer.Serialize(result, SampleJson.Line));
        DeleteIfPossible(CheckpointPath);
        DeleteIfPossible(CurvePath);
        return result;

        void Score(long step)
        {
            if (!plan.EvaluateAt.Contains((int)step) || curve.Exists(point => point.Step == step)) return;
            curve.Add(new CurvePoint(step, Evaluate()));
            AtomicFile.WriteText(CurvePath, JsonSerializer.Serialize(curve, SampleJson.Line));
        }

        MixScores Evaluate()
        {
            scoring.Start();
            MixScores scores = MixScores.Of(evaluator.Evaluate(model, cancellation));
            scoring.Stop();
            return scores;
        }
    }

    private void Train(Trainer trainer, IProgress<TrainingProgress> progress, Action<long> score, CancellationToken cancellation)
    {
        CheckpointClock checkpoint = new(plan.CheckpointEvery);
        while (trainer.Step < plan.Training.Steps)
        {
            trainer.Run(progress, plan.NextStop(trainer.Step), checkpoint.Remaining, cancellation);
            if (trainer.Step == plan.Training.Steps) break;
            score(trainer.Step);
            if (!checkpoint.IsDue) continue;
            trainer.SaveCheckpoint(CheckpointPath);
            checkpoint.Restart();
        }

        if (plan.CheckpointEvery is not null) trainer.SaveCheckpoint(CheckpointPath); // A killed evaluation need not train again.
    }

    /// <summary>
    /// A file that is not needed any more. On Windows a virus scanner may hold it; the result is kept already, and that is what counts.
    /// </summary>
    private static void DeleteIfPossible(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It stays, and a later run of this name takes no notice of it.
        }
    }

    private RunResult? ReadResult() =>
        Read<RunResult>(ResultPath) is { Key: not null, Curve: not null, Scores.TextBitsPerByteBySource: not null } result ? result : null;

    private CurvePoint[] ReadCurve() => Read<CurvePoint[]>(CurvePath) ?? [];

    /// <summary>What a file holds; null where there is none, or a foreign or damaged one, which is made anew.</summary>
    private static T? Read<T>(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<T>(File.ReadAllText(path), SampleJson.Line) : default;
        }
        catch (JsonException)
        {
            return default;
        }
    }
}
