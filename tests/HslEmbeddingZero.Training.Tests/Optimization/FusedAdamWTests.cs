using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Optimization;

public sealed class FusedAdamWTests
{
    private const int Steps = 50;

    private static Sequential Module() =>
        nn.Sequential(("first", nn.Linear(30, 40)), ("norm", nn.LayerNorm(40)), ("second", nn.Linear(40, 20)));

    /// <summary>The gradients are small in the first half and large in the second, to test steps with and without clipping.</summary>
    [Theory]
    [InlineData(1.0)]
    [InlineData(0.0)]
    public void It_equals_TorchSharps_AdamW(double clipNorm)
    {
        AdamWOptions options = new() { MaxGradientNorm = clipNorm, WeightDecay = 0.1 };
        using Generator random = new(3);
        using Sequential ours = Module();
        using Sequential theirs = Module();
        theirs.load_state_dict(ours.state_dict());
        using FusedAdamW fused = new(ours, options);
        Parameter[] reference = theirs.parameters().ToArray();
        using AdamW torchs = optim.AdamW(
            [
                new AdamW.ParamGroup(reference.Where(p => p.dim() >= 2), new AdamW.Options { weight_decay = options.WeightDecay }),
                new AdamW.ParamGroup(reference.Where(p => p.dim() < 2), new AdamW.Options { weight_decay = 0 }),
            ],
            lr: 1e-3, beta1: options.Beta1, beta2: options.Beta2, eps: options.Epsilon);

        for (int step = 0; step < Steps; step++)
        {
            using DisposeScope scope = NewDisposeScope();
            double learningRate = 1e-3 * (1 + step % 7);
            foreach ((Parameter own, Parameter other) in ours.parameters().Zip(reference))
            {
                Tensor gradient = randn(own.shape, generator: random) * (step < Steps / 2 ? 1e-3 : 0.3);
                using (no_grad()) own.grad!.copy_(gradient);
                other.grad = gradient.clone();
            }

            double expectedNorm = Math.Sqrt(reference.Sum(p => p.grad!.square().sum().to(ScalarType.Float64).item<double>()));
            Assert.True(step < Steps / 2 == expectedNorm < 1);
            if (clipNorm > 0) nn.utils.clip_grad_norm_(reference, clipNorm);
            foreach (optim.ILearningRateController group in torchs.ParamGroups) group.LearningRate = learningRate;
            torchs.step();

            fused.Step(learningRate);
            Assert.Equal(expectedNorm, fused.GradientNorm, expectedNorm * 1e-5);
        }

        foreach ((Parameter own, Parameter other) in ours.parameters().Zip(reference))
            Assert.InRange((own - other).abs().max().item<float>(), 0, 1e-6);
    }

    [Fact]
    public void Only_matrices_decay()
    {
        using Sequential module = Module();
        var before = module.named_parameters().ToDictionary(p => p.name, p => p.parameter.detach().clone());
        using FusedAdamW fused = new(module, new() { WeightDecay = 0.5 });
        fused.Step(0.1);
        foreach ((string name, Parameter parameter) in module.named_parameters())
            Assert.InRange((parameter - before[name] * (parameter.dim() >= 2 ? 0.95 : 1)).abs().max().item<float>(), 0, 1e-7);
    }

