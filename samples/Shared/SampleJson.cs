using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace HslEmbeddingZero.Samples;

/// <summary>JSON options of the samples: camel case, enums by name, letters of all languages unescaped, NaN as "NaN".</summary>
internal static partial class SampleJson
{
    public static JsonSerializerOptions Line { get; } = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>The same options, indented for readers.</summary>
    public static JsonSerializerOptions Indented { get; } = new(Line) { WriteIndented = true, NewLine = "\n" };

    /// <summary>What is wrong with a text, and where, without the names of the program's types.</summary>
    public static string Describe(JsonException error) => Types().Replace(error.Message, match =>
        match.Groups["kind"].Success ? "is of the wrong kind." : match.Groups["missing"].Success ? "There is no" : "");

    [GeneratedRegex(
        @"(?<kind>could not be converted to \S+(?: \S+\])?\.(?= |$))|(?<missing>JSON deserialization for type '[^']*' was missing required "
            + @"properties including:)| to any \.NET member contained in type '[^']*'| encountered during deserialization of type '[^']*'"
            + @"| on type '[^']*'",
        RegexOptions.CultureInvariant)]
    private static partial Regex Types();
}
