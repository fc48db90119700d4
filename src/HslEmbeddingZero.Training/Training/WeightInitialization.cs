using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// Draws every weight from a seed, the body and the door from streams of their own, so that all arms of a comparison start from the same
/// body. Body: normal with deviation 1/√(3·fan-in), the maps back into the residual stream smaller by √(2·layers); biases and gates 0, norms 1.
/// Door: uniform ±1/√fan-in for maps, unit normal for tables, as torch draws them.
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
        foreach ((string name, Tensor weight) in model.Door.named_parameters()) DrawDoor(name, weight, door);
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

    private static void DrawDoor(string name, Tensor weight, Generator random)
    {
        if (name.EndsWith("value_table", StringComparison.Ordinal)) return; // drawn from the arm's own seed
        if (name.StartsWith("table", StringComparison.Ordinal)) weight.normal_(0, 1, random);
        else if (weight.dim() >= 2) weight.uniform_(-1 / Math.Sqrt(weight.shape[1]), 1 / Math.Sqrt(weight.shape[1]), random);
        else weight.fill_(KeptScalar.Zero);
    }
}