    /// <summary>The bias correction depends on the update count, so a count that is not restored changes the result at once.</summary>
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void A_saved_state_goes_on_the_same(ScalarType type)
    {
        using Sequential one = Module();
        using Sequential two = Module();
        using FusedAdamW first = new(one), second = new(two);
        one.to(type);
        two.to(type);
        first.Rebind();
        second.Rebind();
        for (int step = 0; step < 5; step++) Train(one, first);
        using (DisposeScope scope = NewDisposeScope())
        {
            var saved = first.State().ToDictionary(pair => pair.Key, pair => pair.Value.clone());
            second.LoadState(saved, first.Steps, "the state");
            var broken = saved.Where(pair => pair.Key != "first_moment.norm.weight").ToDictionary();
            SafetensorsException error = Assert.Throws<SafetensorsException>(() => second.LoadState(broken, 5, "the state"));
            Assert.Contains("first_moment.norm.weight", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(5, second.Steps);
        Train(one, first);
        Train(two, second);
        Assert.Equal(Values(one), Values(two));
        Assert.Equal(first.Parameters.Weights.data<float>().ToArray(), second.Parameters.Weights.data<float>().ToArray());
    }

    /// <summary>
    /// Two halves of a batch, each with half of the loss, give the step of the whole batch. In bfloat16, gradients are summed in float32.
    /// </summary>
    [Theory]
    [InlineData(ScalarType.Float32, 1e-5)]
    [InlineData(ScalarType.BFloat16, 0.02)]
    public void Accumulated_halves_give_the_gradient_of_the_whole(ScalarType type, double tolerance)
    {
        using Sequential module = Module();
        module.to(type);
        using FusedAdamW optimizer = new(module);
        using DisposeScope scope = NewDisposeScope();
        Tensor x = arange(8 * 30, ScalarType.Float32).reshape(8, 30).sin().to(type);
        ((Tensor)module.call(x)).square().mean().backward();
        optimizer.Step(0);
        double whole = optimizer.GradientNorm;
        (((Tensor)module.call(x.narrow(0, 0, 4))).square().mean() / 2).backward();
        optimizer.AccumulateGradient();
        (((Tensor)module.call(x.narrow(0, 4, 4))).square().mean() / 2).backward();
        optimizer.Step(0);
        Assert.Equal(whole, optimizer.GradientNorm, whole * tolerance);
    }

    /// <summary>
    /// A use case of TorchSharp users: bfloat16 arithmetic for their own module, with weights that still take small steps.
    /// </summary>
    [Fact]
    public void Behind_bfloat16_steps_too_small_for_it_add_up()
    {
        using Linear module = nn.Linear(4, 4, hasBias: false);
        using (no_grad()) module.weight!.fill_(1);
        using FusedAdamW optimizer = new(module, new AdamWOptions { WeightDecay = 0 });
        module.to(ScalarType.BFloat16);
        optimizer.Rebind();
        using Tensor x = ones([1, 4], ScalarType.BFloat16);
        for (int step = 0; step < 100; step++)
        {
            using DisposeScope scope = NewDisposeScope();
            module.forward(x).sum().backward();
            optimizer.Step(1e-4); // a step of bfloat16 at 1 is 0.0039 downwards
        }

        float[] master = optimizer.Parameters.Slice(optimizer.Parameters.Weights, 0).data<float>().ToArray();
        Assert.All(master, value => Assert.Equal(0.99f, value, 1e-5f));
        Assert.All(Values(module), value => Assert.Equal(0.9883f, value, 1e-4f)); // 0.99 in bfloat16
    }

    [Fact]
    public void Weights_written_behind_bfloat16_become_the_master_weights_and_the_others_keep_their_digits()
    {
        using Sequential module = Module();
        using FusedAdamW optimizer = new(module);
        float[] before = optimizer.Parameters.Weights.data<float>().ToArray();
        module.to(ScalarType.BFloat16);
        optimizer.Rebind();
        Assert.Equal(before, optimizer.Parameters.Weights.data<float>().ToArray());
        using (no_grad()) module.get_parameter("norm.bias")!.fill_(0.5);
        optimizer.Rebind();
        float[] after = optimizer.Parameters.Weights.data<float>().ToArray();
        Assert.Equal(40, before.Zip(after).Count(pair => pair.First != pair.Second));
        Assert.Equal(40, after.Count(value => value == 0.5f));
    }

    [Fact]
    public void Frozen_parameters_are_left_alone_and_freezing_later_is_refused()
    {
        using Sequential module = Module();
        module.get_parameter("first.weight")!.requires_grad = false;
        float[] before = [.. module.get_parameter("first.weight")!.data<float>()];
        using FusedAdamW optimizer = new(module);
        for (int step = 0; step < 3; step++) Train(module, optimizer);
        Assert.Equal(before, module.get_parameter("first.weight")!.data<float>().ToArray());
        module.get_parameter("norm.bias")!.requires_grad = false;
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(optimizer.Rebind);
        Assert.Contains("norm.bias", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_parameter_in_two_places_is_updated_once()
    {
        using Linear linear = nn.Linear(3, 3, hasBias: false);
        using Sequential module = nn.Sequential(("one", linear), ("again", linear));
        using FusedAdamW optimizer = new(module);
        Assert.Equal(3, optimizer.State().Count);
        float[] before = [.. linear.weight!.data<float>()];
        using Tensor x = ones([1, 3]);
        using (DisposeScope scope = NewDisposeScope()) module.forward(x).sum().backward();
        optimizer.Step(0.1);
        Assert.All(before.Zip(linear.weight!.data<float>().ToArray()), pair => Assert.NotEqual(pair.First, pair.Second));
    }

    [Fact]
    public void Gradients_that_were_replaced_are_noticed()
    {
        using Sequential module = Module();
        using FusedAdamW optimizer = new(module);
        foreach (Parameter parameter in module.parameters()) parameter.grad = zeros_like(parameter);
        Assert.Contains("zero_grad", Assert.Throws<InvalidOperationException>(() => optimizer.Step(0.1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parameters_of_two_dtypes_are_refused()
    {
        using Sequential module = Module();
        module.named_children().Single(child => child.name == "norm").module.to(ScalarType.BFloat16);
        ArgumentException error = Assert.Throws<ArgumentException>(() => new FusedAdamW(module));
        Assert.Contains("norm.", error.Message, StringComparison.Ordinal);
        Assert.Contains("BFloat16", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_learning_rate_out_of_range_is_refused(double learningRate)
    {
        using Sequential module = Module();
        using FusedAdamW optimizer = new(module);
        Assert.Throws<ArgumentOutOfRangeException>(() => optimizer.Step(learningRate));
        Assert.Equal(0, optimizer.Steps);
    }

    private static void Train(nn.Module module, FusedAdamW optimizer)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = arange(60, ScalarType.Float32).reshape(2, 30).sin().to(module.parameters().First().dtype);
        ((nn.Module<Tensor, Tensor>)module).forward(x).square().sum().backward();
        optimizer.Step(1e-2);
    }

    private static float[] Values(nn.Module module) => [.. module.parameters().SelectMany(p =>
        p.detach().to(ScalarType.Float32).data<float>().ToArray())];
}
