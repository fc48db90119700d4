using System.Globalization;
using System.Text;
using HslEmbeddingZero.Training;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>The scores after each stage of a curriculum.</summary>
internal sealed class CurriculumTable
{
    /// <summary>Columns: heading, and the number of an evaluation; null where it was not scored.</summary>
    private static readonly (string Heading, Func<EvaluationResult, double?> Value, string Format)[] Columns =
    [
        ("text", scores => Bits(scores, "text"), "F3"),
        ("knowledge", scores => Bits(scores, "knowledge"), "F3"),
        ("chat", scores => Bits(scores, "chat"), "F3"),
        ("video", scores => Bits(scores, "video"), "F3"),
        ("caption", scores => Bits(scores, "caption"), "F3"),
        ("binding gap", scores => Gap(scores, "caption", "binding"), "+0.000;-0.000;+0.000"),
        ("grounding gap", scores => Gap(scores, "knowledge", CurriculumSources.GroundingGap), "+0.000;-0.000;+0.000"),
        ("gap without facts", scores => Gap(scores, "knowledge", CurriculumSources.NoFactsGap), "+0.000;-0.000;+0.000"),
        ("exact", scores => Exact(scores, "knowledge"), "P1"),
        ("exact, swapped", scores => Exact(scores, "swapped"), "P1"),
        ("recall", scores => Exact(scores, "recall"), "P1"),
    ];

    private readonly TextTable _table;

    private CurriculumTable(TextTable table) => _table = table;

    public static CurriculumTable Of(CurriculumRun run) => new(new TextTable(
        ["after stage", .. Columns.Select(column => column.Heading)],
        [
            .. run.Curriculum.Stages.Where(run.IsDone).Select(stage => (Stage: stage, Scores: run.Evaluations(stage)[^1].Scores))
                .Select(row => (string[])
                [
                    row.Stage.Name,
                    .. Columns.Select(column => column.Value(row.Scores)?.ToString(column.Format, CultureInfo.InvariantCulture) ?? "-"),
                ]),
        ]));

    public void Print(IAnsiConsole console) => _table.Print(console);

    public string ToMarkdown(Retrieval retrieval)
    {
        StringBuilder text = new();
        _table.AppendTo(text);
        text.AppendLine("Bits per byte; gaps are bits per byte too. Exact: share of the answers that greedy generation gives exactly, "
            + "with right facts, with swapped facts (the swapped answer), and without facts for persons of the training (recall).");
        text.AppendLine().AppendLine(retrieval.Describe());
        return text.ToString();
    }

    private static double? Bits(EvaluationResult scores, string source) => Score(scores, source)?.BitsPerByte;

    private static double? Exact(EvaluationResult scores, string source) => Score(scores, source)?.ExactMatch;

    private static double? Gap(EvaluationResult scores, string source, string gap) =>
        Score(scores, source) is { } score && score.Gaps.TryGetValue(gap, out double value) ? value : null;

    private static SourceScore? Score(EvaluationResult scores, string source) =>
        scores.Sources.FirstOrDefault(score => score.Name == source);
}
