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

    /// <summary>
    /// Throws what <see cref="CreateGenerator"/> would throw now, whatever the ids. Methods that make a generator later call it first, so
    /// that an error comes at the call. A model that can always generate needs no own implementation.
    /// </summary>
    /// <exception cref="ArgumentException">The model cannot generate now, for example because it is in training mode.</exception>
    void RequireReady()
    {
    }
}
