using System.Diagnostics;
using System.Net.Http.Json;

namespace HslEmbeddingZero.DemoLoad;

/// <summary>The load, with a bounded number of clients. It stops by itself after a bounded time.</summary>
internal sealed class Load(Uri demo, int clients, TimeSpan duration)
{
    private const int EveryWhichIsSlow = 4;
    private const int EveryWhichLeaves = 3;
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(3);

    private readonly Tally _tally = new();
    private readonly List<Sample> _samples = [];
    private readonly long _began = Stopwatch.GetTimestamp();

    public async Task<LoadReport> RunAsync(CancellationToken cancellationToken)
    {
        using HttpClient watcher = new() { BaseAddress = demo, Timeout = TimeSpan.FromSeconds(30) };
        // A client that leaves closes its connection at once, as a browser does.
        using HttpClient http = new(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress = demo };
        await new Client(http, new Tally(), clients, leaves: false).WarmUpAsync(cancellationToken);
        await Task.Delay(Between, cancellationToken);
        Sample before = await LookAsync(watcher, cancellationToken);

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        over.CancelAfter(duration);
        double start = before.Seconds;
        Task[] running = [.. Enumerable.Range(0, clients).Select(number => RunClientAsync(http, number, over.Token))];
        while (!over.IsCancellationRequested)
        {
            await Task.Delay(Between, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _samples.Add(await LookAsync(watcher, cancellationToken));
        }

        await Task.WhenAll(running);
        cancellationToken.ThrowIfCancellationRequested();
        await Task.Delay(Rest, cancellationToken);
        Sample after = await LookAsync(watcher, cancellationToken);
        return new LoadReport(clients, duration, _tally, start, before, _samples, after);
    }

    /// <summary>Of the slow clients, every other one is slow to send, the others are slow to read.</summary>
    private Task RunClientAsync(HttpClient http, int number, CancellationToken over) => number % EveryWhichIsSlow == 0
        ? new SlowClient(demo, _tally, writes: number / EveryWhichIsSlow % 2 == 0).RunAsync(over)
        : new Client(http, _tally, number, leaves: number % EveryWhichLeaves == 0).RunAsync(over);

    private async Task<Sample> LookAsync(HttpClient watcher, CancellationToken cancellationToken)
    {
        Diagnostics told = await watcher.GetFromJsonAsync<Diagnostics>("/api/diagnostics", cancellationToken)
            ?? throw new InvalidOperationException("The demo returned no diagnostics; start it with --diagnostics.");
        return new Sample(Stopwatch.GetElapsedTime(_began).TotalSeconds, told);
    }
}
