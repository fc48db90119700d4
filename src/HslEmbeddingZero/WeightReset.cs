using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// Draws the initial weights. Values are drawn in float32 on the CPU, so that a seed gives the same values on every device and in every
/// dtype.
/// </summary>
internal static class WeightReset
{
    /// <summary>A linear layer: normal with deviation 1/√(3·fan-in) divided by a divisor, bias 0.</summary>
    public static void Reset(this Linear map, Generator? random, double divisor = 1)
    {
        double deviation = 1 / Math.Sqrt(3.0 * map.weight!.shape[1]);
        map.weight.Draw(values => values.normal_(0, deviation / divisor, random));
        map.bias!.Fill(GcSafeScalar.Zero);
    }

    /// <summary>A norm: scale 1, shift 0.</summary>
    public static void Reset(this LayerNorm norm)
    {
        norm.weight!.Fill(GcSafeScalar.One);
        norm.bias!.Fill(GcSafeScalar.Zero);
    }

    /// <summary>Fills a weight with values that are drawn into a float32 tensor of its shape on the CPU.</summary>
    public static void Draw(this Tensor weight, Func<Tensor, Tensor> draw)
    {
        using IDisposable quiet = no_grad();
        using DisposeScope scope = NewDisposeScope();
        weight.copy_(draw(empty(weight.shape, ScalarType.Float32, CPU)));
    }

    /// <summary>Fills a weight with one value.</summary>
    public static void Fill(this Tensor weight, Scalar value)
    {
        using IDisposable quiet = no_grad();
        using DisposeScope scope = NewDisposeScope();
        weight.fill_(value);
    }
}
