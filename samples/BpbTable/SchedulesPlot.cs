using ScottPlot;
using ScottPlot.Plottables;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// Held-out text bits per byte against the steps of the training schedule. It shows whether more steps close the gaps between the doors.
/// </summary>
internal static class SchedulesPlot
{
    private const int Width = 1200;
    private const int Height = 700;

    public static void Save(string path, IReadOnlyList<RunResult> results, ComparisonData data, string title)
    {
        using Plot plot = new();
        ScottPlot.Palettes.Category10 palette = new();
        int color = 0;
        foreach (IGrouping<TableRowKey, RunResult> arm in results.GroupBy(r => new TableRowKey(r.Key.Arm, r.Key.BytesPerSlot)))
        {
            (double Steps, Spread Bits)[] points =
                [.. arm.GroupBy(r => r.Key.Steps).OrderBy(g => g.Key).Select(
                    g => ((double)g.Key, Spread.Of([.. g.Select(r => r.Scores.TextBitsPerByte)])))];
            double[] steps = [.. points.Select(p => Math.Log10(p.Steps))], means = [.. points.Select(p => p.Bits.Mean)];
            Scatter line = plot.Add.Scatter(steps, means);
            line.Color = palette.GetColor(color++);
            line.LineWidth = 2;
            line.LegendText = arm.Key.ToString();
            if (points.All(p => p.Bits.Std is not null))
                plot.Add.ErrorBar(steps, means, [.. points.Select(p => p.Bits.Std!.Value)]).Color = line.Color;
        }

        HorizontalLine trigram = plot.Add.HorizontalLine(data.Trigram[^1]);
        trigram.Color = Colors.Gray;
        trigram.LinePattern = LinePattern.Dashed;
        trigram.LegendText = "byte trigram counts";
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual(
            [.. results.Select(r => r.Key.Steps).Distinct().Order().Select(
                s => new Tick(Math.Log10(s), s.ToString("N0", System.Globalization.CultureInfo.InvariantCulture)))]);
        plot.Title(title);
        plot.XLabel("steps of the schedule (logarithmic)");
        plot.YLabel("held-out text, bits per byte (mean, sample deviation over seeds)");
        plot.ShowLegend(Alignment.UpperRight);
        AtomicFile.Write(path, temporary => plot.SavePng(temporary, Width, Height));
    }
}
