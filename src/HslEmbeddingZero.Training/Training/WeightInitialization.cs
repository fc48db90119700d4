using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// Draws every weight from a seed, the body and the door from streams of their own, so that all arms of a comparison start from the same
/// body. Body: normal with deviation 1/√(3·fan-in), the maps back into the residual stream smaller by √(2·layers); biases and gates 0, norms 1.
/// </summary>
internal static class WeightInitialization
{
    private const ulong DoorStream = 0x9E3779B97F4A7C15;

    public static void Draw(ByteLanguageModel model, int seed)
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        using var body = new Generator((ulong)seed);
        foreach ((string name, Tensor weight) in model.Body.named_parameters()) DrawBody(name, weight, model.Body.Options.Layers, body);

        using var door = new Generator((ulong)seed ^ DoorStream);
        model.Door.DrawWeights(door);
    }

    private static void DrawBody(string name, Tensor weight, int layers, Generator random)
    {
        if (weight.dim() < 2)
        {
            bool isNormScale = name.Contains("norm", StringComparison.Ordinal) && name.EndsWith("weight", StringComparison.Ordinal);
            weight.fill_(isNormScale ? KeptScalar.One : KeptScalar.Zero);
            return;
        }

        bool intoResidual = name.Contains(".proj.", StringComparison.Ordinal) || name.EndsWith("ff.3.weight", StringComparison.Ordinal);
        double deviation = 1 / Math.Sqrt(3.0 * weight.shape[1]);
        weight.normal_(0, intoResidual ? deviation / Math.Sqrt(2.0 * layers) : deviation, random);
    }
}
