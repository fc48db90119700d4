using System.Globalization;
using HslEmbeddingZero.Training;
using ScottPlot;
using ScottPlot.Plottables;

namespace HslEmbeddingZero.Samples;

/// <summary>Loss curves of all runs: text bits per byte against steps. One colour per row; the lowest seed is solid.</summary>
internal static class CurvesPlot
{
    private const int Width = 1200;
    private const int Height = 700;

    public static void Save(string path, IReadOnlyList<(TableRowKey Row, int Seed, string Metrics)> runs, ComparisonData data, string title)
    {
        using Plot plot = new();
        ScottPlot.Palettes.Category10 palette = new();
        List<TableRowKey> rows = [.. runs.Select(r => r.Row).Distinct()];
        foreach ((TableRowKey row, int seed, string metrics) in runs)
        {
            (double Step, double Text)[] curve =
                [.. MetricsLog.ReadCurve(metrics).Where(p => p.Sources.ContainsKey(data.Mix.Text.Name)).Select(
                    p => ((double)p.Step, p.Sources[data.Mix.Text.Name]))];
            if (curve.Length == 0) continue;
            Scatter line = plot.Add.ScatterLine(curve.Select(p => p.Step).ToArray(), Smoothed([.. curve.Select(p => p.Text)]));
            line.Color = palette.GetColor(rows.IndexOf(row));
            line.LineWidth = 2;
            line.LinePattern = seed == runs.Min(r => r.Seed) ? LinePattern.Solid : LinePattern.Dotted;
            if (seed == runs.Min(r => r.Seed)) line.LegendText = row.ToString();
        }

        Mark(plot, data.Bigram[^1], "byte bigram counts (held-out)", LinePattern.Dashed);
        Mark(plot, data.Trigram[^1], "byte trigram counts (held-out)", LinePattern.DenselyDashed);
        plot.Title(title);
        plot.XLabel("steps");
        plot.YLabel("training text, bits per byte (smoothed)");
        plot.ShowLegend(Alignment.UpperRight);
        plot.Axes.AutoScale();
        AtomicFile.Write(path, temporary => plot.SavePng(temporary, Width, Height));
    }

    private static void Mark(Plot plot, double value, string name, LinePattern pattern)
    {
        HorizontalLine line = plot.Add.HorizontalLine(value);
        line.Color = Colors.Gray;
        line.LinePattern = pattern;
        line.LegendText = string.Create(CultureInfo.InvariantCulture, $"{name}: {value:F3}");
    }

    /// <summary>Exponential moving average. Dividing by the sum of weights keeps the first points unbiased.</summary>
    private static double[] Smoothed(double[] values)
    {
        const double keep = 0.8;
        double sum = 0, weight = 0;
        return [.. values.Select(v => (sum = keep * sum + v) / (weight = keep * weight + 1))];
    }
}
