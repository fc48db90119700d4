namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Classifies bytes.</summary>
internal static class ByteKinds
{
    /// <summary>Returns the ASCII kind, or the role in a UTF-8 sequence.</summary>
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

/// <summary>The kind of a byte.</summary>
internal enum ByteKind
{
    /// <summary>ASCII below the space, and DEL.</summary>
    Control,

    /// <summary>The space, and all printable ASCII bytes except letters and digits.</summary>
    Punctuation,

    Digit,
    Upper,
    Lower,

    /// <summary>First byte of a UTF-8 sequence of several bytes.</summary>
    Lead,

    /// <summary>Any later byte of such a sequence.</summary>
    Continuation,

    /// <summary>Never in valid UTF-8.</summary>
    Other,
}
