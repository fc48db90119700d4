using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using HslEmbeddingZero.Training;
using Spectre.Console;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>generate: text after a prompt, byte by byte, or the window that follows a window.</summary>
internal static class GenerateCommand
{
    private const int MostBytes = 1_000_000;

    public static Command Create(IAnsiConsole console)
    {
        Option<FileInfo> weights = WeightsOption.Create(
            "Model file that train wrote; the small model that comes with the sample where not given.");
        Option<string?> prompt = new("--prompt") { Description = "Text to continue; nothing begins a document." };
        Option<string?> window = new("--window")
        {
            Description = "Window to continue instead: its index in --windows, or a file of 539 bytes.",
        };
        Option<int?> bytes = CheckedOptions.Whole("--bytes", "Bytes to generate at most; 400 where not given.", 0, MostBytes);
        Option<double> temperature = CheckedOptions.Number(
            "--temperature", "Below 1 sharpens, above 1 flattens; 0 always takes the likeliest byte.", 0.8, value =>
                value is >= 0 and <= 100, "numbers from 0 to 100");
        Option<int?> topK = CheckedOptions.Whole("--top-k", "Only the k likeliest bytes may come; 0, or nothing, allows all.", 0,
            ByteIds.Count);
        Option<double> topP = CheckedOptions.Number(
            "--top-p", "Only the likeliest bytes that together reach this probability may come.", 0.95, value =>
                value is > 0 and <= 1, "numbers above 0 up to 1");
        Option<double> repetitionPenalty = CheckedOptions.Number(
            "--repetition-penalty", "Above 1 makes bytes of the last 64 less likely; 1 does nothing.", 1,
            value => value is >= 1 and <= 100, "numbers from 1 to 100");
        Option<string[]> stop = new("--stop") { Description = "Text that ends the generation; may be given several times." };
        Option<int?> seed = CheckedOptions.Whole("--seed", "The same seed gives the same bytes; 0 where not given.", 0);
        Option<string> device = ComputeOptions.Device();
        Option<string[]> windows = CorpusOptions.Windows();
        Option<DirectoryInfo> output = CheckedOptions.Folder("--out",
            "Folder for a generated window: window.bin, frame.png and audio.wav.", "runs/holo-zero/window");
        Command command = new("generate", "Continues a text byte by byte, or a window by the window that follows.")
        {
            weights, prompt, window, bytes, temperature, topK, topP, repetitionPenalty, stop, seed, device, windows, output,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(stop) is not null && result.GetValue(stop)!.Any(string.IsNullOrEmpty))
                result.AddError("--stop is empty; it must be a text.");
            if (result.GetResult(window) is not null && (result.GetResult(prompt) ?? (SymbolResult?)result.GetResult(bytes)) is not null)
                result.AddError("--window goes without --prompt and --bytes: it gives one whole window.");
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
