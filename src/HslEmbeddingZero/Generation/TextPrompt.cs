namespace HslEmbeddingZero;

/// <summary>
/// How a text is presented that is to be continued: its last bytes begin the stream, those before fill whole slots. A slot says what its
/// bytes are, but the next byte leans on the spelling of the last ones, which single positions tell best; and a half-filled slot would
/// show the model 0x00 bytes that the text does not have.
/// </summary>
internal static class TextPrompt
{
    /// <summary>
    /// Bytes that begin the stream. Probed on held-out text with early states of the small model: 4 to 64 were equally good within 0.03
    /// bits a byte, and none at all cost each of the first bytes after the prompt 0.3.
    /// </summary>
    public const int StreamBytes = 32;

    /// <summary>As many bytes of context as models of text are trained with; older ones are left out.</summary>
    public const int MostContext = 512;

    public static (short[] Context, short[] Stream) Present(ReadOnlySpan<byte> prompt, int bytesPerSlot, int contextBytes = MostContext)
    {
        if (prompt.IsEmpty) return ([], [ByteIds.EndOfSequence]); // A document ended; the next one begins.
        int before = Math.Max(0, prompt.Length - StreamBytes);
        int contextEnd = before - before % bytesPerSlot;
        int contextLength = Math.Min(contextEnd, contextBytes - contextBytes % bytesPerSlot);
        return (Ids(prompt.Slice(contextEnd - contextLength, contextLength)), Ids(prompt[contextEnd..]));
    }

    public static short[] Ids(ReadOnlySpan<byte> bytes)
    {
        short[] ids = new short[bytes.Length];
        for (int i = 0; i < ids.Length; i++) ids[i] = bytes[i];
        return ids;
    }
}
