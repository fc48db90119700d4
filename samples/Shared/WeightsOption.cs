using System.CommandLine;

namespace HslEmbeddingZero.Samples;

/// <summary>--weights: the model file to use. Default: a small model in the program's folder.</summary>
internal static class WeightsOption
{
    /// <param name="description">Help text of the option.</param>
    /// <param name="shipped">The file in the program's folder that is used by default.</param>
    public static Option<FileInfo> Create(string description, string shipped = "holo-zero-small.safetensors")
    {
        Option<FileInfo> option = new("--weights")
        {
            Description = description,
            DefaultValueFactory = _ => new FileInfo(Path.Combine(AppContext.BaseDirectory, "weights", shipped)),
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [.., var token] && FilePath.Misfit(token.Value) is { } misfit)
                result.AddError($"--weights {token.Value}: {misfit}.");
        });
        return option;
    }
}
