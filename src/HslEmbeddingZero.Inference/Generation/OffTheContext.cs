using System.Runtime.CompilerServices;

namespace HslEmbeddingZero;

/// <summary>Returns computed items asynchronously.</summary>
internal static class OffTheContext
{
    /// <summary>
    /// Computes each item on the caller's thread, without a thread switch. If that thread belongs to a user interface or to another context
    /// that must not wait, a thread of the pool computes the item.
    /// </summary>
    public static async IAsyncEnumerable<T> RunAsync<T>(
        Func<CancellationToken, IEnumerable<T>> source, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using IEnumerator<T> items = source(cancellationToken).GetEnumerator();
        while (true)
        {
            bool mustNotWait = SynchronizationContext.Current is not null || TaskScheduler.Current != TaskScheduler.Default;
            bool more = mustNotWait ? await Task.Run(items.MoveNext, cancellationToken).ConfigureAwait(false) : items.MoveNext();
            if (!more) yield break;
            yield return items.Current;
        }
    }
}
