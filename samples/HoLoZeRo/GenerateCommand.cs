using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using HslEmbeddingZero.Training;
using Spectre.Console;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>generate: continues a prompt byte by byte, or generates the window after a given window.</summary>
internal static class GenerateCommand
{
    private const int MostBytes = 1_000_000;

    public static Command Create(IAnsiConsole console)
    {
        Option<FileInfo> weights = WeightsOption.Create(
            "Model file that train wrote. Default: the small model that comes with the sample.");
        Option<string?> prompt = new("--prompt") { Description = "Text to continue. Without it, a new document begins." };
        Option<string?> window = new("--window")
        {
            Description = "Window to continue instead of a text: its index in --windows, or a file of 539 bytes.",
        };
        Option<int?> bytes = CheckedOptions.Whole("--bytes", "Most bytes to generate. Default: 400.", 0, MostBytes);
        Option<double> temperature = CheckedOptions.Number(
            "--temperature", "Below 1 sharpens, above 1 flattens the distribution; 0 always takes the likeliest byte.", 0.8, value =>
                value is >= 0 and <= 100, "numbers from 0 to 100");
        Option<int?> topK = CheckedOptions.Whole("--top-k", "Draw from the k likeliest bytes only; 0 (default) allows all.", 0,
            ByteIds.Count);
        Option<double> topP = CheckedOptions.Number(
            "--top-p", "Draw from the likeliest bytes that together reach this probability.", 0.95, value =>
                value is > 0 and <= 1, "numbers above 0 up to 1");
        Option<double> repetitionPenalty = CheckedOptions.Number(
            "--repetition-penalty", "Above 1 makes the bytes among the last 64 less likely; 1 has no effect.", 1,
            value => value is >= 1 and <= 100, "numbers from 1 to 100");
        Option<string[]> stop = new("--stop") { Description = "Text that ends the generation; may be given several times." };
        Option<int?> seed = CheckedOptions.Whole("--seed", "The same seed gives the same bytes. Default: 0.", 0);
        Option<string> device = ComputeOptions.Device();
        Option<string[]> windows = CorpusOptions.Windows();
        Option<DirectoryInfo> output = CheckedOptions.Folder("--out",
            "Folder for a generated window: window.bin, frame.png and audio.wav.", "runs/holo-zero/window");
        Command command = new("generate", "Continues a text byte by byte, or generates the window after a given window.")
        {
            weights, prompt, window, bytes, temperature, topK, topP, repetitionPenalty, stop, seed, device, windows, output,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(stop) is not null && result.GetValue(stop)!.Any(string.IsNullOrEmpty))
                result.AddError("--stop is empty; it must be a text.");
            if (result.GetResult(window) is not null && (result.GetResult(prompt) ?? (SymbolResult?)result.GetResult(bytes)) is not null)
                result.AddError("--window cannot be combined with --prompt or --bytes: it generates one whole window.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            torch.Device place = ComputeOptions.ChooseDevice(parsed.GetValue(device)!);
            GenerationOptions options = new()
            {
                Temperature = parsed.GetValue(temperature),
                TopK = parsed.GetValue(topK) ?? 0,
                TopP = parsed.GetValue(topP),
                RepetitionPenalty = parsed.GetValue(repetitionPenalty),
                StopSequences = parsed.GetValue(stop) ?? [],
                Seed = parsed.GetValue(seed) ?? 0,
            };
            byte[]? given = parsed.GetValue(window) is { } which
                ? WindowPrompt.Read(which, CorpusOptions.WindowsOrEmbedded(parsed.GetValue(windows))) : null;
            using var model = ByteLanguageModel.Load(parsed.GetValue(weights)!.FullName);
            model.to(place);
            if (given is null) await WriteText(console, model, parsed.GetValue(prompt) ?? "", parsed.GetValue(bytes) ?? 400, options,
                cancellationToken).ConfigureAwait(false);
            else await WriteWindow(console, model, given, options, parsed.GetValue(output)!, cancellationToken).ConfigureAwait(false);
            return 0;
        });
        return command;
    }

    private static async Task WriteText(
        IAnsiConsole console, ByteLanguageModel model, string prompt, int count, GenerationOptions options,
        CancellationToken cancellationToken)
    {
        TextWriter writer = Console.Out;
        bool isDimmed = console.Profile.Capabilities.Ansi;
        writer.Write(prompt);
        IncrementalText text = new((piece, isText) => writer.Write(isText || !isDimmed ? piece : $"\e[2m{piece}\e[22m"));
        int written = 0;
        try
        {
            byte[] bytes = Encoding.UTF8.GetBytes(prompt);
            await foreach (byte value in model.GenerateAsync(bytes, count, options, cancellationToken).ConfigureAwait(false))
            {
                text.Add(value);
                await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
                written++;
            }
        }
        finally
        {
            text.Complete();
            writer.WriteLine();
        }

        if (written < count) await Console.Error.WriteLineAsync($"The document ended after {written} bytes.").ConfigureAwait(false);
    }

    private static async Task WriteWindow(
        IAnsiConsole console, ByteLanguageModel model, byte[] given, GenerationOptions options, DirectoryInfo folder,
        CancellationToken cancellationToken)
    {
        OutputFolder.RequireWritable(folder);
        byte[] window = await WindowPrompt.ContinueAsync(model, given, options, cancellationToken).ConfigureAwait(false);
        string InFolder(string name) => Path.Combine(folder.FullName, name);
        AtomicFile.Write(InFolder("window.bin"), temporary => File.WriteAllBytes(temporary, window));
        FrameImage.Save(InFolder("frame.png"), WindowRecord.Frame(window));
        WaveFile.Save(InFolder("audio.wav"), WindowRecord.Audio(window));
        StringBuilder caption = new();
        IncrementalText text = new((piece, _) => caption.Append(piece));
        foreach (byte value in WindowRecord.Caption(window)) text.Add(value);
        text.Complete();
        console.WriteLine($"caption: '{caption.ToString().TrimEnd()}'");
        console.WriteLine($"Written to {folder.FullName}: window.bin, frame.png and audio.wav.");
    }
}
