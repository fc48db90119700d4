namespace HslEmbeddingZero.Samples.Demo;

/// <summary>One line of the response to a generation request.</summary>
/// <param name="Byte">The byte drawn; null in the last line.</param>
/// <param name="Next">The likeliest bytes at this position; in the last line, those after the last byte.</param>
/// <param name="End">Why the generation ended; null before the last line.</param>
internal sealed record GenerationLine(byte? Byte, NextByte[] Next, GenerationEnd? End = null);
