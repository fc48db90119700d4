using System.Diagnostics;
using HslEmbeddingZero.Training;
using static TorchSharp.torch;

namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>
/// A group that measures its sums. Before the sum of a gradient the ranks wait for each other, so that the time in which a rank waits is
/// not counted as time of the exchange.
/// </summary>
internal sealed class TimedGroup(IProcessGroup group) : IProcessGroup
{
    /// <summary>Numbers of a sum from which it is a gradient's. Votes and losses of a step are a few numbers.</summary>
    private const long LeastGradient = 10_000;

    private readonly Tensor _signal = zeros([1], ScalarType.Float32, CPU);
    private ExchangeTimes _times = new();

    public int Rank => group.Rank;

    public int Size => group.Size;

    public void AllReduce(Tensor values, bool inRankOrder = false)
    {
        if (values.numel() < LeastGradient)
        {
            double small = Time(() => group.AllReduce(values, inRankOrder));
            _times = _times with { Small = _times.Small + small };
            return;
        }

        double waiting = Time(() => group.AllReduce(_signal));
        double sum = Time(() => group.AllReduce(values, inRankOrder));
        _times = new()
        {
            Waiting = _times.Waiting + waiting,
            Gradient = _times.Gradient + sum,
            Small = _times.Small,
            GradientBytes = _times.GradientBytes + (values.numel() * values.ElementSize),
        };
    }

    public void Broadcast(Tensor values) => group.Broadcast(values);

    public void Complete() => group.Complete();

    public void Abort() => group.Abort();

    /// <summary>The times since the last call.</summary>
    public ExchangeTimes Take()
    {
        ExchangeTimes times = _times;
        _times = new();
        return times;
    }

    public void Dispose()
    {
        _signal.Dispose();
        group.Dispose();
    }

    private static double Time(Action exchange)
    {
        long start = Stopwatch.GetTimestamp();
        exchange();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}

/// <summary>Milliseconds that one rank spends in exchanges.</summary>
internal sealed record ExchangeTimes
{
    /// <summary>Waiting for the slowest rank, before a gradient's sum.</summary>
    public double Waiting { get; init; }

    /// <summary>The gradient's sum, from when all ranks are there.</summary>
    public double Gradient { get; init; }

    /// <summary>Sums of a few numbers, with the waiting before them.</summary>
    public double Small { get; init; }

    /// <summary>Bytes of the gradient.</summary>
    public double GradientBytes { get; init; }
}
