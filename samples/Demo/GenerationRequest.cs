using System.Globalization;
using System.Text;
using System.Text.Json;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>A request to generate: prompt, length and sampling. All but the prompt have defaults.</summary>
internal sealed record GenerationRequest
{
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Text to continue, as UTF-8 bytes; may be empty.</summary>
    public required string Prompt { get; init; }

    /// <summary>Most bytes to generate.</summary>
    public int Length { get; init; } = 200;

    public double Temperature { get; init; } = 0.8;

    public int TopK { get; init; }

    public double TopP { get; init; } = 1;

    public int Seed { get; init; }

    /// <summary>Returns the request and the bytes of its prompt, or a message that says what is wrong.</summary>
    public static (GenerationRequest? Request, byte[] Prompt, string? Fault) Parse(ReadOnlySpan<byte> json, DemoLimits limits)
    {
        GenerationRequest? request;
        try
        {
            request = JsonSerializer.Deserialize<GenerationRequest>(json, DemoJson.Options);
        }
        catch (JsonException error)
        {
            return (null, [], error.Message);
        }

        if (request?.Prompt is null) return (null, [], "prompt must be text.");
        byte[] prompt;
        try
        {
            prompt = Utf8.GetBytes(request.Prompt);
        }
        catch (EncoderFallbackException)
        {
            return (null, [], "prompt holds half of a surrogate pair, which no UTF-8 text does.");
        }

        return (request, prompt, request.FindFault(prompt.Length, limits));
    }

    public GenerationOptions Sampling() => new() { Temperature = Temperature, TopK = TopK, TopP = TopP, Seed = Seed };

    private string? FindFault(int promptBytes, DemoLimits limits)
    {
        if (promptBytes > limits.PromptBytes) return Say($"prompt has {promptBytes} UTF-8 bytes; at most {limits.PromptBytes} are taken.");
        if (Length < 1 || Length > limits.GeneratedBytes) return Say($"length is {Length}; it must be 1 to {limits.GeneratedBytes}.");
        if (!(Temperature >= 0 && Temperature <= limits.Temperature))
            return Say($"temperature is {Temperature}; it must be 0 to {limits.Temperature}.");
        if (TopK is < 0 or > ByteIds.Count) return Say($"topK is {TopK}; it must be 0 (all) to {ByteIds.Count}.");
        if (!(TopP > 0 && TopP <= 1)) return Say($"topP is {TopP}; it must be above 0 and at most 1.");
        if (Seed < 0) return Say($"seed is {Seed}; it must be 0 to {int.MaxValue}.");
        return null;

        static string Say(FormattableString sentence) => sentence.ToString(CultureInfo.InvariantCulture);
    }
}
