using System.Globalization;
using System.Text;
using ScottPlot;
using ScottPlot.Plottables;

namespace HslEmbeddingZero.Samples;

/// <summary>The matrix of a knockout: one row per channel set, one column per measure, each cell the change of the score.</summary>
internal sealed class KnockoutReport(IReadOnlyList<KnockoutRow> rows, IReadOnlyList<string> notes)
{
    private const int CellHeight = 34;
    private const int Width = 1000;

    private static readonly (string Name, Func<MixScores, double> Of)[] Measures =
    [
        ("text bpb", s => s.TextBitsPerByte),
        ("video bpb", s => s.VideoBitsPerByte),
        ("caption bpb", s => s.CaptionBitsPerByte),
        ("binding gap", s => s.BindingGap),
        ("scene gap", s => s.SceneGap),
    ];

    private readonly MixScores _whole = rows.Single(row => row.Channels is null).Scores;
    private readonly KnockoutRow[] _silenced =
        [.. KnockoutRun.Sets.Where(set => set is not null).Select(set => rows.Single(row => row.Channels == set!.Name))];

    /// <summary>Number of channels that a row silences.</summary>
    private static int Count(KnockoutRow row) => ChannelSet.All.Single(set => set.Name == row.Channels).Columns.Count;

    private double Change(KnockoutRow row, Func<MixScores, double> of) => of(row.Scores) - of(_whole);

    public string Markdown()
    {
        StringBuilder text = new();
        text.AppendLine("# Channel knockout").AppendLine();
        text.AppendLine(
            "Change of the held-out scores when channels are silenced at the door of a trained model; more bits are worse, and a smaller "
                + "gap means that sound or scene tells less.").AppendLine();
        new TextTable(
            ["silenced", "channels", .. Measures.Select(m => m.Name)],
            [
                ["nothing: the scores themselves", "0", .. Measures.Select(m => m.Of(_whole).ToString("F4", CultureInfo.InvariantCulture))],
                .. _silenced.Select(row => (string[])
                    [row.Channels!, Count(row).ToString(CultureInfo.InvariantCulture), .. Measures.Select(m => Signed(Change(row, m.Of)))]),
            ]).AppendTo(text);
        foreach (string note in notes) text.AppendLine(CultureInfo.InvariantCulture, $"- {note}");
        return text.ToString();
    }

    /// <summary>
    /// Saves the matrix as a heat map. The colour scale of a measure ends at the largest change of a single channel. Groups exceed it. With
    /// a wider scale, the single channels would look alike.
    /// </summary>
    public void SaveHeatMap(string path, string title)
    {
        Plot plot = new();
        double[] largest = [.. Measures.Select(m => _silenced.Where(row => Count(row) == 1).Max(row => Math.Abs(Change(row, m.Of))))];
        double[,] shades = new double[_silenced.Length, Measures.Length];
        for (int r = 0; r < _silenced.Length; r++)
        {
            for (int m = 0; m < Measures.Length; m++)
            {
                double change = Change(_silenced[r], Measures[m].Of);
                shades[r, m] = largest[m] > 0 ? Math.Clamp(change / largest[m], -1, 1) : 0;
                Text label = plot.Add.Text(Signed(change), m, _silenced.Length - 1 - r);
                label.Alignment = Alignment.MiddleCenter;
                label.LabelFontSize = 13;
            }
        }

        Heatmap map = plot.Add.Heatmap(shades);
        map.Colormap = new ScottPlot.Colormaps.Balance();
        map.ManualRange = new ScottPlot.Range(-2.2, 2.2); // Leaves out the darkest shades, on which numbers are not readable.
        plot.MoveToBack(map);
        plot.Title(title);
        plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.NumericManual(
            [.. _silenced.Select((row, r) => new Tick(_silenced.Length - 1 - r, row.Channels!))]);
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual([.. Measures.Select((m, i) => new Tick(i, m.Name))]);
        plot.Axes.SetLimits(-0.5, Measures.Length - 0.5, -0.5, _silenced.Length - 0.5);
        plot.Grid.IsVisible = false;
        AtomicFile.Write(path, temporary => plot.SavePng(temporary, Width, (_silenced.Length + 3) * CellHeight));
    }

    private static string Signed(double change) =>
        string.Create(CultureInfo.InvariantCulture, $"{Math.Round(change, 4) + 0.0:+0.0000;-0.0000;0.0000}");
}
