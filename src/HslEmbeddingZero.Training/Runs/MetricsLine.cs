using System.Text.Json;
using System.Text.Json.Nodes;

namespace HslEmbeddingZero.Training;

/// <summary>
/// One line of a metrics file: a JSON object. Losses are in bits per scored byte: "bitsPerByte" over all sources and NAME + "BitsPerByte"
/// for each source. Values that were not measured are left out.
/// </summary>
internal static class MetricsLine
{
    private const string Loss = "bitsPerByte";
    /// <summary>Suffix after a source's name, here and in evaluations.</summary>
    public const string SourceLoss = "BitsPerByte";

    public static string Write(TrainingProgress progress)
    {
        JsonObject line = new() { ["step"] = progress.Step };
        Add(line, Loss, progress.BitsPerByte);
        foreach ((string source, double bits) in progress.Sources) Add(line, source + SourceLoss, bits);
        line["learningRate"] = progress.LearningRate;
        Add(line, "gradientNorm", progress.GradientNorm);
        line["bytesPerSecond"] = Math.Round(progress.BytesPerSecond);
        line["seconds"] = Math.Round(progress.Elapsed.TotalSeconds, 3);
        return line.ToJsonString();
    }

    /// <summary>Reads a line. The result is null if the line is damaged or has no step.</summary>
    public static (long Step, double? BitsPerByte, NamedValues Sources)? Read(string line)
    {
        try
        {
            if (JsonNode.Parse(line) is not JsonObject fields || fields["step"] is not JsonValue step) return null;
            return (
                step.GetValue<long>(),
                fields[Loss]?.GetValue<double>(),
                new(fields.Where(field => field.Key.EndsWith(SourceLoss, StringComparison.Ordinal) && field.Value is not null)
                    .Select(field => KeyValuePair.Create(field.Key[..^SourceLoss.Length], field.Value!.GetValue<double>()))));
        }
        catch (Exception damage) when (damage is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    private static void Add(JsonObject line, string name, double value)
    {
        if (double.IsFinite(value)) line[name] = Math.Round(value, 6);
    }
}

/// <summary>Files of JSON lines. A resumed run drops the lines after its checkpoint.</summary>
internal static class JsonLines
{
    /// <summary>Replaces the content of a file by these lines, atomically.</summary>
    public static void Replace(string path, IEnumerable<string> lines) =>
        AtomicFile.WriteText(path, string.Concat(lines.Select(line => line + "\n")));
}
