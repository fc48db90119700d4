namespace HslEmbeddingZero;

/// <summary>
/// The stream of numpy's legacy <c>RandomState(seed)</c>, value for value: MT19937 seeded by <c>init_genrand</c>, doubles of 53 bits,
/// normal values by the polar method, permutations by Fisher-Yates from the end.
/// </summary>
internal sealed class NumpyRandomState
{
    private readonly MersenneTwister _twister;
    private double? _spare;

    /// <summary>Starts the stream of <c>numpy.random.RandomState(seed)</c>.</summary>
    /// <param name="seed">0 or more; numpy itself accepts seeds up to 2^32 - 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The seed is negative, which numpy refuses too.</exception>
    public NumpyRandomState(int seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(seed);
        _twister = new MersenneTwister((uint)seed);
    }

    /// <summary>The next raw output of the twister.</summary>
    public uint NextUInt32() => _twister.NextUInt32();

    /// <summary>numpy's <c>random_sample()</c>: a multiple of 2^-53 in [0, 1), made of the high 27 and 26 bits of two outputs.</summary>
    public double NextDouble()
    {
        uint high = NextUInt32() >> 5;
        uint low = NextUInt32() >> 6;
        return (high * 67108864.0 + low) / 9007199254740992.0; // (high · 2^26 + low) / 2^53
    }

    /// <summary>numpy's <c>randn()</c>: an accepted point of the polar method gives two values; one is kept for the next call.</summary>
    public double Gaussian()
    {
        if (_spare is { } spare)
        {
            _spare = null;
            return spare;
        }

        while (true)
        {
            double x1 = 2.0 * NextDouble() - 1.0;
            double x2 = 2.0 * NextDouble() - 1.0;
            double squared = x1 * x1 + x2 * x2;
            if (squared is >= 1.0 or 0.0) continue;

            double factor = Math.Sqrt(-2.0 * Math.Log(squared) / squared);
            _spare = factor * x1;
            return factor * x2;
        }
    }

    /// <summary>numpy's <c>permutation(count)</c>: 0 .. count - 1, shuffled.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public int[] Permutation(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        int[] order = [.. Enumerable.Range(0, count)];
        for (int last = count - 1; last > 0; last--)
        {
            int other = (int)Interval((uint)last);
            (order[last], order[other]) = (order[other], order[last]);
        }

        return order;
    }

    /// <summary>
    /// Uniform over 0 .. <paramref name="max"/>: draws outputs, masked to the bits of max, until one does not exceed max.
    /// </summary>
    private uint Interval(uint max)
    {
        uint mask = uint.MaxValue >> System.Numerics.BitOperations.LeadingZeroCount(max);
        uint value;
        do value = NextUInt32() & mask;
        while (value > max);
        return value;
    }
}
