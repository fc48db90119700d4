using System.CommandLine;

namespace HslEmbeddingZero.Samples;

/// <summary>--weights: the model file to use. Default: the small HoLo_ZeRo model in the program's folder.</summary>
internal static class WeightsOption
{
    private const string Shipped = "holo-zero-small.safetensors";

    /// <param name="description">Help text of the option.</param>
    public static Option<FileInfo> Create(string description)
    {
        Option<FileInfo> option = new("--weights")
        {
            Description = description,
            DefaultValueFactory = _ => new FileInfo(Path.Combine(AppContext.BaseDirectory, "weights", Shipped)),
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [.., var token] && FilePath.Misfit(token.Value) is { } misfit)
                result.AddError($"--weights {token.Value}: {misfit}.");
        });
        return option;
    }
}
