using System.Globalization;
using HslEmbeddingZero.Training;
using Spectre.Console;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>Trains the runs of a study, except those that an earlier or another process has trained.</summary>
internal sealed class StudyRunner(
    Study study, ComparisonData data, Precision precision, torch.Device device, DirectoryInfo output, TimeSpan? checkpointEvery,
    ClaimWatch claims)
{
    /// <exception cref="InvalidDataException">The folder holds a result that does not belong to this study.</exception>
    public void RefuseForeignResults()
    {
        foreach (RunKey key in study.Runs()) new DoorRun(Plan(key), data, device, Ranks.Alone).RefuseOtherResult();
    }

    /// <returns>The results of all runs, in the study's order.</returns>
    public IReadOnlyList<RunResult> Run(IAnsiConsole console, CancellationToken cancellationToken)
    {
        RunKey[] keys = [.. study.Runs()];
        var results = new RunResult[keys.Length];
        SharedRuns runs = new(
            [.. keys.Select(key => (LabelOf(key), new DoorRun(Plan(key), data, device, Ranks.Alone)))], claims, Ranks.Alone);
        runs.Execute(console, (i, result, _) => results[i] = result, cancellationToken);
        return results;
    }

    /// <summary>Name of a run in progress output.</summary>
    private string LabelOf(RunKey run)
    {
        string label = $"{Study.DoorLabel(run)} K={run.BytesPerSlot} seed {run.Seed}";
        if (study.Steps.Count > 1) label += $", {run.Steps} steps";
        if (study.PeakLearningRates.Count > 1) label += string.Create(CultureInfo.InvariantCulture, $", rate {run.PeakLearningRate}");
        return label;
    }

    private RunPlan Plan(RunKey run) => new()
    {
        Key = run,
        Stem = Path.Combine(output.FullName, string.Create(
            CultureInfo.InvariantCulture,
            $"{Study.DoorLabel(run)}-k{run.BytesPerSlot}-{run.Steps}steps-rate{run.PeakLearningRate}-seed{run.Seed}")),
        CreateDoor = () => DoorVariant.Parse(run.Arm, run.Channels).Create(run.BytesPerSlot, study.BodyFor(run.BytesPerSlot).Dim, run.Seed),
        Body = study.BodyFor(run.BytesPerSlot),
        Training = study.TrainingOf(run) with { Precision = precision },
        HeldOut = study.Budget.HeldOut,
        CheckpointEvery = checkpointEvery,
        DividesText = true,
        EvaluateAt = [.. study.EvaluateAt.Where(step => step < run.Steps)],
    };
}
