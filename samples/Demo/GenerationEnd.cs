namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Why a generation ended.</summary>
internal enum GenerationEnd
{
    /// <summary>The requested number of bytes is generated.</summary>
    Length,

    /// <summary>The model ended the document.</summary>
    Document,

    /// <summary>The time limit of a generation was reached.</summary>
    Time,

    /// <summary>The server stops.</summary>
    Stop,
}
