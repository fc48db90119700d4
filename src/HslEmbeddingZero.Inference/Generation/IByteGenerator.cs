namespace HslEmbeddingZero;

/// <summary>
/// A sequence of bytes that a model continues. It gives the logits of the next id, and takes the id that was chosen.
/// </summary>
/// <remarks><see cref="ByteGeneration"/> draws bytes from it. A generator is for one thread at a time.</remarks>
public interface IByteGenerator : IDisposable
{
    /// <summary>All ids that were read or accepted, 0..257, in order, the context first. Valid until the next id is accepted.</summary>
    ReadOnlySpan<short> Ids { get; }

    /// <summary>The 258 logits of the next id, all finite. Valid until the next id is accepted.</summary>
    /// <exception cref="NotFiniteNumberException">The model gave a logit that is NaN or infinite.</exception>
    ReadOnlySpan<float> Logits { get; }

    /// <summary>Appends the next id, drawn or given.</summary>
    /// <param name="id">0..257.</param>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside 0..257.</exception>
    void Accept(int id);
}
