using System.Text.Json;

namespace HslEmbeddingZero.Training;

/// <summary>
/// Training metrics as JSON lines, one object a report. A run that is resumed drops the lines behind its checkpoint and goes on, so that
/// the file reads as one uninterrupted run.
/// </summary>
public sealed class MetricsLog : IProgress<TrainingProgress>, IDisposable
{
    private readonly StreamWriter _writer;

    /// <summary>Opens the log and keeps what it holds up to a step.</summary>
    /// <param name="path">File to write; its folder must exist.</param>
    /// <param name="keepThrough">Step of the checkpoint the run goes on from; 0 starts the file afresh.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public MetricsLog(string path, long keepThrough = 0)
    {
        string[] kept = keepThrough > 0 && File.Exists(path) ? [.. File.ReadLines(path).Where(line => StepOf(line) <= keepThrough)] : [];
        string temporary = path + ".tmp";
        try
        {
            File.WriteAllText(temporary, string.Concat(kept.Select(line => line + "\n")));
            FileReplacement.Move(temporary, path);
        }
        finally
        {
            File.Delete(temporary); // There is one only where something failed, such as a full disk.
        }

        _writer = new StreamWriter(path, append: true) { AutoFlush = true, NewLine = "\n" }; // the same file on every system
    }

    /// <summary>Appends one line.</summary>
    public void Report(TrainingProgress value)
    {
        ArgumentNullException.ThrowIfNull(value);
        _writer.WriteLine(JsonSerializer.Serialize(new MetricsLine(
            value.Step, Finite(value.BitsPerByte), Finite(value.TextBitsPerByte), Finite(value.VideoBitsPerByte), Finite(value.CaptionBitsPerByte),
            value.LearningRate, Finite(value.GradientNorm), Math.Round(value.BytesPerSecond), Math.Round(value.Elapsed.TotalSeconds, 3)),
            MetricsJson.Default.MetricsLine));
    }

    /// <summary>Reads the (step, bits per byte) pairs of a log; damaged lines, as a cut-off run can leave, are passed over.</summary>
    public static IReadOnlyList<(long Step, double BitsPerByte, double TextBitsPerByte)> ReadCurve(string path)
    {
        List<(long, double, double)> curve = [];
        foreach (string line in File.ReadLines(path))
        {
            if (Parse(line) is { BitsPerByte: { } bits } metrics) curve.Add((metrics.Step, bits, metrics.TextBitsPerByte ?? double.NaN));
        }

        return curve;
    }

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();

    private static double? Finite(double value) => double.IsFinite(value) ? Math.Round(value, 6) : null;

    private static long StepOf(string line) => Parse(line)?.Step ?? long.MaxValue;

    private static MetricsLine? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, MetricsJson.Default.MetricsLine);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
