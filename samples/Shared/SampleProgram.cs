using System.CommandLine;
using System.Runtime.InteropServices;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// Runs a command line. An error ends in a one-line message and exit code 1. Ctrl-C, SIGTERM and SIGHUP end in a clean stop and in the exit
/// codes 130, 143 and 129.
/// </summary>
internal static class SampleProgram
{
    private const int Failed = 1;

    /// <param name="root">The command line.</param>
    /// <param name="args">The arguments.</param>
    /// <param name="afterInterrupt">How to go on after an interruption, for commands that do not say it themselves.</param>
    /// <param name="rank">
    /// The number of this process among those that train together. Rank 0 alone says what all of them know: wrong options, an interruption.
    /// </param>
    public static async Task<int> RunAsync(RootCommand root, string[] args, string afterInterrupt = "", int rank = 0)
    {
        ParseResult parsed = CommandErrors.Parse(root, args);
        IReadOnlyList<string> errors = CommandErrors.Lines(parsed, args);
        if (rank > 0 && errors.Count > 0) return Failed;
        foreach (string error in errors) await Console.Error.WriteLineAsync(error).ConfigureAwait(false);
        if (errors.Count > 0) return Failed;

        int exitCode = await InvokeAsync(parsed, afterInterrupt, rank).ConfigureAwait(false);
        if (SampleConsole.OutputError is not { } lost || exitCode != 0) return exitCode;
        await Console.Error.WriteLineAsync($"error: standard output could not be written: {lost.Message}").ConfigureAwait(false);
        return Failed;
    }

    private static async Task<int> InvokeAsync(ParseResult parsed, string afterInterrupt, int rank)
    {
        using StopSignals signals = new();
        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
                signals.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException stopped)
        {
            string howToGoOn = stopped is InterruptedException ? stopped.Message : afterInterrupt;
            if (rank == 0) await Console.Error.WriteLineAsync($"Interrupted. {howToGoOn}".TrimEnd()).ConfigureAwait(false);
            return signals.ExitCode ?? Failed;
        }
        catch (Exception error) when (Describe(error) is { } message)
        {
            string place = rank > 0 ? $"rank {rank}: " : "";
            await Console.Error.WriteLineAsync($"error: {place}{message}").ConfigureAwait(false);
            return Failed;
        }
    }

    /// <summary>What an error tells a user; null for an error of the program itself, whose stack trace is needed.</summary>
    internal static string? Describe(Exception error) => error switch
    {
        IOException or InvalidDataException or UnauthorizedAccessException or ArgumentException or NotFiniteNumberException
            or TorchRuntimeException or ProcessGroupException or NotSupportedException => error.Message,
        // libtorch, for example out of memory. The lines after the first are frames of its C++ code.
        ExternalException => $"libtorch: {error.Message.Split('\n', 2)[0].TrimEnd()}",
        _ => null,
    };
}
