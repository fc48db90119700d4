using System.Text;
using HslEmbeddingZero.Training;
using Spectre.Console;

namespace HslEmbeddingZero.Samples;

/// <summary>Opens the consoles of a sample: standard output for results, standard error for progress.</summary>
internal static class SampleConsole
{
    private static readonly Lazy<IAnsiConsole> Errors = new(() =>
    {
        IAnsiConsole console = Create(_isSilent ? TextWriter.Null : Console.Error);
        if (Console.IsErrorRedirected || ProcessGroup.LaunchedSize > 1) console.Profile.Width = 400; // a line is not cut
        return console;
    });

    private static LastingWriter? _output;
    private static bool _isSilent;

    /// <summary>Why standard output could not be written; null while all is written.</summary>
    public static IOException? OutputError => _output?.Error;

    /// <param name="redirectedWidth">Columns where the output is redirected.</param>
    /// <param name="isSilent">
    /// Whether neither results nor progress are shown, because another process shows them. Standard error still takes errors.
    /// </param>
    public static IAnsiConsole Open(int redirectedWidth, bool isSilent = false)
    {
        // A launcher gives each process a pseudo-terminal, whatever its own output is. Nobody sees bars and colours there.
        bool isLaunched = ProcessGroup.LaunchedSize > 1;
        if (isLaunched) Environment.SetEnvironmentVariable("TERM", "dumb");
        // Windows starts with the encoding of its region, which lacks most letters. Set UTF-8 first: the console keeps the writer it finds.
        Console.OutputEncoding = Encoding.UTF8;
        Console.SetOut(_output = new LastingWriter(Console.Out));
        Console.SetError(new LastingWriter(Console.Error));
        _isSilent = isSilent;
        if (isSilent) return Create(TextWriter.Null);
        IAnsiConsole console = AnsiConsole.Console;
        if (Console.IsOutputRedirected || isLaunched) console.Profile.Width = redirectedWidth;
        return console;
    }

    /// <summary>
    /// The console for progress: standard error. Where both are terminals it is the console of the results, so that their lines and a bar
    /// do not overwrite each other.
    /// </summary>
    public static IAnsiConsole ForProgress(IAnsiConsole results) =>
        Console.IsOutputRedirected || Console.IsErrorRedirected || _isSilent ? Errors.Value : results;

    private static IAnsiConsole Create(TextWriter output) =>
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
}
