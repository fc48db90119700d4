namespace HslEmbeddingZero.Training;

/// <summary>
/// The layout of a window, which represents half a second of a film in 539 bytes: a 16×16 gray frame, the byte 254, 256 bytes of μ-law
/// sound at 8 kHz mono (32 ms), the byte 254, a caption of 24 UTF-8 bytes padded with spaces, the byte 255.
/// </summary>
/// <remarks>Fields are found by position alone, because payload bytes may equal a separator.</remarks>
public static class WindowRecord
{
    /// <summary>Bytes in a window.</summary>
    public const int Size = 539;

    /// <summary>Offset of the frame.</summary>
    public const int FrameOffset = 0;

    /// <summary>Bytes in the frame: 16 rows of 16 gray pixels.</summary>
    public const int FrameSize = 256;

    /// <summary>Offset of the sound.</summary>
    public const int AudioOffset = FrameOffset + FrameSize + 1;

    /// <summary>Bytes of sound.</summary>
    public const int AudioSize = 256;

    /// <summary>Offset of the caption.</summary>
    public const int CaptionOffset = AudioOffset + AudioSize + 1;

    /// <summary>Bytes of caption.</summary>
    public const int CaptionSize = 24;

    /// <summary>The byte after the frame, at 256, and after the sound, at 513.</summary>
    public const byte FieldSeparator = 254;

    /// <summary>The byte after the caption, at 538.</summary>
    public const byte RecordEnd = 255;

    /// <summary>The frame of a window.</summary>
    /// <param name="window">A whole window.</param>
    public static ReadOnlySpan<byte> Frame(ReadOnlySpan<byte> window) => window.Slice(FrameOffset, FrameSize);

    /// <summary>The sound of a window.</summary>
    /// <param name="window">A whole window.</param>
    public static ReadOnlySpan<byte> Audio(ReadOnlySpan<byte> window) => window.Slice(AudioOffset, AudioSize);

    /// <summary>The caption of a window, padding included.</summary>
    /// <param name="window">A whole window.</param>
    public static ReadOnlySpan<byte> Caption(ReadOnlySpan<byte> window) => window.Slice(CaptionOffset, CaptionSize);

    /// <summary>The first separator that is not in its place, or null if all three are.</summary>
    internal static (int Offset, byte Found, byte Expected)? FindFault(ReadOnlySpan<byte> window)
    {
        foreach ((int offset, byte expected) in Separators)
            if (window[offset] != expected)
                return (offset, window[offset], expected);
        return null;
    }

    private static readonly (int Offset, byte Expected)[] Separators =
    [
        (FrameOffset + FrameSize, FieldSeparator),
        (AudioOffset + AudioSize, FieldSeparator),
        (CaptionOffset + CaptionSize, RecordEnd),
    ];
}
