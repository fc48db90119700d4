namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Limits of what the page may ask for. Everything beyond is refused with a reason.</summary>
internal record InputLimits
{
    /// <summary>Most bytes of a feature request.</summary>
    public int InputBytes { get; init; } = 4096;

    /// <summary>Most UTF-8 bytes of a prompt: about the context length that a text model is trained on.</summary>
    public int PromptBytes { get; init; } = 512;

    /// <summary>Most bytes to generate. Training streams have at most 539 bytes, and the last bytes of a prompt begin the stream.</summary>
    public int GeneratedBytes { get; init; } = 448;

    /// <summary>Most UTF-8 bytes of a text whose sentences become facts for one question.</summary>
    public int TextBytes { get; init; } = 64 << 10;

    /// <summary>Highest temperature. Above it, all bytes are almost equally likely.</summary>
    public double Temperature { get; init; } = 5;
}
