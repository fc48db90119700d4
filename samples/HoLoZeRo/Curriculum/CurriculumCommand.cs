using System.CommandLine;
using HslEmbeddingZero.Samples.SyntheticData;
using HslEmbeddingZero.Training;
using Spectre.Console;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>curriculum: trains a model in stages: text, then facts and chat, then windows of films.</summary>
internal static class CurriculumCommand
{
    /// <summary>Curricula that come with the program.</summary>
    public static IReadOnlyList<string> Presets { get; } = ["smoke", "small", "full"];

    public static Command Create(IAnsiConsole console)
    {
        Argument<string> curriculum = new("curriculum")
        {
            Description = "smoke (seconds), small (for a CPU), full (33.8 M parameters, for a GPU), or a JSON file like theirs.",
            DefaultValueFactory = _ => "small",
        };
        BiographyOptions start = new();
        Option<int?> seed = CheckedOptions.Whole("--seed", "Seed of weights, batches and dropout. Default: 0.", 0);
        Option<int?> persons = CheckedOptions.Whole(
            "--persons", $"Synthetic persons for training. Default: {start.Persons}.", BiographyOptions.FewestPersons,
            BiographyOptions.MostPersons);
        Option<int?> heldOut = CheckedOptions.Whole(
            "--held-out-persons", $"Synthetic persons held out from training. Default: {start.HeldOutPersons}.",
            BiographyOptions.FewestPersons, BiographyOptions.MostHeldOutPersons);
        Option<string> device = ComputeOptions.Device();
        Option<string> precision = ComputeOptions.Precision();
        Option<double> checkpointMinutes = ComputeOptions.CheckpointMinutes();
        Option<string[]> text = CorpusOptions.Text();
        Option<string[]> windows = CorpusOptions.Windows();
        Option<string?> licence = CorpusOptions.Licence();
        Option<DirectoryInfo> output = CheckedOptions.Folder(
            "--out", $"Folder for {CurriculumTraining.ModelName}, the table, the curve, the stores, metrics and checkpoints.",
            "runs/curriculum");
        Option<bool> resume = new("--resume") { Description = "Go on in the same folder, also in the middle of a stage." };
        Command command = new(
            "curriculum", "Trains a model in stages, each from the weights of the one before, until it reads facts from a store.")
        {
            curriculum, seed, persons, heldOut, device, precision, checkpointMinutes, text, windows, licence, output, resume,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            torch.Device place = ComputeOptions.ChooseDevice(parsed.GetValue(device)!);
            int chosenSeed = parsed.GetValue(seed) ?? 0;
            Precision arithmetic = ComputeOptions.ChoosePrecision(parsed.GetValue(precision)!, place);
            Curriculum stages = Load(parsed.GetValue(curriculum)!);
            CurriculumOptions options = new(
                stages with
                {
                    Stages =
                    [
                        .. stages.Stages.Select(stage => stage with
                        {
                            Training = stage.Training with { Seed = chosenSeed, Precision = arithmetic },
                        }),
                    ],
                },
                chosenSeed,
                new BiographyOptions
                {
                    Persons = parsed.GetValue(persons) ?? start.Persons,
                    HeldOutPersons = parsed.GetValue(heldOut) ?? start.HeldOutPersons,
                },
                ComputeOptions.CheckpointInterval(parsed.GetValue(checkpointMinutes)),
                CorpusOptions.TextOrEmbedded(parsed.GetValue(text)),
                CorpusOptions.WindowsOrEmbedded(parsed.GetValue(windows)),
                CorpusOptions.LicenceOrEmbedded(parsed.GetValue(licence), parsed.GetValue(text), parsed.GetValue(windows)),
                place,
                parsed.GetValue(output)!,
                parsed.GetValue(resume));
            new CurriculumTraining(console, options).Run(cancellationToken);
            return Task.FromResult(0);
        });
        return command;
    }

    /// <summary>Reads a preset or a file.</summary>
    private static Curriculum Load(string name) => Curriculum.Load(
        Presets.Contains(name) ? Path.Combine(AppContext.BaseDirectory, "curricula", $"{name}.json")
        : File.Exists(name) ? name
        : throw new ArgumentException($"'{name}' is no curriculum ({string.Join(", ", Presets)}), and no such file exists."));
}

/// <summary>The options of a curriculum's command line.</summary>
internal sealed record CurriculumOptions(
    Curriculum Curriculum,
    int Seed,
    BiographyOptions Persons,
    TimeSpan? CheckpointEvery,
    IReadOnlyList<string> Text,
    IReadOnlyList<string> Windows,
    string? Licence,
    torch.Device Device,
    DirectoryInfo Out,
    bool Resume);
