using System.Text.Json;
using System.Text.Json.Serialization;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>JSON options of the answers: camel case.</summary>
internal static class DemoJson
{
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };
}
