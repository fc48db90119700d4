using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests;

/// <summary>The initial weights of a model.</summary>
[Collection(GlobalGenerator.Name)]
public sealed class ResetParametersTests
{
    private const int Dim = 128, Layers = 3;

    [Fact]
    public void Maps_are_normal_by_their_fan_in_and_smaller_where_they_lead_back_into_the_residual_stream()
    {
        using ByteLanguageModel model = NewModel();
        model.ResetParameters(3);
        foreach ((string name, TorchSharp.Modules.Parameter weight) in model.Body.named_parameters())
        {
            if (weight.dim() < 2)
            {
                bool isScale = name.Contains("norm", StringComparison.Ordinal) && name.EndsWith("weight", StringComparison.Ordinal);
                Assert.All(Values(weight), value => Assert.Equal(isScale ? 1 : 0, value));
                continue;
            }

            bool isResidual = name.Contains(".proj.", StringComparison.Ordinal) || name.EndsWith("ff.3.weight", StringComparison.Ordinal);
            double expected = 1 / Math.Sqrt(3.0 * weight.shape[1]) / (isResidual ? Math.Sqrt(2.0 * Layers) : 1);
            float[] values = Values(weight);
            double deviation = Math.Sqrt(values.Average(value => (double)value * value)), error = expected / Math.Sqrt(2.0 * values.Length);
            Assert.True(Math.Abs(deviation - expected) < 5 * error, $"{name}: {deviation}, expected {expected}");
        }
    }

    [Fact]
    public void A_seed_gives_the_same_weights_whatever_they_were_and_another_seed_others()
    {
        using ByteLanguageModel one = NewModel(), two = NewModel();
        one.ResetParameters(3);
        two.ResetParameters(4);
        Assert.NotEqual(All(one), All(two));
        two.ResetParameters(3);
        Assert.Equal(All(one), All(two));
    }

    [Fact]
    public void In_bfloat16_they_are_the_rounded_ones()
    {
        using ByteLanguageModel one = NewModel(), two = NewModel();
        one.ResetParameters(3);
        one.to(ScalarType.BFloat16);
        two.to(ScalarType.BFloat16);
        two.ResetParameters(3);
        Assert.Equal(All(one), All(two));
    }

    /// <summary>A body without a reset has the same distribution, drawn from torch's global generator.</summary>
    [Fact]
    public void A_new_body_follows_the_generator_of_torch()
    {
        manual_seed(11);
        using ByteTransformer one = new(new() { Dim = 64, Layers = 1, Heads = 2 });
        manual_seed(11);
        using ByteTransformer two = new(new() { Dim = 64, Layers = 1, Heads = 2 });
        Assert.Equal(Values(one.get_parameter("head.weight")!), Values(two.get_parameter("head.weight")!));
        Assert.All(Values(one.get_parameter("head.bias")!), value => Assert.Equal(0, value));
    }

    [Fact]
    public void A_seed_below_zero_is_refused()
    {
        using ByteLanguageModel model = NewModel();
        Assert.Throws<ArgumentOutOfRangeException>(() => model.ResetParameters(-1));
    }

    private static ByteLanguageModel NewModel() => new(new ProjectionDoor(2, Dim), new(new() { Dim = Dim, Layers = Layers, Heads = 2 }));

    private static float[] All(ByteLanguageModel model) => [.. model.named_parameters().SelectMany(p => Values(p.parameter))];

    private static float[] Values(Tensor tensor) => [.. tensor.detach().to(ScalarType.Float32).cpu().data<float>()];
}
