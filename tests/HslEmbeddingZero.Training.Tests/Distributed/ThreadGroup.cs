using System.Runtime.ExceptionServices;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Distributed;

/// <summary>A group whose ranks are threads of this process. A rank that fails ends the others, as a launcher does.</summary>
internal sealed class ThreadGroup : IProcessGroup
{
    private readonly Shared _shared;

    private ThreadGroup(Shared shared, int rank) => (_shared, Rank) = (shared, rank);

    public int Rank { get; }

    public int Size => _shared.Tensors.Length;

    /// <summary>Calls of this rank so far.</summary>
    public int Calls { get; private set; }

    /// <summary>Runs an action on every rank, and returns the results in the order of the ranks.</summary>
    /// <exception cref="Exception">The first failure of a rank, unless it is only the end of another rank.</exception>
    public static T[] Run<T>(int size, Func<ThreadGroup, T> action)
    {
        (T?[] results, Exception?[] failures) = Try(size, action);
        Exception? failure = Array.Find(failures, e => e is not (null or OtherRankFailedException))
            ?? Array.Find(failures, e => e is not null);
        if (failure is not null) ExceptionDispatchInfo.Throw(failure);
        return results!;
    }

    /// <summary>Runs an action on every rank, and returns what each rank returned or threw.</summary>
    public static (T?[] Results, Exception?[] Failures) Try<T>(int size, Func<ThreadGroup, T> action)
    {
        Shared shared = new(size);
        var results = new T?[size];
        var failures = new Exception?[size];
        Thread[] threads = [.. Enumerable.Range(0, size).Select(rank => new Thread(() =>
        {
            try
            {
                results[rank] = action(new ThreadGroup(shared, rank));
            }
            catch (Exception failure)
            {
                failures[rank] = failure;
            }
            finally
            {
                shared.Leave();
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        return (results, failures);
    }

    public void AllReduce(Tensor values, bool inRankOrder = false)
    {
        using IDisposable quiet = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor[] all = Exchange(values);
        if (!all.All(other => other.dtype == values.dtype && other.numel() == values.numel()))
            throw new InvalidOperationException("The ranks pass different tensors.");
        // Without an order, a library may take any. This one is not that of the ranks.
        Tensor[] order = inRankOrder ? all : [.. all.Reverse()];
        Tensor sum = order[0].clone();
        foreach (Tensor other in order[1..]) sum.add_(other);
        _shared.Meet(); // nobody writes before all have read
        values.copy_(sum);
        _shared.Meet();
    }

    public void Broadcast(Tensor values)
    {
        using IDisposable quiet = no_grad();
        Tensor[] all = Exchange(values);
        if (all[0].numel() != values.numel() || all[0].dtype != values.dtype)
            throw new InvalidOperationException("The ranks pass different tensors.");
        if (Rank > 0) values.copy_(all[0]);
        _shared.Meet();
    }

    public void Complete() => _shared.Meet();

    public void Abort() => throw new NotSupportedException();

    public void Dispose()
    {
    }

    private Tensor[] Exchange(Tensor values)
    {
        Calls++;
        _shared.Tensors[Rank] = values;
        _shared.Meet();
        return [.. _shared.Tensors!];
    }

    private sealed class Shared(int size)
    {
        private readonly object _lock = new();
        private int _arrived;
        private int _meetings;
        private bool _hasLost;

        public Tensor?[] Tensors { get; } = new Tensor?[size];

        /// <summary>Waits for all ranks.</summary>
        public void Meet()
        {
            lock (_lock)
            {
                int meeting = _meetings;
                if (++_arrived == size)
                {
                    _arrived = 0;
                    _meetings++;
                    Monitor.PulseAll(_lock);
                    return;
                }

                while (meeting == _meetings && !_hasLost) Monitor.Wait(_lock);
                if (meeting == _meetings) throw new OtherRankFailedException();
            }
        }

        /// <summary>A rank has ended. No later meeting takes place.</summary>
        public void Leave()
        {
            lock (_lock)
            {
                _hasLost = true;
                Monitor.PulseAll(_lock);
            }
        }
    }
}

internal sealed class OtherRankFailedException() : Exception("Another rank has ended.");
