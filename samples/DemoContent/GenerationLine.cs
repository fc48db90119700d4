using System.Text.Json;
using System.Text.Json.Serialization;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>One line of the response to a generation request.</summary>
/// <param name="Byte">The byte drawn; null in the last line.</param>
/// <param name="Next">The likeliest bytes at this position; in the last line, those after the last byte.</param>
/// <param name="End">Why the generation ended; null before the last line.</param>
internal sealed record GenerationLine(byte? Byte, NextByte[] Next, GenerationEnd? End = null)
{
    /// <summary>The line as JSON, in UTF-8.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, GenerationJson.Default.GenerationLine);
}

/// <summary>The JSON form of the lines, generated at build time: a trimmed program has no reflection for it.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(GenerationLine))]
internal sealed partial class GenerationJson : JsonSerializerContext;
