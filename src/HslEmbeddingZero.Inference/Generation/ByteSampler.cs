namespace HslEmbeddingZero;

/// <summary>Draws ids from logits with repetition penalty, temperature, top-k and top-p. The same seed gives the same draws.</summary>
internal sealed class ByteSampler
{
    private readonly GenerationOptions _options;
    private readonly MersenneTwister _random;
    private readonly double[] _weights = new double[ByteIds.Count];
    private readonly double[] _keys = new double[ByteIds.Count];
    private readonly int[] _order = new int[ByteIds.Count];

    public ByteSampler(GenerationOptions options)
    {
        options.Validate();
        _options = options;
        _random = new MersenneTwister((uint)options.Seed);
    }

    /// <summary>An id, 0 to 255 or EOS. MASK is never drawn.</summary>
    /// <param name="logits">258 finite logits.</param>
    /// <param name="before">Earlier ids. The repetition penalty uses the last of them.</param>
    public int Draw(ReadOnlySpan<float> logits, ReadOnlySpan<short> before)
    {
        for (int id = 0; id < _weights.Length; id++) _weights[id] = logits[id];
        Penalize(before);
        _weights[ByteIds.Mask] = double.NegativeInfinity;
        if (_options.Temperature == 0) return Array.IndexOf(_weights, _weights.Max());

        for (int id = 0; id < _order.Length; id++) (_keys[id], _order[id]) = (-_weights[id], id);
        Array.Sort(_keys, _order); // most likely first
        double highest = _weights[_order[0]];
        for (int id = 0; id < _weights.Length; id++) _weights[id] = Math.Exp((_weights[id] - highest) / _options.Temperature);
        int allowed = _options.TopK > 0 ? Math.Min(_options.TopK, _order.Length) : _order.Length;
        double total = 0;
        for (int i = 0; i < allowed; i++) total += _weights[_order[i]];
        if (_options.TopP < 1)
        {
            double reached = 0;
            int enough = 0;
            while (enough < allowed && reached < _options.TopP * total) reached += _weights[_order[enough++]];
            allowed = enough;
            total = reached;
        }

        double draw = _random.NextDouble() * total;
        for (int i = 0; i < allowed; i++)
        {
            draw -= _weights[_order[i]];
            if (draw < 0) return _order[i];
        }

        return _order[0]; // only if rounding leaves a remainder after the last id
    }

    private void Penalize(ReadOnlySpan<short> before)
    {
        if (_options.RepetitionPenalty == 1) return;
        Span<bool> seen = stackalloc bool[ByteIds.Count];
        foreach (short id in before[Math.Max(0, before.Length - _options.RepetitionWindow)..]) seen[id] = true;
        for (int id = 0; id < byte.MaxValue + 1; id++) // EOS is not penalized
        {
            if (!seen[id]) continue;
            _weights[id] = _weights[id] > 0 ? _weights[id] / _options.RepetitionPenalty : _weights[id] * _options.RepetitionPenalty;
        }
    }
}
