namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>The body that body=quick, body=small (that of HoLoZeRo's weights) or body=paper names, without dropout.</summary>
internal static class BodyOption
{
    public static ByteTransformerOptions Of(string body) => body switch
    {
        "quick" => new() { Dim = 256, Layers = 2, Heads = 4, Dropout = 0 },
        "small" => new() { Dim = 256, Layers = 4, Heads = 4, Dropout = 0 },
        _ => new() { Dropout = 0 },
    };
}
