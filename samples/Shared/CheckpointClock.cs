using System.Diagnostics;

namespace HslEmbeddingZero.Samples;

/// <summary>When a run's next checkpoint is due, by wall time.</summary>
/// <param name="interval">Time between two checkpoints; null: none is ever due.</param>
internal sealed class CheckpointClock(TimeSpan? interval)
{
    private readonly Stopwatch _sinceLast = Stopwatch.StartNew();

    /// <summary>Time until it is due, 0 or less where it is; null for never.</summary>
    public TimeSpan? Remaining => interval - _sinceLast.Elapsed;

    public bool IsDue => Remaining <= TimeSpan.Zero;

    /// <summary>A checkpoint has been written.</summary>
    public void Restart() => _sinceLast.Restart();
}
