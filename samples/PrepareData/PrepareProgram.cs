using System.CommandLine;
using Spectre.Console;

namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Makes text and windows for training out of files of one's own.</summary>
internal static class PrepareProgram
{
    private const int Failed = 1;
    private const int Interrupted = 130;

    public static async Task<int> Main(string[] args)
    {
        IAnsiConsole console = AnsiConsole.Console;
        if (Console.IsOutputRedirected) console.Profile.Width = 400;
        ParseResult parsed = CommandLine.Parse(
            args,
            (options, cancellation) => TextPreparation.Run(console, options, cancellation),
            (options, cancellation) => WindowPreparation.Run(console, options, cancellation));
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeSpan.FromMinutes(1), // time to save after Ctrl-C
            }).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Interrupted. The same command with --resume goes on from here.").ConfigureAwait(false);
            return Interrupted;
        }
        catch (Exception error) when (error is IOException or InvalidDataException or UnauthorizedAccessException or ArgumentException)
        {
            await Console.Error.WriteLineAsync($"error: {error.Message}").ConfigureAwait(false);
            return Failed;
        }
    }
}
