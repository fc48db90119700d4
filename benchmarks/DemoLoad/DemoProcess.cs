using System.Diagnostics;
using System.Text.RegularExpressions;

namespace HslEmbeddingZero.DemoLoad;

/// <summary>A demo on a free port, which is started for the load and stopped after it.</summary>
internal sealed partial class DemoProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2); // it may have to be built first

    private readonly Process _process;

    private DemoProcess(Process process, Uri address)
    {
        _process = process;
        Address = address;
    }

    public Uri Address { get; }

    /// <summary>Starts the demo of the repository. The current folder must be its root.</summary>
    public static async Task<DemoProcess> StartAsync(string? weights, CancellationToken cancellationToken)
    {
        string[] model = weights is null ? [] : ["--weights", Path.GetFullPath(weights)];
        ProcessStartInfo start = new("dotnet",
            ["run", "-c", "Release", "--project", "samples/Demo", "--", "--port", "0", "--diagnostics", .. model])
        {
            RedirectStandardOutput = true,
        };
        Process process = Process.Start(start) ?? throw new InvalidOperationException("dotnet cannot be started.");
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(Patience);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(late.Token) is { } line)
            {
                if (Printed().Match(line) is { Success: true } printed) return new DemoProcess(process, new Uri(printed.Value));
                await Console.Error.WriteLineAsync(line);
            }

            throw new InvalidOperationException("The demo ended before it printed its address.");
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    [GeneratedRegex(@"http://\S+")]
    private static partial Regex Printed();
}
