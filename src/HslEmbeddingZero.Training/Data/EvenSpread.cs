namespace HslEmbeddingZero.Training;

/// <summary>Chooses evenly spread places.</summary>
internal static class EvenSpread
{
    /// <summary>
    /// At most <paramref name="wanted"/> of the places 0 to <paramref name="available"/> - 1, in ascending order. The range is divided into
    /// equal parts, and the middle of each part is chosen.
    /// </summary>
    public static IEnumerable<long> Places(int wanted, long available)
    {
        int count = (int)Math.Min(wanted, available);
        return Enumerable.Range(0, count).Select(i => ((2L * i) + 1) * available / (2L * count));
    }
}
