using System.Globalization;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Model;

/// <summary>Golden/body-dim64.safetensors: a tiny model's weights, inputs, logits and two gradients.</summary>
internal static class GoldenBody
{
    private const string WeightPrefix = "model.";

    public static ByteTransformerOptions Options => new() { Dim = 64, Layers = 2, Heads = 4, Dropout = 0 };

    private static string FilePath => Path.Combine(AppContext.BaseDirectory, "Golden", "body-dim64.safetensors");

    public static double Loss { get; } = double.Parse(Safetensors.ReadHeader(FilePath).Metadata["loss_nats_per_byte"],
        CultureInfo.InvariantCulture);

    public static long Parameters { get; } = long.Parse(Safetensors.ReadHeader(FilePath).Metadata["parameters"],
        CultureInfo.InvariantCulture);

    public static IReadOnlyDictionary<string, Tensor> Load() => Safetensors.Load(FilePath);

    public static Dictionary<string, Tensor> Weights(IReadOnlyDictionary<string, Tensor> golden) => golden
        .Where(entry => entry.Key.StartsWith(WeightPrefix, StringComparison.Ordinal))
        .ToDictionary(entry => entry.Key[WeightPrefix.Length..], entry => entry.Value);

    /// <summary>The golden model, in evaluation mode.</summary>
    public static ByteLanguageModel Model(IReadOnlyDictionary<string, Tensor> golden, int chunk = 128)
    {
        var model = new ByteLanguageModel(new ZeroDoor(2, 64), new ByteTransformer(Options with { MemoryChunk = chunk }));
        model.LoadWeights(Weights(golden), "golden");
        model.eval();
        return model;
    }

    /// <summary>A tiny model of random weights whose memory gates are open.</summary>
    public static ByteLanguageModel RandomModel(int chunk = 128, double dropout = 0)
    {
        var model = new ByteLanguageModel(new ZeroDoor(2, 64),
            new ByteTransformer(Options with { MemoryChunk = chunk, Dropout = dropout }));
        foreach ((string name, Tensor weight) in model.Weights())
        {
            if (!name.EndsWith("gate", StringComparison.Ordinal)) continue;
            using IDisposable guard = no_grad();
            weight.fill_(0.7);
        }

        model.eval();
        return model;
    }
}
