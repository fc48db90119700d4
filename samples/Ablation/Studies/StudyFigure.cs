using System.Globalization;
using ScottPlot;
using ScottPlot.Plottables;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// The figure of a study: text, video and captions side by side. The axis is what the study varies: the learning rate, the bytes per slot,
/// the schedule, the steps of one schedule, or the doors alone.
/// </summary>
internal static class StudyFigure
{
    private const int Width = 2000;
    private const int Height = 850; // with a legend of up to five names
    private const int NamesInHeight = 5;
    private const int HeightPerName = 20;

    private static readonly ScottPlot.Palettes.Category10 Palette = new();

    public static void Save(string path, StudyConditions conditions, IReadOnlyList<RunResult> results)
    {
        Study study = conditions.Study;
        Multiplot figure = new();
        figure.AddPlots(3);
        bool isDots = HasNoAxis(study);
        figure.Layout = isDots ? NamesBesideTheFirst(figure) : new ScottPlot.MultiplotLayouts.Columns();
        Draw(figure.GetPlot(0), $"{conditions.Name}: held-out text", s => s.TextBitsPerByte, study, results, isNamed: true);
        if (!isDots) Mark(figure.GetPlot(0), results, conditions.Trigram);
        Draw(figure.GetPlot(1), $"{conditions.Name}: held-out video", s => s.VideoBitsPerByte, study, results);
        Draw(figure.GetPlot(2), $"{conditions.Name}: held-out captions", s => s.CaptionBitsPerByte, study, results);
        int height = Height + (HeightPerName * NamesBeyondHeight(figure.GetPlot(0)));
        AtomicFile.Write(path, temporary => figure.SavePng(temporary, Width, height));
    }

    private static void Draw(Plot plot, string title, Func<MixScores, double> score, Study study, IReadOnlyList<RunResult> results,
        bool isNamed = false)
    {
        plot.Title(title);
        plot.YLabel("bits per byte (mean, sample deviation over seeds)");
        if (study.PeakLearningRates.Count > 1)
            Lines(plot, "peak learning rate", results, score, r => r.PeakLearningRate, r => r with { PeakLearningRate = 0 }, study);
        else if (study.BytesPerSlot.Count > 1)
            Lines(plot, "bytes per slot (K)", results, score, r => r.BytesPerSlot, r => r with { BytesPerSlot = 0 }, study);
        else if (study.Steps.Count > 1)
            Lines(plot, "steps of the schedule", results, score, r => r.Steps, r => r with { Steps = 0 }, study);
        else if (study.EvaluateAt.Count > 0) Curves(plot, results, score);
        else Dots(plot, results, score, isNamed);
    }

    /// <summary>Whether a study varies the doors only.</summary>
    private static bool HasNoAxis(Study study) =>
        study is { PeakLearningRates.Count: 1, BytesPerSlot.Count: 1, Steps.Count: 1, EvaluateAt.Count: 0 };

    /// <summary>Three plots side by side. The first is twice as wide, to hold the names of the doors.</summary>
    private static ScottPlot.MultiplotLayouts.CustomGrid NamesBesideTheFirst(Multiplot figure)
    {
        ScottPlot.MultiplotLayouts.CustomGrid grid = new();
        grid.Set(figure.GetPlot(0), new ScottPlot.GridCell(0, 0, 1, 4, 1, 2));
        grid.Set(figure.GetPlot(1), new ScottPlot.GridCell(0, 2, 1, 4));
        grid.Set(figure.GetPlot(2), new ScottPlot.GridCell(0, 3, 1, 4));
        return grid;
    }

    /// <summary>Draws one line per door over an axis of the study, on a logarithmic scale.</summary>
    private static void Lines(
        Plot plot, string axis, IReadOnlyList<RunResult> results, Func<MixScores, double> score, Func<RunKey, double> value,
        Func<RunKey, RunKey> others, Study study)
    {
        foreach ((int place, IGrouping<RunKey, RunResult> line) in results.GroupBy(r => others(r.Key.Row())).Index())
        {
            AddLine(plot, place, LineName(line.Key, study),
                line.GroupBy(r => value(r.Key)).OrderBy(g => g.Key).Select(g => (g.Key, Spread.Of([.. g.Select(r => score(r.Scores))]))));
        }

        Finish(plot, axis, results.Select(r => value(r.Key)));
    }

    private static int NamesBeyondHeight(Plot plot) => Math.Max(0, plot.Legend.GetItems().Length - NamesInHeight);

    private static string LineName(RunKey key, Study study)
    {
        string name = Study.DoorLabel(key);
        if (study.BytesPerSlot.Count > 1 && key.BytesPerSlot > 0) name += $" K={key.BytesPerSlot}";
        if (study.Steps.Count > 1 && key.Steps > 0) name += string.Create(CultureInfo.InvariantCulture, $", {key.Steps:N0} steps");
        return name;
    }

