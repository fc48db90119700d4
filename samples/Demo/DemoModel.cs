using System.Globalization;
using System.Text.Json;
using TorchSharp;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>The model that continues bytes, and its description from the file.</summary>
internal sealed class DemoModel : IDisposable
{
    private DemoModel(ByteLanguageModel model, ModelDescription description)
    {
        Model = model;
        Description = description;
    }

    public ByteLanguageModel Model { get; }

    public ModelDescription Description { get; }

    /// <summary>Path of the model file: the requested one, or the first that comes with the program; null where there is none.</summary>
    public static string? Find(FileInfo? asked)
    {
        if (asked is not null) return asked.FullName;
        DirectoryInfo folder = new(Path.Combine(AppContext.BaseDirectory, "weights"));
        return folder.Exists
            ? folder.EnumerateFiles("*.safetensors").OrderBy(file => file.Name, StringComparer.Ordinal).FirstOrDefault()?.FullName : null;
    }

    /// <summary>Reads a model file.</summary>
    /// <exception cref="IOException">The file cannot be read or holds no model.</exception>
    public static DemoModel Load(string path)
    {
        var model = ByteLanguageModel.Load(path);
        IReadOnlyDictionary<string, string> told = Safetensors.ReadHeader(path).Metadata;
        using var door = JsonDocument.Parse(told["door"]);
        // One position is too little work for several cores. Parallel generations use the cores instead.
        torch.set_num_threads(1);
        return new DemoModel(model, new ModelDescription(
            told.GetValueOrDefault("name") ?? Path.GetFileName(path),
            int.TryParse(told.GetValueOrDefault("step"), NumberStyles.None, CultureInfo.InvariantCulture, out int steps) ? steps : null,
            model.parameters().Sum(parameter => parameter.numel()),
            door.RootElement.GetProperty("arm").GetString()!,
            model.Door.LearnedParameters,
            model.Door.Ngrams?.Orders,
            model.Door.Ngrams?.Columns,
            model.Door.BytesPerSlot,
            model.Door.Dim,
            ((ByteTransformer)model.Body).Options.Layers));
    }

    public void Dispose() => Model.Dispose();
}
