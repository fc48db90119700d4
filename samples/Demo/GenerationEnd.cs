namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Why a generation ended.</summary>
internal enum GenerationEnd
{
    /// <summary>There are as many bytes as were asked for.</summary>
    Length,

    /// <summary>The model ended the document.</summary>
    Document,

    /// <summary>The time for one generation was over.</summary>
    Time,
}
