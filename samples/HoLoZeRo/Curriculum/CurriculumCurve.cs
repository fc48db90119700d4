using HslEmbeddingZero.Training;
using ScottPlot;
using ScottPlot.Plottables;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// Held-out scores over the steps of all stages: bits per byte of each source on the left, the grounding gap and exact answers on the
/// right.
/// </summary>
internal static class CurriculumCurve
{
    private const int Width = 1500;
    private const int Height = 600;

    private static readonly ScottPlot.Palettes.Category10 Palette = new();

    public static void Save(CurriculumRun run, string path)
    {
        List<(double Step, EvaluationResult Scores)> points = [];
        List<(double Step, string Stage)> borders = [];
        double before = 0;
        foreach (CurriculumStage stage in run.Curriculum.Stages)
        {
            borders.Add((before, stage.Name));
            points.AddRange(run.Evaluations(stage).Select(evaluation => (before + evaluation.Step, evaluation.Scores)));
            before += stage.Training.Steps;
        }

        Multiplot figure = new();
        figure.AddPlots(2);
        figure.Layout = new ScottPlot.MultiplotLayouts.Columns();
        Plot bits = figure.GetPlot(0), facts = figure.GetPlot(1);
        string[] sources = [.. points.SelectMany(point => point.Scores.Sources.Select(score => score.Name)).Distinct()
            .Where(name => name is not ("swapped" or "recall"))];
        foreach ((int color, string source) in sources.Index()) Line(bits, color, source, Score(source, score => score.BitsPerByte));
        Line(facts, 0, "grounding gap (bits per byte)", Score("knowledge", score => score.Gaps[CurriculumSources.GroundingGap]));
        Line(facts, 1, "exact answers, right facts", Score("knowledge", score => score.ExactMatch ?? 0));
        Line(facts, 2, "exact answers, swapped facts", Score("swapped", score => score.ExactMatch ?? 0));
        Line(facts, 3, "exact answers, no facts, persons of the training", Score("recall", score => score.ExactMatch ?? 0));
        Finish(bits, "Held-out bits per byte", borders);
        Finish(facts, "Reading the store", borders);
        AtomicFile.Write(path, temporary => figure.SavePng(temporary, Width, Height));

        IEnumerable<(double Step, double Value)> Score(string source, Func<SourceScore, double> value) =>
            from point in points
            let score = point.Scores.Sources.FirstOrDefault(score => score.Name == source)
            where score is not null
            select (point.Step, value(score));
    }

    private static void Line(Plot plot, int color, string name, IEnumerable<(double Step, double Value)> points)
    {
        (double Step, double Value)[] all = [.. points];
        if (all.Length == 0) return;
        Scatter line = plot.Add.Scatter(all.Select(point => point.Step).ToArray(), all.Select(point => point.Value).ToArray());
        line.Color = Palette.GetColor(color);
        line.LineWidth = 2;
        line.LegendText = name;
    }

    private static void Finish(Plot plot, string title, IReadOnlyList<(double Step, string Stage)> borders)
    {
        foreach ((double step, string stage) in borders)
        {
            VerticalLine border = plot.Add.VerticalLine(step);
            border.Color = Colors.Gray;
            border.LinePattern = LinePattern.Dotted;
            border.Text = stage;
            border.LabelOppositeAxis = true;
        }

        plot.Title(title);
        plot.XLabel("steps of all stages");
        plot.ShowLegend(Edge.Bottom); // where it hides nothing
        plot.Axes.AutoScale();
        plot.Axes.Right.MinimumSize = 20;
        plot.Axes.Top.MinimumSize = 30;
    }
}
