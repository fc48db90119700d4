using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Limits running and waiting requests. Waiting requests run oldest first; any more are refused.</summary>
internal static class ConcurrencyPolicy
{
    public static void AddConcurrencyPolicy(this RateLimiterOptions options, string name, int atOnce, int waiting) =>
        options.AddConcurrencyLimiter(name, limiter =>
        {
            limiter.PermitLimit = atOnce;
            limiter.QueueLimit = waiting;
            limiter.QueueProcessingOrder = QueueProcessingOrder.OldestFirst;
        });
}
