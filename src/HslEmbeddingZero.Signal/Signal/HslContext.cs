namespace HslEmbeddingZero;

/// <summary>
/// The bytes before a piece of a longer input, at most two. Δ² needs the previous byte. The boundary needs one more, because the energy of
/// the previous byte contains that byte's own Δ². The default value means the start of an input.
/// </summary>
/// <param name="Previous">The byte just before the piece, or null at the start of the input.</param>
/// <param name="BeforePrevious">
/// The byte before <paramref name="Previous"/>, or null if <paramref name="Previous"/> is the first byte of the input.
/// </param>
/// <example>
/// <code>
/// HslContext context = default;
/// foreach (byte[] piece in pieces)
/// {
///     HslFeatures.Encode(piece, context, buffer);
///     context = context.After(piece);
/// }
/// </code>
/// </example>
public readonly record struct HslContext(byte? Previous = null, byte? BeforePrevious = null)
{
    /// <summary>The context for the bytes after a piece that itself follows this context.</summary>
    /// <param name="piece">The bytes just read, of any length; an empty piece changes nothing.</param>
    /// <returns>The last two bytes seen so far, or fewer if the input has fewer so far.</returns>
    public HslContext After(ReadOnlySpan<byte> piece) => piece.Length switch
    {
        0 => this,
        1 => new HslContext(piece[0], Previous),
        _ => new HslContext(piece[^1], piece[^2]),
    };

    /// <summary>Checks that the previous byte is set if the byte before it is set.</summary>
    /// <exception cref="ArgumentException">Only <see cref="BeforePrevious"/> is set.</exception>
    internal void Validate(string parameterName)
    {
        if (Previous is null && BeforePrevious is { } before)
            throw new ArgumentException($"The context holds {before} before the previous byte, but no previous byte.", parameterName);
    }
}
