using System.CommandLine;
using System.CommandLine.Parsing;
using HslEmbeddingZero.Training;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>The options of the sample. Every wrong value is refused here with the value and what is allowed.</summary>
internal static class CommandLine
{
    /// <summary>A word that begins with @ is a file name like any other, not a file of more options.</summary>
    public static ParserConfiguration Words { get; } = new() { ResponseFileTokenReplacer = null };

    public static RootCommand Create(Func<TableOptions, CancellationToken, Task<int>> run)
    {
        Option<string> preset = new("--preset")
        {
            Description = $"Budget: {string.Join(", ", Preset.All.Select(p => p.Name))}.",
            DefaultValueFactory = _ => "quick",
        };
        preset.Validators.Add(result => Require(result, Preset.All.Any(p => p.Name == result.GetValueOrDefault<string>()),
            $"--preset must be one of {string.Join(", ", Preset.All.Select(p => p.Name))}; got '{result.GetValueOrDefault<string>()}'."));
        Option<string[]?> arms = Listed("--arms", $"Doors to train, separated by commas: {string.Join(", ", DoorArms.Names)}.", ParseArm);
        Option<int[]?> bytesPerSlot = Listed("--bytes-per-slot", "Bytes per slot (K), separated by commas.", (text, result) => Whole(text, 1, 4096, "--bytes-per-slot", result));
        Option<int[]?> seeds = Listed("--seeds", "Seeds, separated by commas.", (text, result) => Whole(text, 0, int.MaxValue, "--seeds", result));
        Option<int?> steps = new("--steps")
        {
            Description = "Optimizer steps, instead of the preset's.",
            CustomParser = result => Whole(result.Tokens[^1].Value, 1, int.MaxValue, "--steps", result),
        };
        Option<string> device = new("--device") { Description = "auto, cpu or cuda.", DefaultValueFactory = _ => "auto" };
        device.Validators.Add(result => Require(result, result.GetValueOrDefault<string>() is "auto" or "cpu" or "cuda",
            $"--device must be auto, cpu or cuda; got '{result.GetValueOrDefault<string>()}'."));
        Option<string> precision = new("--precision")
        {
            Description = "float32, tf32 (CUDA only), bfloat16 (float32 master weights), or auto: bfloat16 where a trial finds it faster, else tf32 on CUDA and float32 on a CPU.",
            DefaultValueFactory = _ => "auto",
        };
        precision.Validators.Add(result => Require(result, result.GetValueOrDefault<string>() is "float32" or "tf32" or "bfloat16" or "auto",
            $"--precision must be float32, tf32, bfloat16 or auto; got '{result.GetValueOrDefault<string>()}'."));
        Option<string[]> text = new("--text") { Description = "Text files to train on instead of the embedded ones; an empty line ends a document.", AllowMultipleArgumentsPerToken = true };
        Option<string[]> windows = new("--windows") { Description = "Files of 539-byte windows instead of the embedded one.", AllowMultipleArgumentsPerToken = true };
        Option<DirectoryInfo> output = new("--out")
        {
            Description = "Folder for table.md, table.json, curves.png and the metrics.",
            DefaultValueFactory = _ => new DirectoryInfo("runs/bpb-table"),
            CustomParser = Folder,
        };
        Option<bool> resume = new("--resume") { Description = "Go on where an earlier run into the same folder stopped." };

        RootCommand root = new("Trains the front doors on the same bytes and prints their held-out bits per byte.")
        {
            preset, arms, bytesPerSlot, seeds, steps, device, precision, text, windows, output, resume,
        };
        root.SetAction(async (parsed, cancellation) =>
        {
            Preset chosen = Preset.All.Single(p => p.Name == parsed.GetValue(preset));
            // A list that was not given is empty.
            string[] someArms = parsed.GetValue(arms) ?? [];
            int[] someBytes = parsed.GetValue(bytesPerSlot) ?? [];
            int[] someSeeds = parsed.GetValue(seeds) ?? [];
            if (someArms.Length > 0 || someBytes.Length > 0)
            {
                chosen = chosen with
                {
                    Rows = Preset.Product(
                        someArms.Length > 0 ? someArms : [.. chosen.Rows.Select(r => r.Arm).Distinct()],
                        someBytes.Length > 0 ? someBytes : [.. chosen.Rows.Select(r => r.BytesPerSlot).Distinct()]),
                };
            }

            torch.Device place = ChooseDevice(parsed.GetValue(device)!);
            chosen = chosen with
            {
                Seeds = someSeeds.Length > 0 ? someSeeds : chosen.Seeds,
                Training = chosen.Training with
                {
                    Steps = parsed.GetValue(steps) ?? chosen.Training.Steps,
                    WarmupSteps = Math.Min(chosen.Training.WarmupSteps, (parsed.GetValue(steps) ?? chosen.Training.Steps) / 2),
                    Precision = ChoosePrecision(parsed.GetValue(precision)!, chosen.Body, place),
                },
            };
            return await run(
                new TableOptions(
                    chosen,
                    OrEmbedded(parsed.GetValue(text), "text.en.txt", "text.ko.txt"),
                    OrEmbedded(parsed.GetValue(windows), "windows.bin"),
                    place,
                    parsed.GetValue(output)!,
                    parsed.GetValue(resume)),
                cancellation).ConfigureAwait(false);
        });
        return root;
    }

