using System.Runtime.InteropServices;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// Turns the signals that end a program into one cancellation, so that it can write what it has. Later signals only print a line: a second
/// Ctrl-C must not cost the steps since the last checkpoint. SIGQUIT and SIGKILL keep their effect.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private const int ExitCodeOfSignals = 128; // a shell adds the number of the signal

    // Never disposed: without a handler, a signal that comes while the process exits would change its exit code.
    private static readonly List<PosixSignalRegistration> Registrations = [];

    private readonly CancellationTokenSource _stop = new();
    private readonly ManualResetEventSlim _ended = new();
    private int _exitCode;

    public StopSignals() => Registrations.AddRange(
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, 2)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, 15)),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => Stop(context, 1)),
    ]);

    /// <summary>Is cancelled by the first signal.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>The exit code that the first signal asks for, such as 130 for SIGINT; null without a signal.</summary>
    public int? ExitCode => _exitCode == 0 ? null : _exitCode;

    /// <summary>The work has ended. The signals stay handled.</summary>
    public void Dispose() => _ended.Set();

    private void Stop(PosixSignalContext context, int number)
    {
        context.Cancel = true; // The program ends when its work has ended.
        if (Interlocked.CompareExchange(ref _exitCode, ExitCodeOfSignals + number, 0) == 0) _stop.Cancel();
        else Console.Error.WriteLine($"Already stopping; please wait. kill -9 {Environment.ProcessId} ends it at once, without saving.");

        // Windows ends the process when the handler of a closed window or a shutdown returns.
        if (OperatingSystem.IsWindows() && context.Signal != PosixSignal.SIGINT) _ended.Wait();
    }
}

/// <summary>A command was interrupted. The message tells what is kept and how to go on.</summary>
internal sealed class InterruptedException(string message, OperationCanceledException cause) : OperationCanceledException(message, cause);
