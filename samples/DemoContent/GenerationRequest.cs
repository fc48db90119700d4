namespace HslEmbeddingZero.Samples.Demo;

/// <summary>A request to generate: prompt, length and sampling. All but the prompt have defaults.</summary>
internal sealed record GenerationRequest
{
    /// <summary>UTF-8 bytes of the text to continue; may be empty.</summary>
    public required byte[] Prompt { get; init; }

    /// <summary>Most bytes to generate.</summary>
    public int Length { get; init; } = 200;

    public double Temperature { get; init; } = 0.8;

    public int TopK { get; init; }

    public double TopP { get; init; } = 1;

    public int Seed { get; init; }

    public GenerationOptions Sampling() => new() { Temperature = Temperature, TopK = TopK, TopP = TopP, Seed = Seed };
}
