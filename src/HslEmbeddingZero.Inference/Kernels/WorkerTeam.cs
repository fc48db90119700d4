namespace HslEmbeddingZero;

/// <summary>
/// Threads that work on one pass together. All run the same code, each with its own rank, and meet at barriers. A pass takes less than a
/// millisecond, so threads that wait spin for a while before they sleep. After a second without work they end.
/// </summary>
internal sealed class WorkerTeam(int size)
{
    /// <summary>More threads than a pass has work for.</summary>
    public const int MostThreads = 64;

    private const int SpinsBeforeSleep = 2000;
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);

    private readonly Lock _running = new();
    private readonly object _work = new();
    private Action<int>? _body;
    private volatile int _pass; // counts up with every pass
    private int _living, _sleeping;
    private volatile int _arrived, _barrier;

    /// <summary>Threads of a pass, the caller's included.</summary>
    public int Size => size;

    /// <summary>Runs the body once for every rank, rank 0 on this thread. Passes of several callers come one after another.</summary>
    /// <param name="body">The work of a rank. It must not throw, and all ranks must meet at the same barriers.</param>
    public void Run(Action<int> body)
    {
        if (size == 1)
        {
            body(0);
            return;
        }

        lock (_running)
        {
            lock (_work)
            {
                _body = body;
                _pass++;
                for (; _living < size - 1; _living++)
                {
                    int rank = _living + 1, seen = _pass - 1;
                    new Thread(() => Work(rank, seen)) { IsBackground = true, Name = $"byte decoder {rank}" }.Start();
                }

                if (_sleeping > 0) Monitor.PulseAll(_work);
            }

            body(0);
            Meet();
        }
    }

    /// <summary>Waits until all ranks are here.</summary>
    public void Meet()
    {
        if (size == 1) return;
        int barrier = _barrier;
        if (Interlocked.Increment(ref _arrived) == size)
        {
            _arrived = 0;
            _barrier = barrier + 1;
            return;
        }

        SpinWait spin = default;
        while (_barrier == barrier) spin.SpinOnce(sleep1Threshold: -1);
    }

    private void Work(int rank, int seen)
    {
        while (true)
        {
            for (int i = 0; i < SpinsBeforeSleep && _pass == seen; i++) Thread.SpinWait(20);
            lock (_work)
            {
                while (_pass == seen)
                {
                    _sleeping++;
                    bool woken = Monitor.Wait(_work, Idle);
                    _sleeping--;
                    // Ranks end from the highest, so that those that live are always the first ones.
                    if (woken || _pass != seen || rank != _living) continue;
                    _living--;
                    return;
                }

                seen = _pass;
            }

            _body!(rank);
            Meet();
        }
    }
}
