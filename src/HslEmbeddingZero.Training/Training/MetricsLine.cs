using System.Text.Json.Serialization;

namespace HslEmbeddingZero.Training;

/// <summary>One line of a metrics file. Losses are bits per scored byte; null where nothing was measured.</summary>
internal sealed record MetricsLine(
    long Step,
    double? BitsPerByte,
    double? TextBitsPerByte,
    double? VideoBitsPerByte,
    double? CaptionBitsPerByte,
    double LearningRate,
    double? GradientNorm,
    double BytesPerSecond,
    double Seconds);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MetricsLine))]
internal sealed partial class MetricsJson : JsonSerializerContext;
