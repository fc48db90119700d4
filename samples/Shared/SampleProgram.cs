using System.CommandLine;

namespace HslEmbeddingZero.Samples;

/// <summary>Runs a command line. An error ends in a one-line message and exit code 1, Ctrl-C in a clean stop and exit code 130.</summary>
internal static class SampleProgram
{
    private const int Failed = 1;
    private const int Interrupted = 130;

    /// <summary>A word that begins with @ is a plain file name, not a response file with more options.</summary>
    private static readonly ParserConfiguration Words = new() { ResponseFileTokenReplacer = null };

    /// <param name="root">The command line.</param>
    /// <param name="args">The arguments.</param>
    /// <param name="afterInterrupt">Message after Ctrl-C: how to continue.</param>
    public static async Task<int> RunAsync(RootCommand root, string[] args, string afterInterrupt)
    {
        try
        {
            return await root.Parse(args, Words).InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeSpan.FromMinutes(5), // time to write the checkpoint after Ctrl-C
            }).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"Interrupted. {afterInterrupt}").ConfigureAwait(false);
            return Interrupted;
        }
        catch (Exception error) when (error is IOException or InvalidDataException or UnauthorizedAccessException or ArgumentException
            or NotFiniteNumberException or TorchRuntimeException)
        {
            await Console.Error.WriteLineAsync($"error: {error.Message}").ConfigureAwait(false);
            return Failed;
        }
    }
}
