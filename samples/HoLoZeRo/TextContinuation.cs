using System.Runtime.CompilerServices;

namespace HslEmbeddingZero.Samples;

/// <summary>Continues a text as the model was trained to.</summary>
internal static class TextContinuation
{
    public static async IAsyncEnumerable<byte> ContinueAsync(
        ByteLanguageModel model, byte[] prompt, int count, SamplingOptions sampling, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using ByteGenerator generator = new(model, [.. prompt.Select(value => (short)value)]);
        await foreach (byte value in generator.GenerateAsync(count, sampling, cancellation).ConfigureAwait(false)) yield return value;
    }
}
