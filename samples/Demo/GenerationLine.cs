namespace HslEmbeddingZero.Samples.Demo;

/// <summary>One line of a generation's answer.</summary>
/// <param name="Byte">The byte drawn; none in the last line.</param>
/// <param name="Next">What could have come in its place, or, in the last line, what would come next.</param>
/// <param name="End">Why the last line is the last.</param>
internal sealed record GenerationLine(byte? Byte, NextByte[] Next, GenerationEnd? End = null);
