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
    public RunResult? Finished() =>
        File.Exists(MetricsPath) && ReadResult() is { } earlier && earlier.Fingerprint == Fingerprint ? earlier : null;

    /// <summary>Whether a result of another run stands where this one's would go.</summary>
    public bool IsTakenByAnother() => ReadResult() is { } earlier && earlier.Fingerprint != Fingerprint;

    /// <param name="resume">Whether to take over a result, or go on from a checkpoint, of an earlier try.</param>
    /// <param name="progress">Told of every report of the training.</param>
    /// <param name="cancellationToken">Asks to stop; a checkpoint is written first.</param>
    /// <exception cref="RunInUseException">Another process trains this run.</exception>
    public RunResult Execute(bool resume, IProgress<TrainingProgress> progress, CancellationToken cancellationToken)
    {
        using InputDoor door = plan.CreateDoor();
        using var body = new ByteTransformer(plan.Body);
        using var model = new ByteLanguageModel(door, body);
        model.ResetParameters(plan.Training.Seed);
        using TrainingRun run = new(
            Path.GetDirectoryName(plan.Stem)!, model, data.Mix.Sources, plan.Training,
            new TrainingRunOptions
            {
                Name = Path.GetFileName(plan.Stem),
                EvaluateAt = [.. plan.EvaluateAt],
                CheckpointEvery = plan.CheckpointEvery,
                KeepsBestWeights = false,
            },
            device);
        if (resume && Finished() is { } earlier) return earlier; // Another process has finished it meanwhile.
        if (resume) run.Resume();
        var last = MixScores.Of(run.Run(progress, cancellationToken: cancellationToken)!);
        var dividing = Stopwatch.StartNew();
        IReadOnlyList<NoveltyScore>? novelty = plan.DividesText ? DivideText(run, model, cancellationToken) : null;
        RunResult result = new(
            plan.Key, Fingerprint, door.LearnedParameters, last,
            [.. run.Evaluations.Where(evaluation => evaluation.Step < plan.Training.Steps)
                .Select(evaluation => new CurvePoint(evaluation.Step, MixScores.Of(evaluation.Scores)))],
            run.Trainer.BytesRead / run.Trainer.Elapsed.TotalSeconds,
            (run.Trainer.Elapsed + dividing.Elapsed).TotalSeconds + run.Evaluations.Sum(evaluation => evaluation.Elapsed.TotalSeconds),
            ComputeOptions.NameOf(device), TorchRuntime.LibtorchVersion, novelty);
        AtomicFile.WriteText(ResultPath, JsonSerializer.Serialize(result, SampleJson.Line));
        DeleteIfPossible(run.CheckpointPath);
        DeleteIfPossible(run.EvaluationsPath);
        return result;
    }

    private IReadOnlyList<NoveltyScore> DivideText(TrainingRun run, ByteLanguageModel model, CancellationToken cancellationToken)
    {
        try
        {
            Evaluator evaluator = new([data.Mix.Text], device: device);
            return data.Novelty.Score(evaluator.EvaluateBytes(model, data.Mix.Text.Name, cancellationToken));
        }
        catch (OperationCanceledException)
        {
            run.Trainer.SaveCheckpoint(run.CheckpointPath);
            throw;
        }
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
