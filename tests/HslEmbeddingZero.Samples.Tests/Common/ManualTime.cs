namespace HslEmbeddingZero.Samples.Tests.Common;

/// <summary>A clock that a test moves, in steps of a tenth of a second.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly List<ManualTimer> _timers = [];
    private long _now;

    public override long TimestampFrequency => 1000;

    public override long GetTimestamp() => _now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ManualTimer timer = new(callback, state, _now + (long)dueTime.TotalMilliseconds, (long)period.TotalMilliseconds);
        _timers.Add(timer);
        return timer;
    }

    /// <summary>The clock goes on while the process stands still: no timer is called.</summary>
    public void Jump(double seconds) => _now += (long)(seconds * 1000);

    public void Pass(double seconds)
    {
        for (long end = _now + (long)(seconds * 1000); _now < end;)
        {
            _now += 100;
            foreach (ManualTimer timer in _timers) timer.CallIfDue(_now);
        }
    }

    private sealed class ManualTimer(TimerCallback callback, object? state, long due, long period) : ITimer
    {
        private long _due = due;

        public void CallIfDue(long now)
        {
            if (now < _due) return;
            _due = now + period;
            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException();

        public void Dispose() => _due = long.MaxValue;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
