using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>knockout: measures what a trained model loses when channels are silenced.</summary>
internal static class KnockoutCommand
{
    public static Command Create(IAnsiConsole console)
    {
        Option<FileInfo> weights = WeightsOption.Create(
            "Model file of a model behind a zero door. Default: the small HoLo_ZeRo model that comes with the program.");
        Option<string> silence = CheckedOptions.Choice("--silence",
            "Value of a silenced channel: zero, or mean (its mean over the held-out contexts).", "zero", "zero", "mean");
        string[] budgets = [.. TrainingBudget.All.Select(budget => budget.Name)];
        Option<string> heldOut = CheckedOptions.Choice("--held-out",
            $"Budget that sets the number of held-out samples: {string.Join(", ", budgets)}.", TrainingBudget.Paper.Name, budgets);
        Option<string> device = ComputeOptions.Device();
        Option<string[]> text = CorpusOptions.Text();
        Option<string[]> windows = CorpusOptions.Windows();
        Option<DirectoryInfo> output = CheckedOptions.Folder("--out", "Folder for knockout.md, knockout.png and knockout.jsonl.",
            "runs/knockout");
        Command command = new("knockout",
            "Silences each channel group and each channel of a trained model and scores it. Resumes an interrupted run.")
        {
            weights, silence, heldOut, device, text, windows, output,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            try
            {
                Run(
                    console, parsed.GetValue(weights)!.FullName, Enum.Parse<Silence>(parsed.GetValue(silence)!, ignoreCase: true),
                    TrainingBudget.All.Single(budget => budget.Name == parsed.GetValue(heldOut)),
                    ComputeOptions.ChooseDevice(parsed.GetValue(device)!),
                    CorpusOptions.TextOrEmbedded(parsed.GetValue(text)), CorpusOptions.WindowsOrEmbedded(parsed.GetValue(windows)),
                    parsed.GetValue(output)!, cancellationToken);
            }
            catch (OperationCanceledException stopped)
            {
                throw new InterruptedException(
                    $"The rows so far are in {parsed.GetValue(output)!.FullName}; the same command continues after them.", stopped);
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(
        IAnsiConsole console, string weights, Silence silence, TrainingBudget budget, torch.Device device, string[] text, string[] windows,
        DirectoryInfo output,
        CancellationToken cancellationToken)
    {
        using var folder = OutputFolder.Take(output);
        using var model = ByteLanguageModel.Load(weights);
        model.to(device);
        var data = ByteMix.Load(console, text, windows, budget.Mix, budget.HeldOut, cancellationToken);

        IReadOnlyList<KnockoutRow> rows = new KnockoutRun(weights, model, data, silence, device, In("knockout.jsonl")).Execute(
            console,
            (done, all, row) => console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{done}/{all}  {row.Channels ?? "nothing silenced"}: text {row.Scores.TextBitsPerByte:F4}, video "
                    + $"{row.Scores.VideoBitsPerByte:F4}, caption {row.Scores.CaptionBitsPerByte:F4}")),
            cancellationToken);
        string says = silence == Silence.Zero ? "0" : "its mean over the held-out contexts";
        KnockoutReport report = new(
            rows,
            [
                $"model: {Path.GetFileName(weights)}, {model.Body.ParameterCount.ToString("N0", CultureInfo.InvariantCulture)} parameters "
                    + $"behind {model.Door.GetName()}, K={model.Door.BytesPerSlot}; {rows[0].Run}.",
                $"a silenced channel says {says}, in every slot place and in the stream; the model is not trained again.",
                $"held out: {data.HeldOutCounts[0]} text, {data.HeldOutCounts[1]} video and {data.HeldOutCounts[2]} caption windows; "
                    + $"{ComputeOptions.NameOf(device)}, libtorch {TorchRuntime.LibtorchVersion}.",
                "value = delta + fourier + phase, context = delta2 + boundary. One model of one seed: the matrix describes it, not the "
                    + "doors at large.",
            ]);
        AtomicFile.WriteText(In("knockout.md"), report.Markdown());
        report.SaveHeatMap(In("knockout.png"),
            $"Channels silenced ({silence.ToString().ToLowerInvariant()}): change of the held-out scores");
        console.WriteLine(report.Markdown());
        console.WriteLine($"Written to {output.FullName}: knockout.md, knockout.png, knockout.jsonl.");

        string In(string name) => Path.Combine(output.FullName, name);
    }
}
