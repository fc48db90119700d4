using System.Globalization;
using HslEmbeddingZero.Training;
using Spectre.Console;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>A long training run in a folder. Reports to the console and to TensorBoard.</summary>
internal sealed class ModelTraining(IAnsiConsole console, TrainOptions options, ByteMix data, Ranks ranks)
{
    public const string WeightsName = "model.safetensors";
    public const string CheckpointName = "checkpoint.safetensors";

    private TrainPreset Preset => options.Preset;

    private string Folder => options.Out.FullName;

    /// <summary>Trains to the end, scores the best weights as stored in the file, and returns the scores; null on other ranks.</summary>
    public Scores? Run(CancellationToken cancellationToken)
    {
        long best = ranks.Together(() => Train(cancellationToken));
        if (!ranks.IsFirst) return null; // The file is on the disk of rank 0.
        string weights = Path.Combine(Folder, WeightsName);
        using var model = ByteLanguageModel.Load(weights);
        model.to(options.Device);
        Scores scores = Score(model, best, weights, cancellationToken);
        model.Save(weights, torch.ScalarType.BFloat16, Provenance.Of(options, data, scores));
        return scores;
    }

    private Scores Score(ByteLanguageModel model, long step, string weights, CancellationToken cancellationToken)
    {
        using WorkProgress progress = new(console, "scoring the best weights:");
        try
        {
            Evaluator evaluator = new(data.Sources, device: options.Device);
            return Scores.Of(step, evaluator.Evaluate(model, new ScoringProgress(progress), cancellationToken));
        }
        catch (OperationCanceledException stopped)
        {
            throw new InterruptedException(
                $"The training is complete. The best weights are in {weights}, with their scores during training; evaluate --update "
                    + "measures them again.",
                stopped);
        }
    }

    private long Train(CancellationToken cancellationToken)
    {
        using var model = new ByteLanguageModel(
            DoorArms.Create(options.Door, Preset.BytesPerSlot, Preset.Body.Dim), new ByteTransformer(Preset.Body));
        model.ResetParameters(options.Training.Seed);
        using TrainingRun run = new(
            Folder, model, data.Sources, options.Training,
            new TrainingRunOptions
            {
                EvaluateEverySteps = Preset.EvaluateEvery,
                CheckpointEvery = options.CheckpointEvery,
                WeightsType = torch.ScalarType.BFloat16,
                WeightsMetadata = evaluation => Provenance.Of(options, data, Scores.Of(evaluation.Step, evaluation.Scores)),
            },
            options.Device, group: ranks.Group);
        if (ranks.IsFirst && !options.Resume && File.Exists(run.CheckpointPath))
            throw new ArgumentException(
                $"{run.CheckpointPath} exists from an earlier run: resume it with --resume, or choose another --out.");
        bool isResumed = run.Resume();
        if (ranks.IsFirst && !isResumed && File.Exists(run.WeightsPath))
            throw new ArgumentException(
                $"{run.WeightsPath} exists from an earlier run, which left no checkpoint to resume from: choose another --out.");
        if (options.Resume && !isResumed) console.WriteLine($"There is no checkpoint in {Folder}: the run begins anew.");
        console.WriteLine(isResumed
            ? $"going on from step {run.Trainer.Step:N0}"
            : $"{model.Body.ParameterCount:N0} parameters behind {options.Door}, {options.Training.Steps:N0} steps in "
                + $"{RecommendedPrecision.Describe(options.Training.Precision, options.Device)} on "
                + $"{ranks.NameOf(options.Device)}");
        using TensorBoardLog? board = !ranks.IsFirst ? null : new(
            Path.Combine(Folder, "tensorboard"), run.Trainer.Elapsed, ("train", run.MetricsPath), ("held-out", run.EvaluationsPath));
        LiveProgress.Run(
            console, [Preset.Name],
            (_, live) => run.Run(live, board is null ? null : new EvaluationLines(console, run, board), live, cancellationToken),
            lines: 200);
        board?.Update();
        return run.Best!.Step;
    }

    private sealed class EvaluationLines(IAnsiConsole console, TrainingRun run, TensorBoardLog board) : IProgress<RunEvaluation>
    {
        public void Report(RunEvaluation value)
        {
            board.Update();
            var scores = Scores.Of(value.Step, value.Scores);
            string best = run.Best == value ? ", the best so far" : "";
            console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"held out at step {scores.Step}: text {scores.Text:F3}, video {scores.Video:F3}, caption {scores.Caption:F3} bpb, "
                    + $"binding gap {scores.BindingGap:+0.000;-0.000;+0.000}{best}"));
        }
    }
}
