using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Model;

[Collection(GlobalGenerator.Name)]
public sealed class DropoutTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Drops_the_given_share_and_scales_the_rest()
    {
        using var dropout = new Dropout(0.25, new DeviceForm());
        dropout.Seed(3, CPU);
        float[] values = [.. dropout.Apply(ones(100_000), training: true).data<float>()];
        Assert.All(values, value => Assert.True(value == 0 || Math.Abs(value - 4f / 3) < 1e-6));
        Assert.InRange(values.Count(value => value == 0), 24_000, 26_000); // seven standard deviations
    }

    [Fact]
    public void Nothing_is_dropped_outside_training_or_at_zero()
    {
        using var half = new Dropout(0.5, new DeviceForm());
        using var none = new Dropout(0, new DeviceForm());
        Tensor x = randn(100);
        Assert.True(half.Apply(x, training: false).eq(x).all().item<bool>());
        Assert.True(none.Apply(x, training: true).eq(x).all().item<bool>());
    }

    [Fact]
    public void The_same_seed_drops_the_same()
    {
        using ByteLanguageModel model = GoldenBody.RandomModel(dropout: 0.3);
        Tensor ids = arange(2 * 20, dtype: ScalarType.Int64).reshape(2, 20);
        model.train();
        Tensor first = Run(11), again = Run(11), other = Run(12), next = model.forward(ids, ids);
        Assert.True(first.eq(again).all().item<bool>());
        Assert.False(first.allclose(other, rtol: 1e-3, atol: 1e-3));
        Assert.False(other.allclose(next, rtol: 1e-3, atol: 1e-3)); // the random stream has advanced

        Tensor Run(ulong seed)
        {
            model.Body.SeedDropout(seed, CPU);
            return model.forward(ids, ids);
        }
    }

    [Fact]
    public void The_global_stream_is_not_touched_by_a_model_with_its_own()
    {
        using ByteLanguageModel model = GoldenBody.RandomModel(dropout: 0.3);
        using ByteLanguageModel second = GoldenBody.RandomModel(dropout: 0.3);
        second.LoadWeights(model.Weights(), "copy");
        Tensor ids = arange(2 * 20, dtype: ScalarType.Int64).reshape(2, 20);
        model.train();
        second.train();
        model.Body.SeedDropout(5, CPU);
        second.Body.SeedDropout(5, CPU);
        Tensor first = model.forward(ids, ids);
        rand(17);
        Assert.True(first.eq(second.forward(ids, ids)).all().item<bool>());
        manual_seed(9);
        Tensor untouched = rand(17);
        manual_seed(9);
        model.forward(ids, ids);
        Assert.True(untouched.eq(rand(17)).all().item<bool>());
    }

    /// <summary>
    /// TorchSharp's generators work on the CPU. On a device, the masks must come from the device's generator, and still depend on the seed.
    /// </summary>
    [Fact]
    public void The_form_of_accelerators_draws_from_the_global_generator_after_its_seed()
    {
        DeviceForm form = new() { ForcesAccelerator = true };
        using var dropout = new Dropout(0.25, form);
        Tensor x = ones(1000);
        Tensor first = Seeded(7), other = Seeded(8), again = Seeded(7);
        Assert.True(first.eq(again).all().item<bool>());
        Assert.False(first.eq(other).all().item<bool>());
        manual_seed(7);
        Assert.True(first.eq(nn.functional.dropout(x, 0.25, training: true)).all().item<bool>());
        Assert.InRange(first.count_nonzero().item<long>(), 700, 800);

        Tensor Seeded(ulong seed)
        {
            dropout.Seed(seed, CPU);
            return dropout.Apply(x, training: true);
        }
    }

    /// <summary>A user's own training loop, which calls torch.manual_seed and does not seed the body.</summary>
    [Fact]
    public void An_unseeded_body_follows_the_global_seed()
    {
        using ByteLanguageModel model = GoldenBody.RandomModel(dropout: 0.3);
        Tensor ids = arange(20, dtype: ScalarType.Int64).reshape(1, 20);
        model.train();
        Tensor first = Seeded(3), other = Seeded(4), again = Seeded(3);
        Assert.True(first.eq(again).all().item<bool>());
        Assert.False(first.allclose(other));

        Tensor Seeded(long seed)
        {
            manual_seed(seed);
            return model.forward(ids, ids);
        }
    }

    [Fact]
    public void A_model_in_evaluation_drops_nothing()
    {
        using ByteLanguageModel model = GoldenBody.RandomModel(dropout: 0.3);
        Tensor ids = arange(20, dtype: ScalarType.Int64).reshape(1, 20);
        Assert.True(model.forward(ids, ids).eq(model.forward(ids, ids)).all().item<bool>());
        model.train();
        Assert.False(model.forward(ids, ids).allclose(model.forward(ids, ids)));
        model.eval();
        Assert.True(model.forward(ids, ids).eq(model.forward(ids, ids)).all().item<bool>());
    }
}
