namespace HslEmbeddingZero;

/// <summary>A model of bytes: weights that any number of generators share.</summary>
/// <remarks><see cref="TextGeneration"/> continues texts with it.</remarks>
public interface IByteModel
{
    /// <summary>K, the bytes of the context that one slot holds; 1 or more.</summary>
    int BytesPerSlot { get; }

    /// <summary>Processes a context and the beginning of a stream. The result is ready to predict the next byte.</summary>
    /// <param name="context">Ids of the prefix, 0..257, which become slots of K bytes; may be empty.</param>
    /// <param name="stream">Ids that the stream begins with, 0..257, one position each; may be empty.</param>
    /// <returns>A new generator, which belongs to the caller.</returns>
    /// <exception cref="ArgumentException">The model cannot generate now, for example because it is in training mode.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id outside 0..257.</exception>
    IByteGenerator CreateGenerator(ReadOnlySpan<short> context, ReadOnlySpan<short> stream);

    /// <summary>Computes the logits from which each id of a stream would be drawn, to score it.</summary>
    /// <param name="context">Ids of the prefix, 0..257, which become slots of K bytes; may be empty.</param>
    /// <param name="stream">L ids, 0..257; may be empty.</param>
    /// <param name="logits">
    /// Receives [L, 258] logits, row by row. Row i depends on the context and on the ids before i. They may not be finite.
    /// </param>
    /// <remarks>
    /// Any number of threads may call it at once. A model that reads several positions at once has a faster implementation.
    /// </remarks>
    /// <exception cref="ArgumentException">The model cannot generate now, or <paramref name="logits"/> has another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id outside 0..257.</exception>
    /// <exception cref="NotFiniteNumberException">A logit is NaN or infinite, where the implementation checks it.</exception>
    void Forward(ReadOnlySpan<short> context, ReadOnlySpan<short> stream, Span<float> logits)
    {
        RequireRoom(stream, logits);
        if (stream.IsEmpty) return;
        using IByteGenerator generator = CreateGenerator(context, []);
        for (int i = 0; ; i++)
        {
            generator.Logits.CopyTo(logits[(i * ByteIds.Count)..]);
            if (i + 1 == stream.Length) break;
            generator.Accept(stream[i]);
        }
    }

    /// <summary>
    /// Throws what <see cref="CreateGenerator"/> would throw now, whatever the ids. Methods that make a generator later call it first, so
    /// that an error comes at the call. A model that can always generate needs no own implementation.
    /// </summary>
    /// <exception cref="ArgumentException">The model cannot generate now, for example because it is in training mode.</exception>
    void RequireReady()
    {
    }

    /// <exception cref="ArgumentException">The span has not 258 logits for each id.</exception>
    internal static void RequireRoom(ReadOnlySpan<short> stream, Span<float> logits)
    {
        if (logits.Length != (long)stream.Length * ByteIds.Count)
        {
            throw new ArgumentException(
                $"{logits.Length} logits for {stream.Length} ids; there must be {(long)stream.Length * ByteIds.Count}.", nameof(logits));
        }
    }
}
