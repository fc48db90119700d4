namespace HslEmbeddingZero.Samples.Demo;

/// <summary>What a byte usually is.</summary>
internal enum ByteKind
{
    /// <summary>ASCII below the space, and DEL.</summary>
    Control,

    /// <summary>The space and every printable ASCII byte that is no letter and no digit.</summary>
    Punctuation,

    Digit,
    Upper,
    Lower,

    /// <summary>First of a UTF-8 sequence of several bytes.</summary>
    Lead,

    /// <summary>Any other of such a sequence.</summary>
    Continuation,

    /// <summary>Never in valid UTF-8.</summary>
    Other,
}
