using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Starts the server and prints its address. Ctrl-C, or another signal to end, stops it with exit code 0.</summary>
internal static class DemoProgram
{
    private const int Failed = 1;

    // Never disposed: a second signal may come at any time until the process ends. Without a handler it would end the process at once.
    private static readonly CancellationTokenSource Stop = new();
    private static readonly List<PosixSignalRegistration> Signals = [];

    public static async Task<int> Main(string[] args)
    {
        foreach (PosixSignal signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT })
            Signals.Add(PosixSignalRegistration.Create(signal, HandleSignal));
        ParseResult parsed = CommandErrors.Parse(DemoCommandLine.Create(RunAsync), args);
        IReadOnlyList<string> errors = CommandErrors.Lines(parsed, args);
        foreach (string error in errors) await Console.Error.WriteLineAsync(error);
        if (errors.Count > 0) return Failed;
        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null, // the signals are handled here: the command line would end the process by itself
                },
                Stop.Token);
        }
        catch (OperationCanceledException)
        {
            return 0; // a signal while the model was loading
        }
        catch (Exception error) when (error is IOException or SocketException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"error: {error.Message}");
            return Failed;
        }
    }

    private static void HandleSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        Stop.Cancel();
    }

    private static async Task<int> RunAsync(DemoOptions options, CancellationToken cancellationToken)
    {
        if (options.Site is { } site) return WriteSite(site, options.Weights, cancellationToken);

        // Each generation blocks a thread. More threads from the start: other requests must not wait until the pool grows.
        ThreadPool.GetMinThreads(out int workers, out int completions);
        ThreadPool.SetMinThreads(workers + options.Limits.Generations, completions);

        DemoModel? model = DemoModel.Find(options.Weights) is { } path ? DemoModel.Load(path) : null;
        using var knowledge = DemoKnowledge.Find();
        await using WebApplication app = DemoServer.Create(options, model, knowledge);
        await app.StartAsync(cancellationToken);

        Console.WriteLine(model is null
            ? "No weights were found: the page shows features, slots and the cosmos, but cannot generate. Give a model file with --weights."
            : $"{model.Description.Name}: {model.Description.Parameters:N0} parameters behind the {model.Description.Door} door");
        if (!IPAddress.IsLoopback(options.Host))
            Console.WriteLine("Anyone who reaches this machine can use the page.");
        Console.WriteLine($"Open {app.Urls.First()} (Ctrl-C ends it)");

        await app.WaitForShutdownAsync(cancellationToken);
        return 0;
    }

    private static int WriteSite(DirectoryInfo folder, FileInfo? weights, CancellationToken cancellationToken)
    {
        StaticSite.RequireFree(folder);
        string? path = DemoModel.Find(weights);
        (int files, long bytes) = StaticSite.Write(
            folder, path is null ? null : (path, DemoModel.Load(path).Description), cancellationToken);
        if (path is null) Console.WriteLine("No weights were found: the page cannot generate. Give a model file with --weights.");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{folder.FullName}: {files} files, {bytes / 1e6:F1} MB"));
        Console.WriteLine($"Any static host serves it, as does python3 -m http.server --directory \"{folder.FullName}\"");
        return 0;
    }
}
