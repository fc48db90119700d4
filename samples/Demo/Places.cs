using System.Diagnostics;
using System.Globalization;
using System.Threading.RateLimiting;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>
/// Places for requests that compute. Some run, some wait, oldest first, and all others are refused. A request takes a place when its body
/// is read and checked, and gives it back when its answer is computed. A client that sends or reads slowly therefore holds no place.
/// </summary>
/// <param name="atOnce">Most requests that compute at once.</param>
/// <param name="waiting">Most requests that wait.</param>
/// <param name="patience">Longest wait.</param>
internal sealed class Places(int atOnce, int waiting, TimeSpan patience) : IDisposable
{
    /// <summary>Header that tells the page's developer tools, and load tests, how long a request waited for its place.</summary>
    private const string Timing = "Server-Timing";

    private readonly ConcurrencyLimiter _limiter = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = atOnce,
        QueueLimit = waiting,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    /// <summary>Places for the requests that use a model: they share the cores.</summary>
    public static Places ForModels(DemoLimits limits) => new(limits.Generations, limits.WaitingGenerations, limits.WaitingTime);

    /// <summary>Requests that wait now.</summary>
    public int Waiting => (int)(_limiter.GetStatistics()?.CurrentQueuedCount ?? 0);

    /// <summary>Takes a place, or refuses the request. Dispose the place when the answer is computed.</summary>
    /// <param name="context">The request. A client that disconnects stops waiting at once.</param>
    /// <param name="stopping">Ends the wait when the server stops.</param>
    /// <returns>The place; null if the request has its answer, or if no client is left.</returns>
    public async Task<IDisposable?> TakeAsync(HttpContext context, CancellationToken stopping)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        cancellation.CancelAfter(patience);
        long began = Stopwatch.GetTimestamp();
        RateLimitLease? place = null;
        try
        {
            place = await _limiter.AcquireAsync(1, cancellation.Token);
        }
        catch (OperationCanceledException)
        {
            // The wait is over. The reason decides the answer.
        }

        double milliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        context.Response.Headers[Timing] = string.Create(CultureInfo.InvariantCulture, $"place;dur={milliseconds:F1}");
        if (place is { IsAcquired: true }) return place;
        place?.Dispose();
        if (context.RequestAborted.IsCancellationRequested) return null;
        await (stopping.IsCancellationRequested ? Refusal.Stopping(context) : Refusal.TooMany(context)).ExecuteAsync(context);
        return null;
    }

    public void Dispose() => _limiter.Dispose();
}
