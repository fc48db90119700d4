using System.Runtime.InteropServices;
using System.Text;

namespace HslEmbeddingZero;

/// <summary>
/// Continues texts to any length. A model knows only streams as long as those of its training. So generation works in parts of that length,
/// and after each part the text so far becomes the prompt.
/// </summary>
public static class TextGeneration
{
    /// <summary>Continues a text and returns what comes after it.</summary>
    /// <param name="model">The model; a <c>ByteLanguageModel</c> in evaluation mode.</param>
    /// <param name="prompt">The text. The model does not see bytes before the context. An empty text begins a document.</param>
    /// <param name="count">Maximum bytes, 0 or more; a UTF-8 character has 1 to 4 bytes.</param>
    /// <param name="options">How to draw and where to stop; the defaults when null.</param>
    /// <param name="cancellationToken">Stops the generation between two bytes.</param>
    /// <returns>The continuation, without the prompt. Invalid UTF-8 becomes U+FFFD.</returns>
    /// <exception cref="ArgumentException">The model cannot generate now (training mode), or an option is out of its range.</exception>
    /// <exception cref="NotFiniteNumberException">The model gave a logit that is NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static string GenerateText(
        this IByteModel model, string prompt, int count, GenerationOptions? options = null,
        CancellationToken cancellationToken = default) =>
        Encoding.UTF8.GetString([.. Generate(model, Encoding.UTF8.GetBytes(prompt), count, options, cancellationToken)]);

    /// <summary>Continues a text and returns whole characters, each as soon as it is complete.</summary>
    /// <inheritdoc cref="GenerateText" path="/param"/>
    /// <returns>Pieces of one character or more, without the prompt. Invalid UTF-8 becomes U+FFFD.</returns>
    /// <exception cref="ArgumentException">The model cannot generate now (training mode), or an option is out of its range.</exception>
    /// <exception cref="NotFiniteNumberException">The model gave a logit that is NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static IAsyncEnumerable<string> GenerateTextAsync(
        this IByteModel model, string prompt, int count, GenerationOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(prompt);
        RequireArguments(model, count, options);
        return OffTheContext.RunAsync(token => Characters(Generate(model, bytes, count, options, token)), cancellationToken);
    }

    /// <summary>Continues bytes and returns each as soon as it is drawn.</summary>
    /// <param name="model">The model; a <c>ByteLanguageModel</c> in evaluation mode.</param>
    /// <param name="prompt">The bytes. The model does not see bytes before the context. An empty prompt begins a document.</param>
    /// <param name="count">Maximum bytes, 0 or more.</param>
    /// <param name="options">How to draw and where to stop; the defaults when null.</param>
    /// <param name="cancellationToken">Stops the generation between two bytes.</param>
    /// <returns>
    /// The bytes after the prompt, until the count is reached, the model ends the document, or a stop sequence is complete.
    /// </returns>
    /// <exception cref="ArgumentException">The model cannot generate now (training mode), or an option is out of its range.</exception>
    /// <exception cref="NotFiniteNumberException">The model gave a logit that is NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static IEnumerable<byte> Generate(
        this IByteModel model, ReadOnlyMemory<byte> prompt, int count, GenerationOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        RequireArguments(model, count, options);
        return Continue(model, prompt, count, options ?? new GenerationOptions(), cancellationToken);
    }

    /// <summary>
    /// Continues bytes and returns each as soon as it is drawn, without blocking a thread that has a synchronization context.
    /// </summary>
    /// <inheritdoc cref="Generate"/>
    public static IAsyncEnumerable<byte> GenerateAsync(
        this IByteModel model, ReadOnlyMemory<byte> prompt, int count, GenerationOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        RequireArguments(model, count, options);
        return OffTheContext.RunAsync(token => Generate(model, prompt, count, options, token), cancellationToken);
    }

    /// <summary>Whole characters, each as soon as its last byte is drawn.</summary>
    internal static IEnumerable<string> Characters(IEnumerable<byte> bytes)
    {
        Decoder decoder = Encoding.UTF8.GetDecoder();
        byte[] one = new byte[1];
        char[] characters = new char[4];
        int length;
        foreach (byte value in bytes)
        {
            one[0] = value;
            length = decoder.GetChars(one, characters, flush: false);
            if (length > 0) yield return new string(characters, 0, length);
        }

        length = decoder.GetChars([], characters, flush: true);
        if (length > 0) yield return new string(characters, 0, length);
    }

    private static IEnumerable<byte> Continue(
        IByteModel model, ReadOnlyMemory<byte> prompt, int count, GenerationOptions options, CancellationToken cancellationToken)
    {
        List<byte> text = [.. prompt.Span];
        StopFilter stops = new(options.StopSequences);
        List<byte> released = [];
        int part = options.StreamBytes - TextPrompt.StreamBytes;
        bool isEnded = false;
        for (int written = 0; written < count && !isEnded;)
        {
            int wanted = Math.Min(part, count - written), came = 0;
            using IByteGenerator generator = model.CreateTextGenerator(CollectionsMarshal.AsSpan(text), options.ContextBytes);
            // Each part has its own seed; the first part has the given one.
            GenerationOptions drawing = options with { Seed = options.Seed ^ written, StopSequences = [] };
            foreach (byte value in generator.Generate(wanted, drawing, cancellationToken))
            {
                text.Add(value);
                came++;
                isEnded = stops.Add(value, released);
                foreach (byte free in released) yield return free;
                released.Clear();
                if (isEnded) yield break;
            }

            isEnded = came < wanted;
            written += came;
        }

        stops.Complete(released);
        foreach (byte free in released) yield return free;
    }

    private static void RequireArguments(IByteModel model, int count, GenerationOptions? options)
    {
        ArgumentNullException.ThrowIfNull(model);
        model.RequireReady();
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        options?.Validate();
    }
}
