using System.Globalization;
using System.Text.Json;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>The model that continues bytes, and its description from the file.</summary>
/// <param name="Decoder">The model. Every generation has a generator of its own over its weights.</param>
/// <param name="Description">What the page says about it.</param>
internal sealed record DemoModel(ByteDecoder Decoder, ModelDescription Description)
{
    private const string DoorPrefix = "door.";

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
        // One thread for a byte: parallel generations use the other cores.
        var decoder = ByteDecoder.Load(path);
        return new DemoModel(decoder, Describe(decoder, path));
    }

    private static ModelDescription Describe(ByteDecoder decoder, string path)
    {
        IReadOnlyDictionary<string, string> told = decoder.Metadata;
        IReadOnlyDictionary<string, SafetensorsEntry> tensors = SafetensorsHeader.Read(path).Tensors;
        using var door = JsonDocument.Parse(told["door"]);
        int[]? orders = null;
        int? columns = null;
        if (door.RootElement.TryGetProperty("ngrams", out JsonElement ngrams) && ngrams.ValueKind == JsonValueKind.Object)
        {
            orders = [.. ngrams.GetProperty("orders").EnumerateArray().Select(order => order.GetInt32())];
            columns = orders.Length * ngrams.GetProperty("columnsPerOrder").GetInt32();
        }

        return new ModelDescription(
            told.GetValueOrDefault("name") ?? Path.GetFileName(path),
            int.TryParse(told.GetValueOrDefault("step"), NumberStyles.None, CultureInfo.InvariantCulture, out int steps) ? steps : null,
            Count(_ => true),
            door.RootElement.GetProperty("arm").GetString()!,
            Count(name => name.StartsWith(DoorPrefix, StringComparison.Ordinal)),
            orders,
            columns,
            decoder.BytesPerSlot,
            decoder.Body.Dim,
            decoder.Body.Layers);

        // A matrix of int8 numbers has scales beside it, which are no parameters.
        long Count(Func<string, bool> isCounted) => tensors.Values.Where(tensor => isCounted(tensor.Name) && !IsScale(tensor.Name))
            .Sum(tensor => tensor.Shape.Aggregate(1L, (size, dimension) => size * dimension));

        bool IsScale(string name) => name.EndsWith(".weight.scale", StringComparison.Ordinal);
    }
}
