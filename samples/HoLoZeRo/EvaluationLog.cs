using System.Text.Json;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// Held-out scores over training as JSON lines. A resumed run drops the lines behind its checkpoint, so that the file reads as one
/// uninterrupted run.
/// </summary>
internal sealed class EvaluationLog
{
    private readonly string _path;
    private readonly List<Scores> _scores;

    /// <param name="path">File to write.</param>
    /// <param name="keepThrough">Step of the checkpoint the run goes on from; 0 keeps nothing.</param>
    public EvaluationLog(string path, long keepThrough)
    {
        _path = path;
        _scores = keepThrough > 0 && File.Exists(path)
            ? [.. File.ReadLines(path).Select(Parse).OfType<Scores>().TakeWhile(scores => scores.Step <= keepThrough)]
            : [];
        AtomicFile.WriteText(path, string.Concat(_scores.Select(Line)));
    }

    /// <summary>Step of the last evaluation, -1 before the first.</summary>
    public long LastStep => _scores.Count > 0 ? _scores[^1].Step : -1;

    /// <summary>The lowest mean so far.</summary>
    public double Best => _scores.Select(scores => scores.Mean).DefaultIfEmpty(double.PositiveInfinity).Min();

    /// <summary>Step of the lowest mean so far, -1 before the first evaluation.</summary>
    public long BestStep => _scores.MinBy(scores => scores.Mean)?.Step ?? -1;

    public void Add(Scores scores)
    {
        _scores.Add(scores);
        File.AppendAllText(_path, Line(scores));
    }

    private static string Line(Scores scores) => JsonSerializer.Serialize(scores, SampleJson.Line) + "\n";

    private static Scores? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<Scores>(line, SampleJson.Line);
        }
        catch (JsonException)
        {
            return null; // cut off by a crash
        }
    }
}
