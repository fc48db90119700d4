using System.Globalization;
using HslEmbeddingZero.Training;
using Spectre.Console;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>Trains the runs of a study, except those that an earlier or another process has trained.</summary>
internal sealed class StudyRunner(
    Study study, ComparisonData data, Precision precision, torch.Device device, DirectoryInfo output, TimeSpan? checkpointEvery)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <exception cref="InvalidDataException">The folder holds a result that does not belong to this study.</exception>
    public void RefuseForeignResults()
    {
        foreach (RunKey key in study.Runs()) new DoorRun(Plan(key), data, device).RefuseOtherResult();
    }

    /// <returns>The results of all runs, in the study's order.</returns>
    public IReadOnlyList<RunResult> Run(IAnsiConsole console, CancellationToken cancellationToken)
    {
        RunPlan[] plans = [.. study.Runs().Select(Plan)];
        Dictionary<RunKey, RunResult> results = [];
        LiveProgress.Run(console, [.. plans.Select(plan => LabelOf(plan.Key))],
            (i, progress) => TakeOrTrain(plans[i], results, progress, cancellationToken));

        foreach (RunPlan plan in plans.Where(plan => !results.ContainsKey(plan.Key)))
        {
            SampleConsole.ForProgress(console).WriteLine($"{LabelOf(plan.Key)}: another process is training this run; waiting for it.");
            while (!TakeOrTrain(plan, results, new Unseen(), cancellationToken))
            {
                if (cancellationToken.WaitHandle.WaitOne(Patience)) cancellationToken.ThrowIfCancellationRequested();
            }
        }

        return [.. plans.Select(plan => results[plan.Key])];
    }

    /// <summary>Name of a run in progress output.</summary>
    private string LabelOf(RunKey run)
    {
        string label = $"{Study.DoorLabel(run)} K={run.BytesPerSlot} seed {run.Seed}";
        if (study.Steps.Count > 1) label += $", {run.Steps} steps";
        if (study.PeakLearningRates.Count > 1) label += string.Create(CultureInfo.InvariantCulture, $", rate {run.PeakLearningRate}");
        return label;
    }

    private bool TakeOrTrain(RunPlan plan, Dictionary<RunKey, RunResult> results, IRunProgress progress,
        CancellationToken cancellationToken)
    {
        DoorRun run = new(plan, data, device);
        if (run.Finished() is { } earlier)
        {
            results[plan.Key] = earlier;
            return true;
        }

        try
        {
            results[plan.Key] = run.Execute(resume: true, progress, cancellationToken);
            return true;
        }
        catch (RunInUseException)
        {
            return false;
        }
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

    /// <summary>Shows nothing: mostly, another process trains the run.</summary>
    private sealed class Unseen : IRunProgress
    {
        public void Report(TrainingProgress value)
        {
        }

        public void Report(EvaluationProgress value)
        {
        }
    }
}
