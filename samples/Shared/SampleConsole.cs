using System.Text;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>Opens the console of a sample.</summary>
internal static class SampleConsole
{
    /// <param name="redirectedWidth">Columns where the output is redirected.</param>
    public static IAnsiConsole Open(int redirectedWidth)
    {
        // Windows starts with the encoding of its region, which lacks most letters. Set UTF-8 first: the console keeps the writer it finds.
        Console.OutputEncoding = Encoding.UTF8;
        IAnsiConsole console = AnsiConsole.Console;
        if (Console.IsOutputRedirected) console.Profile.Width = redirectedWidth;
        return console;
    }
}
