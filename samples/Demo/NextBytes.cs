namespace HslEmbeddingZero.Samples.Demo;

/// <summary>The most likely ids of a distribution, most likely first.</summary>
internal static class NextBytes
{
    /// <summary>Ids told.</summary>
    public const int Count = 12;

    /// <summary>Probabilities before temperature, top-k and top-p, over every id that can come: all but MASK.</summary>
    public static NextByte[] Of(ReadOnlySpan<float> logits)
    {
        double[] weights = new double[logits.Length];
        double highest = double.NegativeInfinity;
        for (int id = 0; id < logits.Length; id++)
            if (id != ByteIds.Mask) highest = Math.Max(highest, logits[id]);
        for (int id = 0; id < logits.Length; id++)
            weights[id] = id == ByteIds.Mask ? 0 : Math.Exp(logits[id] - highest);
        double total = weights.Sum();
        return [.. Enumerable.Range(0, weights.Length).OrderByDescending(id => weights[id]).Take(Count).Select(id => new NextByte(id, weights[id] / total))];
    }
}
