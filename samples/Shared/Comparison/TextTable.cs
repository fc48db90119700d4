using System.Globalization;
using System.Text;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>A table for the console and for Markdown. The first column holds names, the others numbers.</summary>
internal sealed record TextTable(IReadOnlyList<string> Headings, IReadOnlyList<string[]> Rows)
{
    public void Print(IAnsiConsole console)
    {
        Table table = new() { Border = TableBorder.Rounded };
        foreach ((int column, string heading) in Headings.Index())
            table.AddColumn(new TableColumn(Markup.Escape(heading)) { Alignment = column == 0 ? Justify.Left : Justify.Right });
        foreach (string[] row in Rows) table.AddRow([.. row.Select(Markup.Escape)]);
        console.Write(table);
    }

    /// <summary>Appends the table as Markdown, then an empty line.</summary>
    public void AppendTo(StringBuilder text)
    {
        text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", Headings)} |");
        text.AppendLine(CultureInfo.InvariantCulture, $"| --- |{string.Concat(Headings.Skip(1).Select(_ => " ---: |"))}");
        foreach (string[] row in Rows) text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", row)} |");
        text.AppendLine();
    }
}
