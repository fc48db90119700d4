using System.Text;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>The console of a sample.</summary>
internal static class SampleConsole
{
    /// <param name="redirectedWidth">Columns where the output is no terminal.</param>
    public static IAnsiConsole Open(int redirectedWidth)
    {
        // Windows begins with the encoding of its region, which lacks most letters. First of all, as the console keeps the writer it finds.
        Console.OutputEncoding = Encoding.UTF8;
        IAnsiConsole console = AnsiConsole.Console;
        if (Console.IsOutputRedirected) console.Profile.Width = redirectedWidth;
        return console;
    }
}
