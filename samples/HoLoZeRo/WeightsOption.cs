using System.CommandLine;

namespace HslEmbeddingZero.Samples;

/// <summary>--weights: the model file to use, by default the small model that comes with the sample.</summary>
internal static class WeightsOption
{
    private const string Shipped = "holo-zero-small.safetensors";

    public static Option<FileInfo> Create() => new("--weights")
    {
        Description = "Model file that train wrote; the small model that comes with the sample where not given.",
        DefaultValueFactory = _ => new FileInfo(Path.Combine(AppContext.BaseDirectory, "weights", Shipped)),
    };
}
