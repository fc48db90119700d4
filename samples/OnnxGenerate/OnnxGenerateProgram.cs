using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.ML.OnnxRuntime;

namespace HslEmbeddingZero.Samples;

/// <summary>Exports a model file to ONNX, and continues a text with ONNX Runtime.</summary>
internal static class OnnxGenerateProgram
{
    private const int Failed = 1;

    public static int Main(string[] args)
    {
        Option<string> model = new("--model")
        {
            Description = "Model file to export. Default: the trained model that comes with the repository.",
            DefaultValueFactory = _ => Path.Combine(AppContext.BaseDirectory, "weights", "holo-zero-small.safetensors"),
        };
        Option<string> prompt = new("--prompt") { Description = "Text to continue.", DefaultValueFactory = _ => "The history of the city" };
        Option<int?> bytes = CheckedOptions.Whole("--bytes", "Bytes to generate. Default: 200.", 0);
        Option<string> attention = CheckedOptions.Choice(
            "--attention", "Operators of attention: standard, or group-query, which only ONNX Runtime has and which is faster.",
            "standard", "standard", "group-query");
        Option<string?> save = new("--save") { Description = "Where to keep the ONNX file. Without it, the file is deleted at the end." };
        RootCommand root = new("Exports a model file to ONNX, and continues a text with ONNX Runtime. It takes the most probable bytes.")
        {
            model, prompt, bytes, attention, save,
        };
        root.SetAction(parsed => Run(
            parsed.GetValue(model)!, parsed.GetValue(prompt)!, parsed.GetValue(bytes) ?? 200,
            parsed.GetValue(attention) == "standard" ? OnnxAttention.Standard : OnnxAttention.GroupQuery, parsed.GetValue(save)));

        ParseResult parsed = CommandErrors.Parse(root, args);
        IReadOnlyList<string> errors = CommandErrors.Lines(parsed, args);
        foreach (string error in errors) Console.Error.WriteLine(error);
        if (errors.Count > 0) return Failed;
        try
        {
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or OnnxRuntimeException
            or NotFiniteNumberException)
        {
            Console.Error.WriteLine($"error: {error.Message}");
            return Failed;
        }
    }

    private static void Run(string modelPath, string prompt, int count, OnnxAttention attention, string? savePath)
    {
        string path = savePath ?? Path.GetTempFileName();
        try
        {
            OnnxExport.Save(modelPath, path, new() { Attention = attention });
            using var model = OnnxModel.Load(path);
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{new FileInfo(path).Length / 1e6:F1} MB of ONNX"));
            using IByteGenerator generator = model.CreateTextGenerator(Encoding.UTF8.GetBytes(prompt));
            using Stream output = Console.OpenStandardOutput();
            var watch = Stopwatch.StartNew();
            int written = 0;
            foreach (byte value in generator.Generate(count, new GenerationOptions { Temperature = 0 }))
            {
                output.WriteByte(value);
                output.Flush();
                written++;
            }

            double rate = written / watch.Elapsed.TotalSeconds;
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n{rate:F0} bytes/s"));
        }
        finally
        {
            if (savePath is null) File.Delete(path);
        }
    }
}
