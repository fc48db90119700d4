using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>So many requests at once, so many more that wait their turn, oldest first; any other is refused.</summary>
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
