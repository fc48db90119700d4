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
            if (result.Tokens is not [.., var token]) return;
            string path = token.Value;
            if (Directory.Exists(path)) result.AddError($"--weights {path}: this is a folder; name a model file in it.");
            // A pipe has no length. Its header would have to be read twice.
            else if (File.Exists(path)
                && (new FileInfo(path).Length == 0 || File.ResolveLinkTarget(path, returnFinalTarget: true) is { Exists: false }))
                result.AddError($"--weights {path}: this is an empty file or a pipe; name a model file.");
        });
        return option;
    }
}
