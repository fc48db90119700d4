using System.CommandLine;
using Spectre.Console;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>train: trains a model behind the zero door on text, video and captions.</summary>
internal static class TrainCommand
{
    public static Command Create(IAnsiConsole console)
    {
        string[] presets = [.. TrainPreset.All.Select(p => p.Name)];
        Option<string> preset = CheckedOptions.Choice(
            "--preset", "Size and budget: smoke (seconds), small (4 M parameters, for a CPU) or full (25 M, 30,000 steps, for a GPU).",
            "small", presets);
        Option<string> door = CheckedOptions.Choice(
            "--door",
            "zero is the published door. zero-standardized scales its channels by fixed constants. zero-ngram adds codes of the last 2, 3 "
                + "and 4 bytes (219 columns; not in smoke).",
            "zero", "zero", "zero-standardized", "zero-ngram");
        Option<int?> steps = CheckedOptions.Whole("--steps", "Number of optimizer steps. Default: that of the preset.", 1);
        Option<int?> seed = CheckedOptions.Whole("--seed", "Seed of weights, batches and dropout. Default: 0.", 0);
        Option<string> device = ComputeOptions.Device();
        Option<string> precision = ComputeOptions.Precision();
        Option<double> checkpointMinutes = ComputeOptions.CheckpointMinutes();
        Option<string[]> text = CorpusOptions.Text();
        Option<string[]> windows = CorpusOptions.Windows();
        Option<string?> licence = CorpusOptions.Licence();
        Option<DirectoryInfo> output = CheckedOptions.Folder("--out",
            $"Folder for {ModelTraining.WeightsName}, metrics, TensorBoard events and the checkpoint.", "runs/holo-zero");
        Option<bool> resume = new("--resume") { Description = "Resume from the checkpoint in the same folder." };
        RankOptions ranks = new();

        Command command = new("train", "Trains a model behind the zero door and keeps its best weights.")
        {
            preset, door, steps, seed, device, precision, checkpointMinutes, text, windows, licence, output, resume,
        };
        ranks.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            TrainPreset chosen = TrainPreset.All.Single(p => p.Name == parsed.GetValue(preset));
            torch.Device place = ComputeOptions.ChooseDevice(parsed.GetValue(device)!);
            Run(
                console,
                new TrainOptions(
                    chosen,
                    parsed.GetValue(door)!,
                    chosen.Training.WithSteps(parsed.GetValue(steps)) with
                    {
                        Seed = parsed.GetValue(seed) ?? 0,
                        Precision = ComputeOptions.ChoosePrecision(parsed.GetValue(precision)!, place),
                        Distributed = ranks.Parse(parsed),
                    },
                    ComputeOptions.CheckpointInterval(parsed.GetValue(checkpointMinutes)),
                    CorpusOptions.TextOrEmbedded(parsed.GetValue(text)),
                    CorpusOptions.WindowsOrEmbedded(parsed.GetValue(windows)),
                    CorpusOptions.LicenceOrEmbedded(parsed.GetValue(licence), parsed.GetValue(text), parsed.GetValue(windows)),
                    place,
                    parsed.GetValue(output)!,
                    parsed.GetValue(resume)),
                cancellationToken);
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(IAnsiConsole console, TrainOptions options, CancellationToken cancellationToken)
    {
        options.Training.Validate();
        // Refuses a door that does not fit before a folder is created.
        DoorArms.Create(options.Door, options.Preset.BytesPerSlot, options.Preset.Body.Dim).Dispose();
        using var ranks = Ranks.Join(options.Device);
        using OutputFolder? folder = ranks.IsFirst ? OutputFolder.Take(options.Out) : null;
        (ByteMix data, Scores? scores) = Train(console, options, ranks, cancellationToken);
        ranks.Complete();
        if (scores is null) return;
        ScoreTable.Print(console, data, [("held out", scores)]);
        console.WriteLine($"Best weights, from step {scores.Step:N0}: {Path.Combine(options.Out.FullName, ModelTraining.WeightsName)}");
    }

    /// <returns>The corpora, and the scores of the best weights; null on all ranks but the first.</returns>
    private static (ByteMix Data, Scores? Scores) Train(
        IAnsiConsole console, TrainOptions options, Ranks ranks, CancellationToken cancellationToken)
    {
        try
        {
            var data = ByteMix.Load(console, options.Text, options.Windows, options.Preset.Mix, options.Preset.HeldOut, cancellationToken);
            return (data, new ModelTraining(console, options, data, ranks).Run(cancellationToken));
        }
        catch (OperationCanceledException stopped) when (stopped is not InterruptedException)
        {
            string checkpoint = Path.Combine(options.Out.FullName, ModelTraining.CheckpointName);
            throw new InterruptedException(
                File.Exists(checkpoint)
                    ? $"The checkpoint is {checkpoint}; the same command with --resume continues from it."
                    : "Nothing was trained yet. The same command starts again.",
                stopped);
        }
    }
}
