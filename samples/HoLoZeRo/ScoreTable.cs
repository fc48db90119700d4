using System.Globalization;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>Prints held-out scores on the console, one column per model or file.</summary>
internal static class ScoreTable
{
    public static void Print(IAnsiConsole console, ByteMix data, IReadOnlyList<(string Heading, Scores Scores)> columns)
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumn("bits per byte");
        foreach ((string heading, _) in columns) table.AddColumn(new TableColumn(Markup.Escape(heading)) { Alignment = Justify.Right });
        Row("text", s => s.Text, "F4");
        foreach ((int i, string name) in data.TextNames.Index())
            Row($"  {name}", s => s.TextBySource.ElementAtOrDefault(i), "F4");
        Row("video", s => s.Video, "F4");
        Row("caption", s => s.Caption, "F4");
        Row("binding gap", s => s.BindingGap, "+0.0000;-0.0000;+0.0000");
        Row("scene gap", s => s.SceneGap, "+0.0000;-0.0000;+0.0000");
        console.Write(table);

        void Row(string name, Func<Scores, double?> score, string format) =>
            table.AddRow([Markup.Escape(name),
                .. columns.Select(column => score(column.Scores)?.ToString(format, CultureInfo.InvariantCulture) ?? "-")]);
    }
}
