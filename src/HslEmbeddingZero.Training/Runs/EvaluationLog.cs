using System.Text.Json;
using System.Text.Json.Nodes;

namespace HslEmbeddingZero.Training;

/// <summary>
/// Held-out scores during training, as JSON lines. A line has "step", NAME + "BitsPerByte" for each source, "parts" and "gaps" with an
/// object for each source, "exact" with the share of exact answers by source, and "seconds". A resumed run drops the lines after its
/// checkpoint, so that the file reads like one uninterrupted run.
/// </summary>
internal sealed class EvaluationLog
{
    private const string Parts = "parts";
    private const string Gaps = "gaps";
    private const string Exact = "exact";

    private readonly string? _path;
    private readonly List<RunEvaluation> _evaluations;

    /// <param name="path">File to write.</param>
    /// <param name="keepThrough">Step of the checkpoint from which the run resumes; 0 keeps nothing.</param>
    public EvaluationLog(string path, long keepThrough)
    {
        _path = path;
        _evaluations = [.. Read(path).Where(evaluation => evaluation.Step <= keepThrough)];
        JsonLines.Replace(path, _evaluations.Select(Line));
    }

    /// <summary>Creates a log without a file, for a rank that writes none.</summary>
    /// <param name="text">The <see cref="Text"/> of the log of rank 0.</param>
    public EvaluationLog(string text) => _evaluations = [.. text.Split('\n').Select(Parse).OfType<RunEvaluation>()];

    public IReadOnlyList<RunEvaluation> Evaluations => _evaluations;

    /// <summary>All lines.</summary>
    public string Text => string.Join('\n', _evaluations.Select(Line));

    /// <summary>The evaluations of a file. Damaged lines, which an interrupted run can leave, are skipped.</summary>
    public static IEnumerable<RunEvaluation> Read(string path) =>
        File.Exists(path) ? File.ReadAllLines(path).Select(Parse).OfType<RunEvaluation>() : [];

    public void Add(RunEvaluation evaluation)
    {
        if (_path is not null) File.AppendAllText(_path, Line(evaluation) + "\n");
        _evaluations.Add(evaluation);
    }

    private static string Line(RunEvaluation evaluation)
    {
        JsonObject line = new() { ["step"] = evaluation.Step };
        foreach (SourceScore score in evaluation.Scores.Sources) line[score.Name + MetricsLine.SourceLoss] = score.BitsPerByte;
        line[Parts] = Nested(score => score.Parts);
        line[Gaps] = Nested(score => score.Gaps);
        if (evaluation.Scores.Sources.Any(score => score.ExactMatch is not null))
        {
            line[Exact] = new JsonObject(evaluation.Scores.Sources.Where(score => score.ExactMatch is not null)
                .Select(score => KeyValuePair.Create<string, JsonNode?>(score.Name, score.ExactMatch)));
        }

        line["seconds"] = Math.Round(evaluation.Elapsed.TotalSeconds, 3);
        return line.ToJsonString();

        JsonObject Nested(Func<SourceScore, NamedValues> values) =>
            new(evaluation.Scores.Sources.Where(score => values(score).Count > 0).Select(
            score => KeyValuePair.Create<string, JsonNode?>(
                score.Name, new JsonObject(values(score).Select(pair => KeyValuePair.Create<string, JsonNode?>(pair.Key, pair.Value))))));
    }

    private static RunEvaluation? Parse(string text)
    {
        try
        {
            if (JsonNode.Parse(text) is not JsonObject line) return null;
            SourceScore[] scores =
                [.. line.Where(field => field.Key.EndsWith(MetricsLine.SourceLoss, StringComparison.Ordinal)).Select(field =>
            {
                string name = field.Key[..^MetricsLine.SourceLoss.Length];
                return new SourceScore
                {
                    Name = name,
                    BitsPerByte = field.Value!.GetValue<double>(),
                    Parts = Values(line[Parts]?[name]),
                    Gaps = Values(line[Gaps]?[name]),
                    ExactMatch = line[Exact]?[name]?.GetValue<double>(),
                };
            })];
            return new(line["step"]!.GetValue<long>(), new EvaluationResult(scores),
                TimeSpan.FromSeconds(line["seconds"]!.GetValue<double>()));
        }
        catch (Exception damage) when (damage is JsonException or InvalidOperationException or FormatException or ArgumentException
            or NullReferenceException or OverflowException)
        {
            return null;
        }

        static NamedValues Values(JsonNode? node) => node is JsonObject values
            ? new(values.Select(pair => KeyValuePair.Create(pair.Key, pair.Value!.GetValue<double>())))
            : NamedValues.Empty;
    }
}
