using MathNet.Numerics.Random;

namespace HslEmbeddingZero;

/// <summary>Draws ids from logits by temperature, top-k and top-p, deterministically for a seed.</summary>
internal sealed class ByteSampler
{
    private readonly SamplingOptions _options;
    private readonly MersenneTwister _random;

    public ByteSampler(SamplingOptions options)
    {
        options.Validate();
        _options = options;
        _random = new MersenneTwister(options.Seed, threadSafe: false);
    }

    /// <summary>An id, 0 to 255 or EOS. MASK is never drawn.</summary>
    public int Draw(ReadOnlySpan<float> logits)
    {
        int[] order = [.. Enumerable.Range(0, logits.Length)];
        double[] weights = new double[logits.Length];
        for (int i = 0; i < weights.Length; i++) weights[i] = i == ByteIds.Mask ? double.NegativeInfinity : logits[i];
        Array.Sort([.. weights.Select(w => -w)], order); // most likely first; equal ones by id
        if (_options.Temperature == 0) return order[0];

        double highest = weights[order[0]];
        for (int i = 0; i < weights.Length; i++) weights[i] = Math.Exp((weights[i] - highest) / _options.Temperature);
        int allowed = _options.TopK > 0 ? Math.Min(_options.TopK, order.Length) : order.Length;
        double total = order.Take(allowed).Sum(id => weights[id]);
        if (_options.TopP < 1)
        {
            double reached = 0;
            int enough = 0;
            while (enough < allowed && reached < _options.TopP * total) reached += weights[order[enough++]];
            allowed = enough;
            total = reached;
        }

        double draw = _random.NextDouble() * total;
        for (int i = 0; i < allowed; i++)
        {
            draw -= weights[order[i]];
            if (draw < 0) return order[i];
        }

        return order[0]; // rounding at the very end of the last share
    }
}
