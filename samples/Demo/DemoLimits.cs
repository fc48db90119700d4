namespace HslEmbeddingZero.Samples.Demo;

/// <summary>What a request may ask for, and how many may ask at once. Everything beyond is refused with its reason.</summary>
internal sealed record DemoLimits
{
    /// <summary>Bytes whose features are asked for at once.</summary>
    public int InputBytes { get; init; } = 4096;

    /// <summary>UTF-8 bytes of a prompt: about what a model of text is trained to look back on.</summary>
    public int PromptBytes { get; init; } = 512;

    /// <summary>Bytes of a request to generate: a prompt in which every byte is a six-character escape, and the numbers.</summary>
    public int RequestBytes => 6 * PromptBytes + 1024;

    /// <summary>Bytes to generate. Streams of training are at most 539 bytes long, and a prompt's last bytes begin the stream.</summary>
    public int GeneratedBytes { get; init; } = 448;

    /// <summary>Highest temperature: beyond it every byte is as good as equally likely.</summary>
    public double Temperature { get; init; } = 5;

    /// <summary>Time for one generation, however slow the machine.</summary>
    public TimeSpan GenerationTime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Generations at once. Each uses one core.</summary>
    public int Generations { get; init; } = Math.Clamp(Environment.ProcessorCount, 1, 4);

    /// <summary>Generations that wait for their turn.</summary>
    public int WaitingGenerations { get; init; } = 8;

    /// <summary>Feature requests at once.</summary>
    public int Features { get; init; } = 2 * Environment.ProcessorCount;

    /// <summary>Feature requests that wait for their turn.</summary>
    public int WaitingFeatures { get; init; } = 64;

    /// <summary>Open connections.</summary>
    public int Connections { get; init; } = 512;
}
