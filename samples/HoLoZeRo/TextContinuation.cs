using System.Runtime.CompilerServices;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// Continues a text of any length. The model has only seen streams of up to 539 bytes, so after a part of that size what has been written
/// becomes the text to continue.
/// </summary>
internal static class TextContinuation
{
    private const int PartBytes = 448;

    /// <summary>Bytes as they come, until there are enough or the model ends the document; the same for the same seed.</summary>
    public static async IAsyncEnumerable<byte> ContinueAsync(
        ByteLanguageModel model, byte[] prompt, int count, SamplingOptions sampling, [EnumeratorCancellation] CancellationToken cancellation)
    {
        List<byte> text = [.. prompt];
        for (int written = 0; written < count;)
        {
            int wanted = Math.Min(PartBytes, count - written);
            int came = 0;
            using ByteGenerator generator = ByteGenerator.ForText(model, text.ToArray());
            // Each part draws from a stream of its own; the first from that of the seed.
            await foreach (byte value in generator.GenerateAsync(wanted, sampling with { Seed = sampling.Seed ^ written }, cancellation).ConfigureAwait(false))
            {
                text.Add(value);
                came++;
                yield return value;
            }

            if (came < wanted) yield break;
            written += came;
        }
    }
}
