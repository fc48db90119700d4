using System.CommandLine;
using System.Net;
using System.Net.Sockets;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Starts the server and prints its address. Ctrl-C stops it.</summary>
internal static class DemoProgram
{
    private const int Failed = 1;

    public static async Task<int> Main(string[] args)
    {
        ParseResult parsed = DemoCommandLine.Create(RunAsync).Parse(args);
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (OperationCanceledException)
        {
            return 0; // Ctrl-C while the model was loading
        }
        catch (Exception error) when (error is IOException or SocketException or UnauthorizedAccessException or TorchRuntimeException)
        {
            await Console.Error.WriteLineAsync($"error: {error.Message}");
            return Failed;
        }
    }

    private static async Task<int> RunAsync(DemoOptions options, CancellationToken cancellationToken)
    {
        NativeHeap.KeepSmall();
        // Each generation blocks a thread. More threads from the start: other requests must not wait until the pool grows.
        ThreadPool.GetMinThreads(out int workers, out int completions);
        ThreadPool.SetMinThreads(workers + options.Limits.Generations, completions);

        using DemoModel? model = DemoModel.Find(options.Weights) is { } path ? DemoModel.Load(path) : null;
        await using WebApplication app = DemoServer.Create(options, model);
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
}
