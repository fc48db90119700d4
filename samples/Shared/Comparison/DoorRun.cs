using System.Diagnostics;
using System.Text.Json;
using HslEmbeddingZero.Training;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>Trains and scores one door with one seed. Writes a metrics file, the result, and a checkpoint during training.</summary>
internal sealed class DoorRun(RunPlan plan, ComparisonData data, torch.Device device)
{
    public string MetricsPath => plan.Stem + ".metrics.jsonl";

    public string ResultPath => plan.Stem + ".result.json";

    /// <summary>All conditions of a run. A stored result is reused only where it is equal.</summary>
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

    /// <summary>The result of an earlier run under the same conditions; null where there is none.</summary>
    public RunResult? Finished() =>
        File.Exists(MetricsPath) && ReadResult() is { } earlier && earlier.Fingerprint == Fingerprint ? earlier : null;

    /// <summary>What differs where the result file holds the result of a run under other conditions; null where it does not.</summary>
    public string? Difference() => ReadResult() is { } earlier && earlier.Fingerprint != Fingerprint
        ? OtherConditions.Describe(earlier.Fingerprint, Fingerprint) : null;

    /// <exception cref="InvalidDataException">The result file holds the result of a run under other conditions.</exception>
    public void RefuseOtherResult()
    {
        if (Difference() is not { } difference) return;
        throw new InvalidDataException(
            $"{ResultPath}: the result of a run with other options: {difference}. Use the same options, choose another --out, or remove "
                + "the file.");
    }

    /// <param name="resume">Whether to reuse the result, or resume from the checkpoint, of an earlier run.</param>
    /// <param name="progress">Receives every report of the training and of the scoring.</param>
    /// <param name="cancellationToken">Stops the run; a checkpoint is written first.</param>
    /// <exception cref="RunInUseException">Another process is training this run.</exception>
    /// <exception cref="InvalidDataException">The result of another run is in the way of a resumed one.</exception>
    public RunResult Execute(bool resume, IRunProgress progress, CancellationToken cancellationToken)
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
        if (resume && Finished() is { } earlier) return earlier; // Another process has finished the run meanwhile.
        if (resume)
        {
            RefuseOtherResult();
            run.Resume();
        }

        var last = MixScores.Of(run.Run(progress, scoring: progress, cancellationToken: cancellationToken)!);
        var dividing = Stopwatch.StartNew();
        IReadOnlyList<NoveltyScore>? novelty = plan.DividesText ? DivideText(run, model, progress, cancellationToken) : null;
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

    private IReadOnlyList<NoveltyScore> DivideText(
        TrainingRun run, ByteLanguageModel model, IRunProgress progress, CancellationToken cancellationToken)
    {
        try
        {
            Evaluator evaluator = new([data.Mix.Text], device: device);
            return data.Novelty.Score(evaluator.EvaluateBytes(model, data.Mix.Text.Name, progress, cancellationToken));
        }
        catch (OperationCanceledException)
        {
            run.Trainer.SaveCheckpoint(run.CheckpointPath);
            throw;
        }
    }

    /// <summary>
    /// Deletes a file that is no longer needed. On Windows a virus scanner may hold it open. This does no harm: the result is on disk.
    /// </summary>
    private static void DeleteIfPossible(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The file stays. A later run of the same name ignores it.
        }
    }

    private RunResult? ReadResult() =>
        Read<RunResult>(ResultPath) is { Key: not null, Curve: not null, Scores.TextBitsPerByteBySource: not null } result ? result : null;

    /// <summary>Reads a file; null where it is missing, foreign or damaged. It is then written anew.</summary>
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
