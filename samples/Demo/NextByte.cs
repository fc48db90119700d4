namespace HslEmbeddingZero.Samples.Demo;

/// <summary>An id that may come next.</summary>
/// <param name="Id">0 to 255, or 257 for the end of the document.</param>
/// <param name="Probability">0 to 1.</param>
internal readonly record struct NextByte(int Id, double Probability);
