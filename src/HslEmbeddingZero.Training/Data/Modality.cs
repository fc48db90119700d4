namespace HslEmbeddingZero.Training;

/// <summary>The three kinds of sample in the byte mix.</summary>
public enum Modality
{
    /// <summary>512 bytes of context, then the next 256.</summary>
    Text,

    /// <summary>A 539-byte window, then the window half a second later.</summary>
    Video,

    /// <summary>Frame and audio of a window (514 bytes), then its 24-byte caption and the closing 255.</summary>
    Caption,
}
