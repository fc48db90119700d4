using System.Globalization;
using HslEmbeddingZero.Training;
using Spectre.Console;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// A long training run in a folder: metrics and held-out scores as JSON lines and as TensorBoard events, a checkpoint to go on from, and
/// the best weights so far.
/// </summary>
internal sealed class ModelTraining(IAnsiConsole console, TrainOptions options, ByteMix data)
{
    public const string WeightsName = "model.safetensors";

    private TrainPreset Preset => options.Preset;

    private long Steps => options.Training.Steps;

    private string Weights => InFolder(WeightsName);

    private string Checkpoint => InFolder("checkpoint.safetensors");

    /// <summary>Trains to the end, scores the best weights as they are kept, and returns the scores.</summary>
    public Scores Run(CancellationToken cancellation)
    {
        long best = Train(cancellation);
        using ByteLanguageModel model = ByteLanguageModel.Load(Weights);
        model.to(options.Device);
        Scores scores = Scores.Of(best, new Evaluator(data.Sources, device: options.Device).Evaluate(model, cancellation));
        Keep(model, scores);
        return scores;
    }

    private long Train(CancellationToken cancellation)
    {
        if (!options.Resume && File.Exists(Checkpoint))
            throw new ArgumentException($"{Checkpoint} of an earlier run is there: go on from it with --resume, or choose another --out.");
        using var model = new ByteLanguageModel(
            DoorArms.Create(options.Door, Preset.BytesPerSlot, Preset.Body.Dim), new ByteTransformer(Preset.Body));
        model.ResetParameters(options.Training.Seed);
        using var trainer = new Trainer(model, data.Sources, options.Training, options.Device);
        if (File.Exists(Checkpoint)) trainer.LoadCheckpoint(Checkpoint);
        EvaluationLog evaluations = new(InFolder("evaluations.jsonl"), trainer.Step);
        using var metrics = new MetricsLog(InFolder("metrics.jsonl"), trainer.Step);
        using var board = new TensorBoardLog(
            InFolder("tensorboard"), trainer.Elapsed, ("train", InFolder("metrics.jsonl")), ("held-out", InFolder("evaluations.jsonl")));
        Evaluator evaluator = new(data.Sources, device: options.Device);
        console.WriteLine(trainer.Step == 0
            ? $"{model.Body.ParameterCount:N0} parameters behind {options.Door}, {Steps:N0} steps in "
                + $"{RecommendedPrecision.Describe(options.Training.Precision, options.Device)} on {ComputeOptions.NameOf(options.Device)}"
            : $"going on from step {trainer.Step:N0}");
        LiveProgress.Run(console, [Preset.Name], (_, live) => Continue(new ProgressToAll(metrics, live)), lines: 200);
        return evaluations.BestStep;

        void Continue(IProgress<TrainingProgress> progress)
        {
            CheckpointClock checkpoint = new(options.CheckpointEvery);
            try
            {
                while (true)
                {
                    if (IsDue(trainer.Step, Preset.EvaluateEvery) && evaluations.LastStep < trainer.Step) Evaluate();
                    if (checkpoint.IsDue || trainer.Step == Steps)
                    {
                        trainer.SaveCheckpoint(Checkpoint);
                        checkpoint.Restart();
                    }

                    board.Update();
                    if (trainer.Step == Steps) return;
                    trainer.Run(progress, Next(trainer.Step, Preset.EvaluateEvery), checkpoint.Remaining, cancellation);
                }
            }
            catch (OperationCanceledException)
            {
                trainer.SaveCheckpoint(Checkpoint);
                throw;
            }
        }

        void Evaluate()
        {
            Scores scores = Scores.Of(trainer.Step, evaluator.Evaluate(model, cancellation));
            bool isBest = scores.Mean < evaluations.Best;
            if (isBest) Keep(model, scores);
            evaluations.Add(scores);
            console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"held out at step {scores.Step}: text {scores.Text:F3}, video {scores.Video:F3}, caption {scores.Caption:F3} bpb, binding gap {scores.BindingGap:+0.000;-0.000}{(isBest ? ", the best so far" : "")}"));
        }
    }

    private void Keep(ByteLanguageModel model, Scores scores) =>
        model.Save(Weights, torch.ScalarType.BFloat16, Provenance.Of(options, data, scores));

    private bool IsDue(long step, int every) => step > 0 && (step % every == 0 || step == Steps);

    private static long Next(long step, int every) => (step / every + 1) * every;

    private string InFolder(string name) => Path.Combine(options.Out.FullName, name);
}
