using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Model;

/// <summary>A linear layer computed as a convolution gives the result of the linear layer.</summary>
public sealed class LinearKernelTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly LinearKernel _convolution = new() { UseOneDnn = true };
    private readonly LinearKernel _plain = new() { UseOneDnn = false };

    public void Dispose() => _scope.Dispose();

    [SkippableTheory]
    [InlineData(4, 64, 32, 96)]
    [InlineData(1, 257, 17, 5)] // a prime number of positions gives one image
    [InlineData(6, 90, 64, 258)] // 540 positions give 18 images
    [InlineData(12, 90, 256, 64)]
    [InlineData(300, 1, 8, 1)]
    [InlineData(2, 160, 1, 8)]
    public void Values_and_gradients_are_those_of_the_plain_map(int batch, int length, int inputs, int outputs)
    {
        TestDevice.RequireConvolution();
        manual_seed(batch + length);
        Same(randn(batch, length, inputs), outputs);
    }

    [SkippableFact]
    public void However_the_input_lies_in_memory()
    {
        TestDevice.RequireConvolution();
        manual_seed(2);
        Same(randn(4, 48, 100).transpose(1, 2), 20);
        Same(randn(4, 100, 96).narrow(2, 48, 48), 20);
        Same(randn(4, 200, 48).narrow(1, 70, 100), 20);
        Same(randn(4, 48).unsqueeze(1).expand(4, 100, 48), 20);
        Same(randn(400, 48), 20);
        Same(randn(2, 2, 100, 48), 20);
    }

    [SkippableFact]
    public void Without_a_bias()
    {
        TestDevice.RequireConvolution();
        manual_seed(3);
        using Linear map = nn.Linear(48, 20, hasBias: false);
        Tensor x = randn(4, 100, 48);
        Assert.True(_convolution.Convolves(map, x));
        Close(_plain.Apply(map, x), _convolution.Apply(map, x));
    }

    [SkippableFact]
    public void Gradients_join_those_of_a_flat_buffer()
    {
        TestDevice.RequireConvolution();
        manual_seed(4);
        using Linear map = nn.Linear(16, 24);
        Tensor flat = ones(25 * 16), before = map.weight!.detach().clone();
        using (no_grad()) map.weight.set_(zeros(25 * 16).narrow(0, 16, 24 * 16).view(24, 16).copy_(before));
        map.weight.grad = flat.narrow(0, 16, 24 * 16).view(24, 16);
        Tensor x = randn(3, 100, 16);
        for (int i = 0; i < 2; i++) _convolution.Apply(map, x).sum().backward();

        Tensor expected = x.sum([0, 1]).mul(2f).add(1f).expand(24, 16);
        Assert.True(flat.narrow(0, 0, 16).eq(1f).all().item<bool>());
        Close(expected, flat.narrow(0, 16, 24 * 16).view(24, 16));
    }

    [SkippableFact]
    public void The_same_bits_every_time()
    {
        TestDevice.RequireConvolution();
        manual_seed(5);
        using Linear map = nn.Linear(64, 192);
        Tensor x = randn(4, 320, 64), weights = randn(4, 320, 192);
        byte[][] first = Bits();
        for (int i = 0; i < 5; i++) Assert.Equal(first, Bits());

        byte[][] Bits()
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor leaf = x.detach().requires_grad_();
            map.zero_grad();
            Tensor y = _convolution.Apply(map, leaf);
            (y * weights).sum().backward();
            return [.. new[] { y, leaf.grad!, map.weight!.grad!, map.bias!.grad! }.Select(t => t.detach().contiguous().bytes.ToArray())];
        }
    }

    [Fact]
    public void Few_positions_and_other_types_take_the_plain_map()
    {
        using Linear map = nn.Linear(48, 20);
        Assert.True(_convolution.Convolves(map, zeros(LinearKernel.FewestPositions, 48)));
        Assert.False(_convolution.Convolves(map, zeros(LinearKernel.FewestPositions - 1, 48)));
        Assert.False(_convolution.Convolves(map, zeros(1, 1, 48)));
        Assert.False(_convolution.Convolves(map, zeros(0, 48)));
        Assert.False(_convolution.Convolves(map, zeros([400, 48], ScalarType.BFloat16)));
        Assert.False(_convolution.Convolves(map, zeros([400, 48], ScalarType.Float64)));
        Assert.False(_plain.Convolves(map, zeros(400, 48)));
    }

    [Theory]
    [InlineData(null, true, true)]
    [InlineData(null, false, false)]
    [InlineData("", true, true)]
    [InlineData("auto", false, false)]
    [InlineData("auto", true, true)]
    [InlineData("onednn", false, true)]
    [InlineData("blas", true, false)]
    public void The_variable_overrules_the_processor(string? setting, bool isAmdWithAvx512, bool expected) =>
        Assert.Equal(expected, LinearKernel.ChoosesOneDnn(setting, new Processor(isAmdWithAvx512, isAmdWithAvx512, false, false)));

    [Fact]
    public void Without_a_setting_AVX_512_and_AMD_must_come_together()
    {
        Assert.False(LinearKernel.ChoosesOneDnn(null, new Processor(IsAmd: true, HasAvx512: false, false, false)));
        Assert.False(LinearKernel.ChoosesOneDnn(null, new Processor(IsAmd: false, HasAvx512: true, true, true)));
    }

    // Found in use: on a Zen 5 virtual machine whose CPUID describes no cache, the first float32 step ended with SIGFPE.
    [Fact]
    public void A_processor_that_hides_its_caches_never_takes_the_convolution()
    {
        Processor hiding = new(IsAmd: true, HasAvx512: true, true, false, HidesCaches: true);
        Assert.False(LinearKernel.ChoosesOneDnn(null, hiding));
        Assert.False(LinearKernel.ChoosesOneDnn("blas", hiding));
        ArgumentException error = Assert.Throws<ArgumentException>(() => LinearKernel.ChoosesOneDnn("onednn", hiding));
        Assert.Contains("does not say how large its caches are", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_product_that_is_not_known_is_refused()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => LinearKernel.ChoosesOneDnn("mkl", default));
        Assert.Equal("HSL_FLOAT32_PRODUCT is 'mkl'; it must be onednn, blas or auto.", error.Message);
    }

    // Channel counts for which oneDNN 3.7 divides by zero if it takes the size of the first cache as one byte.
    [Theory]
    [InlineData(256, 1024)]
    [InlineData(512, 1024)]
    [InlineData(512, 2048)]
    [InlineData(1024, 512)]
    public void The_map_that_this_processor_takes_survives_every_width(int inputs, int outputs)
    {
        using Linear map = nn.Linear(inputs, outputs);
        Assert.Equal([300, outputs], new LinearKernel().Apply(map, randn(300, inputs)).shape);
    }

    [SkippableFact]
    public void The_golden_body_gives_its_logits_and_gradients_either_way()
    {
        TestDevice.RequireConvolution();
        // The same batch eight times: enough positions for a convolution, with the same mean loss and gradients.
        IReadOnlyDictionary<string, Tensor> golden = GoldenBody.Load();
        Tensor context = golden["input.context_ids"].repeat(8, 1), targets = golden["input.target_ids"].repeat(8, 1);
        foreach (bool byConvolution in (bool[])[true, false])
        {
            using ByteLanguageModel model = GoldenBody.Model(golden);
            ((ByteTransformer)model.Body).LinearKernel.UseOneDnn = byConvolution;
            Tensor logits = model.forward(context, targets);
            Near(golden["expected.logits"].repeat(8, 1, 1), logits, $"logits, by convolution {byConvolution}");
            nn.functional.cross_entropy(logits.reshape(-1, ByteIds.Count), targets.reshape(-1)).backward();
            foreach (string key in (string[])["self_blocks.0.qkv.weight", "mem_blocks.0.gate"])
                Near(golden[$"expected.grad.{key}"], model.Weights()[key].grad!, $"{key}, by convolution {byConvolution}");
        }

        foreach (Tensor tensor in golden.Values) tensor.Dispose();

        static void Near(Tensor expected, Tensor actual, string what)
        {
            double error = (expected - actual).norm().item<float>() / expected.norm().item<float>();
            Assert.True(error < 1e-5, $"{what}: relative error {error}");
        }
    }

    /// <summary>Values, and the gradients of input, weight and bias.</summary>
    private void Same(Tensor x, int outputs)
    {
        using Linear map = nn.Linear(x.shape[^1], outputs);
        Tensor leaf = x.detach().requires_grad_();
        // All of one sign: where a bias gradient nearly cancels, its relative error means nothing.
        Tensor weights = rand([.. x.shape[..^1], outputs]);
        Tensor[] expected = Pass(_plain), actual = Pass(_convolution);
        Assert.True(_convolution.Convolves(map, leaf));
        Assert.True(actual[0].is_contiguous());
        for (int i = 0; i < expected.Length; i++) Close(expected[i], actual[i]);

        Tensor[] Pass(LinearKernel linear)
        {
            leaf.grad = null;
            map.zero_grad();
            Tensor y = linear.Apply(map, leaf);
            (y * weights).sum().backward();
            return [y.detach(), leaf.grad!, map.weight!.grad!, map.bias!.grad!];
        }
    }

    /// <summary>Equal shapes, and equal values except for the rounding of sums in another order.</summary>
    private static void Close(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        double error = (expected - actual).norm().item<float>() / expected.norm().item<float>();
        Assert.True(error < 1e-6, $"relative error {error}");
    }
}
