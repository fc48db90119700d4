using System.Collections.Concurrent;
using System.Net;

namespace HslEmbeddingZero.DemoLoad;

/// <summary>The results of all clients together.</summary>
internal sealed class Tally
{
    private long _left;
    private long _generatedBytes;

    /// <summary>Answers by request and status.</summary>
    public ConcurrentDictionary<(string Request, HttpStatusCode Status), long> Answers { get; } = [];

    /// <summary>Failures of the connection itself. A server that refuses with a status code never causes them.</summary>
    public ConcurrentDictionary<string, long> BrokenConnections { get; } = [];

    /// <summary>
    /// Milliseconds until the headers of the answer, and those of it that the request waited for a place by the server's own clock, by
    /// request and status.
    /// </summary>
    public ConcurrentBag<(string Request, HttpStatusCode Status, double Milliseconds, double Waited)> Latencies { get; } = [];

    /// <summary>What happened to slow clients.</summary>
    public ConcurrentDictionary<string, long> SlowClients { get; } = [];

    /// <summary>Clients that left in the middle of a stream.</summary>
    public long Left => _left;

    public long GeneratedBytes => _generatedBytes;

    public void Answer(string request, HttpStatusCode status, double milliseconds, double waited)
    {
        Answers.AddOrUpdate((request, status), 1, (_, count) => count + 1);
        Latencies.Add((request, status, milliseconds, waited));
    }

    public void Broken(Exception error) =>
        BrokenConnections.AddOrUpdate($"{error.GetType().Name}: {error.Message}", 1, (_, count) => count + 1);

    public void Slow(string what) => SlowClients.AddOrUpdate(what, 1, (_, count) => count + 1);

    public void Leave() => Interlocked.Increment(ref _left);

    public void Generated() => Interlocked.Increment(ref _generatedBytes);
}
