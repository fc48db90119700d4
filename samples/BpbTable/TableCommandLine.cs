using System.CommandLine;
using System.CommandLine.Parsing;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>The options of the sample. Each wrong value is refused with a message that names it and the allowed values.</summary>
internal static class TableCommandLine
{
    private const string DefaultFolder = "runs/bpb-table";

    public static RootCommand Create(Func<TableOptions, CancellationToken, Task<int>> run)
    {
        string[] presets = [.. Preset.All.Select(p => p.Name)];
        Option<string> preset = CheckedOptions.Choice("--preset", $"Budget: {string.Join(", ", presets)}.", "quick", presets);
        Option<string[]?> arms = Listed("--arms", $"Doors to train, separated by commas: {string.Join(", ", DoorArms.Names)}.", ParseArm);
        Option<int[]?> bytesPerSlot = Listed("--bytes-per-slot", "Bytes per slot (K), separated by commas.",
            (text, result) => CheckedOptions.Whole(text, 1, 4096, "--bytes-per-slot", result));
        Option<int[]?> seeds = Listed("--seeds", "Seeds, separated by commas.",
            (text, result) => CheckedOptions.Whole(text, 0, int.MaxValue, "--seeds", result));
        Option<int[]?> steps = Listed(
            "--steps",
            "Optimizer steps. Default: the preset's. Several, separated by commas: trains every row for each, draws schedules.png.",
            (text, result) => CheckedOptions.Whole(text, 1, int.MaxValue, "--steps", result));
        Option<string> device = ComputeOptions.Device();
        Option<string> precision = ComputeOptions.Precision();
        Option<double> checkpointMinutes = ComputeOptions.CheckpointMinutes();
        Option<double> claimMinutes = ComputeOptions.ClaimMinutes();
        Option<string[]> text = CorpusOptions.Text();
        Option<string[]> windows = CorpusOptions.Windows();
        Option<DirectoryInfo> output = CheckedOptions.Folder(
            "--out",
            $"Folder for table.md, table.json, curves.png and the metrics. Default: {DefaultFolder}, followed by the preset's name.",
            DefaultFolder);
        Option<bool> resume = new("--resume")
        {
            Description = "Resume where an earlier run into the same folder stopped. Several processes may share it.",
        };
        Option<bool> reportOnly = new("--report-only")
        {
            Description = "Train nothing. Write the table from the runs in --out, which any machine may have trained.",
        };

        RankOptions ranks = new();
        RootCommand root = new("Trains the front doors on the same bytes and prints their held-out bits per byte.")
        {
            preset, arms, bytesPerSlot, seeds, steps, device, precision, checkpointMinutes, claimMinutes, text, windows, output,
            resume, reportOnly,
        };
        ranks.AddTo(root);
        root.SetAction(async (parsed, cancellationToken) =>
        {
            Preset chosen = Preset.All.Single(p => p.Name == parsed.GetValue(preset));
            // A list that was not given is empty.
            string[] someArms = parsed.GetValue(arms) ?? [];
            int[] someBytes = parsed.GetValue(bytesPerSlot) ?? [];
            int[] someSeeds = parsed.GetValue(seeds) ?? [];
            int[] someSteps = parsed.GetValue(steps) ?? [];
            if (someArms.Length > 0 || someBytes.Length > 0)
            {
                chosen = chosen with
                {
                    Rows = Preset.Product(
                        someArms.Length > 0 ? someArms : [.. chosen.Rows.Select(r => r.Arm).Distinct()],
                        someBytes.Length > 0 ? someBytes : [.. chosen.Rows.Select(r => r.BytesPerSlot).Distinct()]),
                };
            }

            torch.Device place = ComputeOptions.ChooseDevice(parsed.GetValue(device)!, onlyNamed: parsed.GetValue(reportOnly));
            chosen = chosen with
            {
                Seeds = someSeeds.Length > 0 ? someSeeds : chosen.Seeds,
                Budget = chosen.Budget with
                {
                    Training =
                        chosen.Budget.Training with
                        {
                            Precision = ComputeOptions.ChoosePrecision(parsed.GetValue(precision)!, place),
                            Distributed = ranks.Parse(parsed),
                        },
                },
            };
            return await run(
                new TableOptions(
                    chosen,
                    someSteps.Length > 0 ? someSteps : [chosen.Budget.Training.Steps],
                    ComputeOptions.CheckpointInterval(parsed.GetValue(checkpointMinutes)),
                    TimeSpan.FromMinutes(parsed.GetValue(claimMinutes)),
                    CorpusOptions.TextOrEmbedded(parsed.GetValue(text)),
                    CorpusOptions.WindowsOrEmbedded(parsed.GetValue(windows)),
                    place,
                    parsed.GetResult(output) is { Implicit: false }
                        ? parsed.GetValue(output)! : new DirectoryInfo($"{DefaultFolder}-{parsed.GetValue(preset)}"),
                    parsed.GetValue(resume),
                    parsed.GetValue(reportOnly)),
                cancellationToken).ConfigureAwait(false);
        });
        return root;
    }

    private static Option<T[]?> Listed<T>(string name, string description, Func<string, ArgumentResult, T> parse) => new(name)
    {
        Description = description,
        CustomParser = result =>
        {
            T[] items =
                [.. result.Tokens.SelectMany(t => t.Value.Split(',', StringSplitOptions.TrimEntries)).Select(item => parse(item, result))];
            if (items.Distinct().Count() < items.Length)
                result.AddError($"{name} names a value twice: '{string.Join(",", result.Tokens.Select(t => t.Value))}'.");
            return items;
        },
    };

    private static string ParseArm(string text, ArgumentResult result)
    {
        if (!DoorArms.Names.Contains(text))
            result.AddError($"--arms: unknown arm '{text}'; known are {string.Join(", ", DoorArms.Names)}.");
        return text;
    }
}