    /// <summary>Draws one line per door over the steps of its schedule, from scores during training.</summary>
    private static void Curves(Plot plot, IReadOnlyList<RunResult> results, Func<MixScores, double> score)
    {
        foreach ((int place, IGrouping<RunKey, RunResult> row) in results.GroupBy(r => r.Key.Row()).Index())
        {
            AddLine(plot, place, Study.DoorLabel(row.Key), row
                .SelectMany(r => r.Curve.Append(new CurvePoint(r.Key.Steps, r.Scores)))
                .GroupBy(p => p.Step).OrderBy(g => g.Key).Select(g => ((double)g.Key, Spread.Of([.. g.Select(p => score(p.Scores))]))));
        }

        Finish(plot, "steps", results.SelectMany(r => r.Curve.Select(p => (double)p.Step).Append(r.Key.Steps)));
    }

    /// <summary>Draws one row per door: a dot per seed and a bar for the mean. The names are beside the first plot only.</summary>
    private static void Dots(Plot plot, IReadOnlyList<RunResult> results, Func<MixScores, double> score, bool isNamed)
    {
        plot.YLabel("");
        plot.XLabel("bits per byte: seeds, mean");
        IGrouping<RunKey, RunResult>[] rows = results.GroupBy(r => r.Key.Row()).ToArray();
        foreach ((int place, IGrouping<RunKey, RunResult> row) in rows.Index())
        {
            double[] values = [.. row.Select(r => score(r.Scores))];
            Markers dots = plot.Add.Markers(values, values.Select(_ => (double)-place).ToArray());
            dots.Color = Palette.GetColor(place);
            dots.MarkerSize = 9;
            double mean = values.Average();
            LinePlot bar = plot.Add.Line(mean, -place - 0.25, mean, -place + 0.25);
            bar.Color = dots.Color;
            bar.LineWidth = 3;
        }

        plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.NumericManual(
            [.. rows.Select((row, place) => new Tick(-place, isNamed ? Study.DoorLabel(row.Key) : ""))]);
        plot.Axes.Margins(0.1, 0.05);
    }

    private static void AddLine(Plot plot, int place, string name, IEnumerable<(double At, Spread Bits)> points)
    {
        (double At, Spread Bits)[] all = [.. points];
        double[] x = [.. all.Select(p => Math.Log10(p.At))], y = [.. all.Select(p => p.Bits.Mean)];
        Scatter line = plot.Add.Scatter(x, y);
        line.Color = Palette.GetColor(place);
        line.LineWidth = 2;
        line.LegendText = name;
        if (all.All(p => p.Bits.Std is not null)) plot.Add.ErrorBar(x, y, [.. all.Select(p => p.Bits.Std!.Value)]).Color = line.Color;
    }

    private static void Finish(Plot plot, string axis, IEnumerable<double> values)
    {
        plot.XLabel($"{axis} (logarithmic)");
        ScottPlot.Panels.LegendPanel legend = plot.ShowLegend(Edge.Bottom); // where the legend hides nothing
        int more = NamesBeyondHeight(plot);
        if (more > 0) legend.MinimumSize = HeightPerName * (NamesInHeight + more + 1); // by itself the panel shows no more than five
        double[] ascending = [.. values.Distinct().Order()];
        double nearest = Math.Log10(ascending[^1] / ascending[0]) / 15; // closer labels would overlap
        List<Tick> ticks = [];
        double labelled = double.PositiveInfinity;
        foreach (double value in ascending.Reverse())
        {
            double at = Math.Log10(value);
            bool hasLabel = labelled - at >= nearest;
            if (hasLabel) labelled = at;
            string label = value >= 1
                ? value.ToString("N0", CultureInfo.InvariantCulture) : value.ToString("0.######", CultureInfo.InvariantCulture);
            ticks.Add(new Tick(at, hasLabel ? label : ""));
        }

        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual([.. ticks]);
    }

    /// <summary>Marks the trigram score for scale, if it is near enough not to flatten the other lines.</summary>
    private static void Mark(Plot plot, IReadOnlyList<RunResult> results, double trigram)
    {
        double low = results.Min(r => r.Scores.TextBitsPerByte), high = results.Max(r => r.Scores.TextBitsPerByte);
        double room = Math.Max(high - low, 0.02);
        if (trigram < low - room || trigram > high + room) return;
        HorizontalLine line = plot.Add.HorizontalLine(trigram);
        line.Color = Colors.Gray;
        line.LinePattern = LinePattern.Dashed;
        plot.XLabel($"{plot.Axes.Bottom.Label.Text}; dashed: byte trigram counts");
    }
}
