using System.Diagnostics;

namespace HslEmbeddingZero.Training;

/// <summary>
/// Notices that a rank waits for others that hang or are gone. A thread that is inside an exchange cannot be cancelled, so the whole
/// process is ended. The launcher then ends the other ranks, or their own watchdogs do.
/// </summary>
internal sealed class HangWatchdog : IDisposable
{
    /// <summary>Time for work whose usual duration is not known: the start, the first step, a checkpoint.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private const int UsualTimes = 10; // a step may take so many times as long as the longest one before

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    /// <summary>Two checks are further apart where this process, or its machine, stood still. That time is not the others' fault.</summary>
    private static readonly TimeSpan MostBetweenChecks = 2 * Period;

    private readonly Lock _lock = new();
    private readonly Timer _timer;
    private readonly TimeSpan _timeout;
    private readonly Action<string> _end;
    private long _steps;
    private TimeSpan? _longestStep;
    private (string What, TimeSpan Limit)? _watched;
    private TimeSpan _waited;
    private long _lastCheck;

    /// <param name="timeout">The least time after which a step counts as hung.</param>
    /// <param name="end">Ends the process, with a message.</param>
    public HangWatchdog(TimeSpan timeout, Action<string> end)
    {
        (_timeout, _end) = (timeout, end);
        _timer = new(_ => Check(), null, Period, Period);
    }

    /// <summary>
    /// Runs a step of work. The longest one tells how long the next may take. The first one also loads libraries and waits for ranks that
    /// start late, so it counts only until there is a second.
    /// </summary>
    public void WatchStep(string what, Action step)
    {
        TimeSpan took = Watch(what, UsualLimit, step);
        if (++_steps <= 2 || took > _longestStep) _longestStep = took;
    }

    /// <summary>Runs an exchange between two steps.</summary>
    public void WatchExchange(string what, Action exchange) => Watch(what, UsualLimit, exchange);

    /// <summary>Runs work of unknown duration.</summary>
    public void WatchLong(string what, Action work) => Watch(what, Longest(_timeout, Patience), work);

    public void Dispose() => _timer.Dispose();

    /// <summary>Before the first step, nothing is known.</summary>
    private TimeSpan UsualLimit => _longestStep is { } longest
        ? Longest(_timeout, UsualTimes * longest) : Longest(_timeout, Patience);

    private static TimeSpan Longest(TimeSpan first, TimeSpan second) => first > second ? first : second;

    /// <summary>Work inside watched work belongs to it.</summary>
    /// <returns>How long it took.</returns>
    private TimeSpan Watch(string what, TimeSpan limit, Action work)
    {
        long start = Stopwatch.GetTimestamp();
        bool isInner;
        lock (_lock)
        {
            isInner = _watched is not null;
            if (!isInner) (_watched, _waited, _lastCheck) = ((what, limit), TimeSpan.Zero, start);
        }

        try
        {
            work();
        }
        finally
        {
            lock (_lock)
            {
                if (!isInner) _watched = null;
            }
        }

        return Stopwatch.GetElapsedTime(start);
    }

    private void Check()
    {
        if (Debugger.IsAttached) return;
        lock (_lock)
        {
            if (_watched is not (var what, var limit)) return;
            long now = Stopwatch.GetTimestamp();
            TimeSpan between = Stopwatch.GetElapsedTime(_lastCheck, now);
            _lastCheck = now;
            _waited += between < MostBetweenChecks ? between : MostBetweenChecks;
            if (_waited < limit) return;
            _watched = null;
            _end($"{what} took longer than {limit.TotalSeconds:0} s: another rank hangs, or the connection to it is lost.");
        }
    }
}
