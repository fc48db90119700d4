using System.CommandLine;

namespace HslEmbeddingZero.Samples;

/// <summary>--weights: the model file to use, by default the small HoLo_ZeRo model, which lies beside the programs that use it.</summary>
internal static class WeightsOption
{
    private const string Shipped = "holo-zero-small.safetensors";

    /// <param name="description">What the program does with it.</param>
    public static Option<FileInfo> Create(string description) => new("--weights")
    {
        Description = description,
        DefaultValueFactory = _ => new FileInfo(Path.Combine(AppContext.BaseDirectory, "weights", Shipped)),
    };
}
