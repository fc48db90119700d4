namespace HslEmbeddingZero.Samples.Demo;

/// <summary>The most likely ids of a distribution, most likely first.</summary>
internal static class NextBytes
{
    /// <summary>Number of ids returned.</summary>
    public const int Count = 12;

    /// <summary>Returns the most likely ids, given the probabilities of all ids.</summary>
    public static NextByte[] Of(double[] probabilities) =>
    [
        .. Enumerable.Range(0, probabilities.Length).OrderByDescending(id => probabilities[id]).Take(Count)
            .Select(id => new NextByte(id, probabilities[id])),
    ];
}

/// <summary>An id that may come next.</summary>
/// <param name="Id">0 to 255, or 257 for the end of the document.</param>
/// <param name="Probability">0 to 1.</param>
internal readonly record struct NextByte(int Id, double Probability);