    private static string[] OrEmbedded(string[]? files, params string[] embedded) =>
        files is { Length: > 0 } ? files : [.. embedded.Select(name => Path.Combine(AppContext.BaseDirectory, "data", name))];

    private static torch.Device ChooseDevice(string name)
    {
        TorchRuntime.Load();
        TorchRuntime.EnsureLoaded();
        bool hasCuda = name != "cpu" && torch.TryInitializeDeviceType(DeviceType.CUDA);
        if (name == "cuda" && !hasCuda)
            throw new ArgumentException("--device cuda: no CUDA device is available to this build of libtorch (build with -p:TorchBackend=cuda-linux or cuda-windows).");
        return hasCuda ? torch.CUDA : torch.CPU;
    }

    private static Precision ChoosePrecision(string name, ByteTransformerOptions body, torch.Device device) => name switch
    {
        "float32" => Precision.Float32,
        "bfloat16" => Precision.BFloat16,
        "tf32" when device.type == DeviceType.CUDA => Precision.TensorFloat32,
        "tf32" => throw new ArgumentException("--precision tf32 needs a CUDA device; this run is on the CPU."),
        _ => FastestPrecision.Find(body, device),
    };

    private static Option<T[]?> Listed<T>(string name, string description, Func<string, ArgumentResult, T> parse) => new(name)
    {
        Description = description,
        CustomParser = result =>
        {
            T[] items = [.. result.Tokens.SelectMany(t => t.Value.Split(',', StringSplitOptions.TrimEntries)).Select(item => parse(item, result))];
            if (items.Distinct().Count() < items.Length) result.AddError($"{name} names a value twice: '{string.Join(",", result.Tokens.Select(t => t.Value))}'.");
            return items;
        },
    };

    private static string ParseArm(string text, ArgumentResult result)
    {
        if (!DoorArms.Names.Contains(text)) result.AddError($"--arms: unknown arm '{text}'; known are {string.Join(", ", DoorArms.Names)}.");
        return text;
    }

    private static int Whole(string text, int low, int high, string option, ArgumentResult result)
    {
        if (int.TryParse(text, out int value) && value >= low && value <= high) return value;
        result.AddError($"{option} takes whole numbers from {low} to {high}; got '{text}'.");
        return low;
    }

    private static DirectoryInfo Folder(ArgumentResult result)
    {
        string path = result.Tokens[^1].Value;
        if (!string.IsNullOrWhiteSpace(path) && !path.Contains('\0')) return new DirectoryInfo(path);
        result.AddError($"--out must name a folder; got '{path}'.");
        return new DirectoryInfo(".");
    }

    private static void Require(OptionResult result, bool holds, string message)
    {
        if (!holds) result.AddError(message);
    }
}
