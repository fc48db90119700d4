namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>The body that body=quick or body=paper names, without dropout.</summary>
internal static class BodyOption
{
    public static ByteTransformerOptions Of(string body) =>
        body == "quick" ? new() { Dim = 256, Layers = 2, Heads = 4, Dropout = 0 } : new() { Dropout = 0 };
}
