namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Tells the kind of a byte.</summary>
internal static class ByteKinds
{
    /// <summary>The kind in ASCII, or the part in a UTF-8 sequence.</summary>
    public static ByteKind Of(byte value) => value switch
    {
        < 0x20 or 0x7F => ByteKind.Control,
        >= (byte)'0' and <= (byte)'9' => ByteKind.Digit,
        >= (byte)'A' and <= (byte)'Z' => ByteKind.Upper,
        >= (byte)'a' and <= (byte)'z' => ByteKind.Lower,
        < 0x80 => ByteKind.Punctuation,
        < 0xC0 => ByteKind.Continuation,
        >= 0xC2 and <= 0xF4 => ByteKind.Lead,
        _ => ByteKind.Other,
    };
}
