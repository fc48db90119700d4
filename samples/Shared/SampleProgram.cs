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

    /// <summary>Time for a rank to print its error and to end, before the next may print one.</summary>
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(2);

    /// <param name="root">The command line.</param>
    /// <param name="args">The arguments.</param>
    /// <param name="afterInterrupt">How to go on after an interruption, for commands that do not say it themselves.</param>
    /// <param name="rank">
    /// The number of this process among those that train together. Rank 0 speaks first, and its end ends the others. So it alone says what
    /// all of them know, such as wrong options.
    /// </param>
    public static async Task<int> RunAsync(RootCommand root, string[] args, string afterInterrupt = "", int rank = 0)
    {
        ParseResult parsed = CommandErrors.Parse(root, args);
        IReadOnlyList<string> errors = CommandErrors.Lines(parsed, args);
        if (errors.Count > 0) await Task.Delay(TurnOf(rank)).ConfigureAwait(false); // The end of rank 0 ends the process here.
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
            await Task.Delay(TurnOf(rank)).ConfigureAwait(false);
            if (rank == 0) await Console.Error.WriteLineAsync($"Interrupted. {howToGoOn}".TrimEnd()).ConfigureAwait(false);
            return signals.ExitCode ?? Failed;
        }
        catch (Exception error) when (Describe(error) is { } message)
        {
            bool isKnownBetter = error is ProcessGroupException { IsOfAnotherRank: true };
            if (!HasTurn(TurnOf(rank, isKnownBetter), signals.Token)) return Failed;
            string place = rank > 0 ? $"rank {rank}: " : "";
            await Console.Error.WriteLineAsync($"error: {place}{message}").ConfigureAwait(false);
            return Failed;
        }
    }

    /// <summary>
    /// How long a rank waits before it prints an error. Ranks that know more come first: rank 0 with an error that all have, and the rank
    /// that failed with an error that the others only notice.
    /// </summary>
    private static TimeSpan TurnOf(int rank, bool isKnownBetter = false) => isKnownBetter ? 2 * Turn : rank > 0 ? Turn : TimeSpan.Zero;

    /// <summary>Waits for the turn of a rank.</summary>
    /// <returns>false if a signal comes meanwhile: another rank has spoken, and the launcher ends this one.</returns>
    private static bool HasTurn(TimeSpan turn, CancellationToken signalled)
    {
        if (!signalled.IsCancellationRequested) return turn == TimeSpan.Zero || !signalled.WaitHandle.WaitOne(turn);
        Thread.Sleep(5 * turn); // If the launcher is ending the ranks, it kills this one meanwhile.
        return true;
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
