namespace HslEmbeddingZero;

/// <summary>
/// What a piece of a longer input must know of the bytes before it: at most two of them. Δ² looks one byte back, and the boundary
/// one byte further, because the energy of the previous byte holds that byte's own Δ². The default value is the start of an input.
/// </summary>
/// <param name="Previous">The byte just before the piece, or null at the start of the input.</param>
/// <param name="BeforePrevious">
/// The byte before <paramref name="Previous"/>, or null where <paramref name="Previous"/> is the input's first.
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
    /// <summary>The context of whatever follows a piece that itself follows this context.</summary>
    /// <param name="piece">The bytes just read, of any length; an empty piece changes nothing.</param>
    /// <returns>The last two bytes seen so far, as far as there are any.</returns>
    public HslContext After(ReadOnlySpan<byte> piece) => piece.Length switch
    {
        0 => this,
        1 => new HslContext(piece[0], Previous),
        _ => new HslContext(piece[^1], piece[^2]),
    };

    /// <summary>Refuses a byte before the previous one without a previous one.</summary>
    /// <exception cref="ArgumentException">Only <see cref="BeforePrevious"/> is set.</exception>
    internal void Validate(string parameterName)
    {
        if (Previous is null && BeforePrevious is { } before)
            throw new ArgumentException($"The context holds {before} before the previous byte, but no previous byte.", parameterName);
    }
}
