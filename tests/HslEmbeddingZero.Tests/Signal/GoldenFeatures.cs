using System.Text.Json;
using System.Text.Json.Serialization;

namespace HslEmbeddingZero.Tests.Signal;

/// <summary>The reference outputs in Golden/hsl-features.json and the frozen table in Golden/control-tables.json.</summary>
internal sealed record GoldenFeatures(
    [property: JsonPropertyName("feature_names_27")] string[] Names,
    [property: JsonPropertyName("feature_names_35")] string[] FullNames,
    [property: JsonPropertyName("cases")] GoldenCase[] Cases)
{
    private static readonly Lazy<GoldenFeatures> _instance = new(() => Read<GoldenFeatures>("hsl-features.json"));

    public static GoldenFeatures Instance => _instance.Value;

    public static GoldenCase Case(string name) => Instance.Cases.Single(golden => golden.Name == name);

    public static float[] ReadValueTable() => Read<ControlTables>("control-tables.json").ValueTable;

    private static T Read<T>(string file)
    {
        using FileStream stream = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Golden", file));
        return JsonSerializer.Deserialize<T>(stream)!;
    }

    private sealed record ControlTables([property: JsonPropertyName("value_lut")] float[] ValueTable);
}

internal sealed record GoldenCase(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("bytes_base64")] byte[] Bytes,
    [property: JsonPropertyName("length")] int Length,
    [property: JsonPropertyName("delta")] int[] Delta,
    [property: JsonPropertyName("delta2")] int[] Delta2,
    [property: JsonPropertyName("boundary")] float[] Boundary,
    [property: JsonPropertyName("features27")] GoldenMatrix Features,
    [property: JsonPropertyName("features35")] GoldenMatrix FullFeatures,
    [property: JsonPropertyName("features27_momentum")] GoldenMatrix MomentumFeatures,
    [property: JsonPropertyName("phase")] float[] Phase);

internal sealed record GoldenMatrix(
    [property: JsonPropertyName("shape")] int[] Shape,
    [property: JsonPropertyName("row_major")] float[] RowMajor);
