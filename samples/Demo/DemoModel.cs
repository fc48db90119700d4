using System.Globalization;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>The model that continues bytes, and its description from the file.</summary>
/// <param name="Decoder">The model. Every generation has a generator of its own over its weights.</param>
/// <param name="Description">What the page says about it.</param>
internal sealed record DemoModel(ByteDecoder Decoder, ModelDescription Description)
{
    private const string Weights = "holo-zero-small.safetensors";

    /// <summary>Path of the model file: the requested one, or the one that comes with the program; null where there is none.</summary>
    public static string? Find(FileInfo? asked) => asked?.FullName ?? Shipped(Weights);

    /// <summary>Path of a model file that comes with the program; null where there is none.</summary>
    public static string? Shipped(string name)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "weights", name);
        return File.Exists(path) ? path : null;
    }

    /// <summary>Reads a model file.</summary>
    /// <exception cref="IOException">The file cannot be read or holds no model.</exception>
    public static DemoModel Load(string path)
    {
        // One thread for a byte: parallel generations use the other cores.
        var decoder = ByteDecoder.Load(path);
        return new DemoModel(decoder, Describe(decoder, path));
    }

    private static ModelDescription Describe(ByteDecoder decoder, string path) => new(
        decoder.Metadata.GetValueOrDefault("name") ?? Path.GetFileName(path),
        int.TryParse(decoder.Metadata.GetValueOrDefault("step"), NumberStyles.None, CultureInfo.InvariantCulture, out int steps)
            ? steps : null,
        decoder.ParameterCount,
        decoder.Arm,
        decoder.DoorParameterCount,
        decoder.Ngrams?.Orders,
        decoder.Ngrams?.Columns,
        decoder.BytesPerSlot,
        decoder.Body.Dim,
        decoder.Body.Layers);
}
