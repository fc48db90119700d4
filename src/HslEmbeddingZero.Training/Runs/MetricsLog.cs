namespace HslEmbeddingZero.Training;

/// <summary>
/// Training metrics as JSON lines, one object per report. A resumed run drops the lines after its checkpoint, so that the file reads like
/// one uninterrupted run.
/// </summary>
public sealed class MetricsLog : IProgress<TrainingProgress>, IDisposable
{
    private readonly StreamWriter _writer;
    private bool _isDisposed;

    /// <summary>Opens the log and keeps its lines up to a step.</summary>
    /// <param name="path">File to write; its folder must exist.</param>
    /// <param name="keepThrough">Step of the checkpoint from which the run resumes; 0 starts an empty file.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public MetricsLog(string path, long keepThrough = 0)
    {
        string[] kept = keepThrough > 0 && File.Exists(path) ? [.. File.ReadLines(path).Where(line => StepOf(line) <= keepThrough)] : [];
        JsonLines.Replace(path, kept);

        _writer = new StreamWriter(path, append: true) { AutoFlush = true, NewLine = "\n" }; // the same file on every system
    }

    /// <summary>Appends one line.</summary>
    public void Report(TrainingProgress value)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ArgumentNullException.ThrowIfNull(value);
        _writer.WriteLine(MetricsLine.Write(value));
    }

    /// <summary>
    /// Reads the reports of a log: step, loss over all sources and loss of each source. Damaged lines, which an interrupted run can leave,
    /// are skipped.
    /// </summary>
    /// <param name="path">File to read.</param>
    public static IReadOnlyList<(long Step, double BitsPerByte, NamedValues Sources)> ReadCurve(string path)
    {
        List<(long, double, NamedValues)> curve = [];
        foreach (string line in File.ReadLines(path))
        {
            if (MetricsLine.Read(line) is (var step, { } bits, var sources)) curve.Add((step, bits, sources));
        }

        return curve;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        _writer.Dispose();
    }

    private static long StepOf(string line) => MetricsLine.Read(line)?.Step ?? long.MaxValue;
}
