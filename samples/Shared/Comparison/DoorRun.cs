using System.Diagnostics;
using System.Text.Json;
using HslEmbeddingZero.Training;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// Trains and scores one door with one seed. Writes a metrics file, the result, and a checkpoint during training. Several processes may
/// share the folder: each claims a run before it trains it.
/// </summary>
internal sealed class DoorRun(RunPlan plan, ComparisonData data, torch.Device device, Ranks ranks)
{
    public string ClaimPath => plan.Stem + ".claim";

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

    /// <summary>Reuses the result of an earlier run. Else trains the run, from its checkpoint where there is one.</summary>
    /// <param name="claims">What this process has seen of the claims of others.</param>
    /// <param name="beforeTraining">Is called when the run is claimed, and is about to be trained.</param>
    /// <param name="progress">Receives every report of the training and of the scoring.</param>
    /// <param name="cancellationToken">Stops the run; a checkpoint is written first.</param>
    /// <exception cref="RunInUseException">Another process is training this run, or has taken it over.</exception>
    /// <exception cref="InvalidDataException">The result of another run is in the way of this one.</exception>
    public RunResult Execute(ClaimWatch claims, Action beforeTraining, IRunProgress progress, CancellationToken cancellationToken)
    {
        using RunClaim claim = RunClaim.TryTake(ClaimPath, claims)
            ?? throw new RunInUseException($"{ClaimPath}: {claims.HolderOf(ClaimPath)} is training this run.");
        if (Finished() is { } earlier) return earlier; // Another process has finished the run meanwhile.
        RefuseOtherResult();
        if (claim.WasTakenOver) DeleteLeftovers();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, claim.Lost);
        beforeTraining();
        try
        {
            return Train(claim, progress, stop.Token)!;
        }
        catch (Exception error) when (error is OperationCanceledException or IOException and not RunInUseException && !claim.IsHeld())
        {
            // Its files are those of another process by now.
            throw new RunInUseException($"{ClaimPath}: another process has taken this run over.", error);
        }
    }

    /// <summary>Trains the run with rank 0, which calls <see cref="Execute"/>.</summary>
    public void Follow(CancellationToken cancellationToken) => Train(claim: null, progress: null, cancellationToken);

    /// <returns>The result; null on all ranks but the first.</returns>
    private RunResult? Train(RunClaim? claim, IRunProgress? progress, CancellationToken cancellationToken)
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
                BeforeWrite = () => claim?.Confirm(),
            },
            device, group: ranks.Group);
        run.Resume();
        var last = MixScores.Of(run.Run(progress, scoring: progress, cancellationToken: cancellationToken)!);
        var dividing = Stopwatch.StartNew();
        IReadOnlyList<NoveltyScore>? novelty = plan.DividesText ? DivideText(run, model, progress, cancellationToken) : null;
        if (!ranks.IsFirst) return null;
        RunResult result = new(
            plan.Key, Fingerprint, door.LearnedParameters, last,
            [.. run.Evaluations.Where(evaluation => evaluation.Step < plan.Training.Steps)
                .Select(evaluation => new CurvePoint(evaluation.Step, MixScores.Of(evaluation.Scores)))],
            run.Trainer.BytesRead / run.Trainer.Elapsed.TotalSeconds,
            (run.Trainer.Elapsed + dividing.Elapsed).TotalSeconds + run.Evaluations.Sum(evaluation => evaluation.Elapsed.TotalSeconds),
            ranks.NameOf(device), TorchRuntime.LibtorchVersion, novelty);
        claim!.Confirm();
        AtomicFile.WriteText(ResultPath, JsonSerializer.Serialize(result, SampleJson.Line));
        DeleteIfPossible(run.CheckpointPath);
        DeleteIfPossible(run.EvaluationsPath);
        return result;
    }

    private IReadOnlyList<NoveltyScore> DivideText(
        TrainingRun run, ByteLanguageModel model, IRunProgress? progress, CancellationToken cancellationToken)
    {
        try
        {
            Evaluator evaluator = new([data.Mix.Text], device: device, group: ranks.Group);
            return data.Novelty.Score(evaluator.EvaluateBytes(model, data.Mix.Text.Name, progress, cancellationToken));
        }
        catch (OperationCanceledException)
        {
            run.SaveCheckpoint();
            throw;
        }
    }

    /// <summary>
    /// Deletes the lock and the half-written files of a holder that this process has taken the run over from. A server may keep the lock of
    /// a dead machine until that machine starts again, and a process that stands still keeps its own. If it goes on, it finds that its
    /// claim is gone.
    /// </summary>
    private void DeleteLeftovers()
    {
        DeleteIfPossible(plan.Stem + ".lock");
        (string folder, string name) = (Path.GetDirectoryName(plan.Stem)!, Path.GetFileName(plan.Stem));
        foreach (string pattern in (string[])[$".{name}.*.tmp", $"{name}.checkpoint.*.tmp"])
            foreach (string halfWritten in Directory.GetFiles(folder, pattern)) DeleteIfPossible(halfWritten);
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
