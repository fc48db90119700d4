namespace HslEmbeddingZero;

/// <summary>
/// How a text is presented that is to be continued: its last bytes begin the stream, those before fill whole slots. A slot says what its
/// bytes are, but the next byte leans on the spelling of the last ones, which single positions tell best; and a half-filled slot would
/// show the model 0x00 bytes that the text does not have.
/// </summary>
internal static class TextPrompt
{
    /// <summary>
    /// Bytes that begin the stream. On held-out text 16 to 64 are about equally good; against none, the first bytes after the prompt cost
    /// 0.2 to 0.3 bits less each.
    /// </summary>
    private const int StreamBytes = 32;

    /// <summary>As many bytes of context as models of text are trained with; older ones are left out.</summary>
    private const int MostContext = 512;

    public static (short[] Context, short[] Stream) Present(ReadOnlySpan<byte> prompt, int bytesPerSlot)
    {
        if (prompt.IsEmpty) return ([], [ByteIds.EndOfSequence]); // A document ended; the next one begins.
        int before = Math.Max(0, prompt.Length - StreamBytes);
        int contextEnd = before - before % bytesPerSlot;
        int contextLength = Math.Min(contextEnd, MostContext - MostContext % bytesPerSlot);
        return (Ids(prompt.Slice(contextEnd - contextLength, contextLength)), Ids(prompt[contextEnd..]));
    }

    private static short[] Ids(ReadOnlySpan<byte> bytes) => Array.ConvertAll(bytes.ToArray(), value => (short)value);
}
