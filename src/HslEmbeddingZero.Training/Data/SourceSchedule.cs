namespace HslEmbeddingZero.Training;

/// <summary>
/// The source of each micro-batch: a fixed schedule that follows the weights as closely as whole numbers can. Take N sources and the first
/// n micro-batches, for any n. The count of each source is within (N - 1)/2 of its share of n (within 1/2 for N = 2, within 1 for N = 3).
/// </summary>
/// <remarks>
/// The first source takes the places where round(n·share) steps up, as in drawing a line with pixels. The second source takes its places by
/// the same rule among those that are left, and so on. The cost is the same at any index.
/// </remarks>
internal sealed class SourceSchedule
{
    /// <summary>For each source: its weight divided by the sum of its own and all later weights.</summary>
    private readonly double[] _shares;

    /// <summary>The last source with a weight above 0. It takes what the other sources leave.</summary>
    private readonly int _last;

    public SourceSchedule(IReadOnlyList<double> weights)
    {
        _shares = [.. weights.Select((weight, i) => weights.Skip(i).Sum() is > 0 and var rest ? weight / rest : 0)];
        _last = Array.FindLastIndex(_shares, share => share > 0);
        if (!(weights.Sum() is > 0 and < double.PositiveInfinity))
            throw new ArgumentException($"The weights' sum is {weights.Sum()}; it must be above 0 and finite.", nameof(weights));
    }

    /// <summary>The source of a micro-batch, and how many micro-batches of that source come before it.</summary>
    public (int Source, long Earlier) At(long microBatch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(microBatch);
        long place = microBatch; // among the micro-batches that the earlier sources have left
        for (int source = 0; ; source++)
        {
            if (source == _last) return (source, place);
            long taken = Rounded(place, _shares[source]);
            if (Rounded(place + 1, _shares[source]) > taken) return (source, taken);
            place -= taken;
        }
    }

    private static long Rounded(long index, double share) => (long)Math.Floor((index * share) + 0.5);
}
