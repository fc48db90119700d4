using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Optimization;

public sealed class FlatParametersTests
{
    private static Sequential Module() => nn.Sequential(("first", nn.Linear(3, 4)), ("norm", nn.LayerNorm(4)), ("second", nn.Linear(4, 2)));

    private static float[] Values(Tensor t) => t.detach().cpu().contiguous().data<float>().ToArray();

    [Fact]
    public void Matrices_come_first_and_each_part_has_its_order()
    {
        using Sequential module = Module();
        using FlatParameters flat = new(module);
        Assert.Equal(["first.weight", "second.weight", "first.bias", "norm.weight", "norm.bias", "second.bias"], flat.Names);
        Assert.Equal((2 * FlatParameters.Alignment, 6 * FlatParameters.Alignment), (flat.DecayedCount, flat.Count));
    }

    /// <summary>The parameters include gates of one number and the 258 numbers of the head.</summary>
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Every_parameter_of_a_body_begins_at_a_multiple_of_64_numbers(ScalarType type)
    {
        using ByteLanguageModel model = new(new ProjectionDoor(2, 64), new(new() { Dim = 64, Layers = 2, Heads = 2 }));
        model.to(type);
        using FlatParameters flat = new(model);
        using DisposeScope scope = NewDisposeScope();
        Assert.Equal(0, flat.DecayedCount % 64);
        Assert.All(model.named_parameters(), p =>
        {
            Assert.True(p.parameter.storage_offset() % 64 == 0, p.name);
            Assert.True(p.parameter.grad!.storage_offset() % 64 == 0, p.name);
        });
        for (int i = 0; i < flat.Names.Count; i++) Assert.Equal(0, flat.Slice(flat.Weights, i).storage_offset() % 64);
    }

    [Fact]
    public void What_lies_between_the_parameters_stays_zero_and_out_of_the_norm()
    {
        using Sequential module = Module();
        using Sequential twin = Module();
        twin.load_state_dict(module.state_dict());
        using FusedAdamW optimizer = new(module);
        FlatParameters flat = optimizer.Parameters;
        using optim.Optimizer plain = optim.AdamW(twin.parameters(), lr: 0.01, beta1: 0.9, beta2: 0.95, weight_decay: 0);
        for (int step = 0; step < 5; step++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor x = arange(6, ScalarType.Float32).reshape(2, 3) * (step + 1);
            ((Tensor)module.call(x)).square().sum().backward();
            plain.zero_grad();
            ((Tensor)twin.call(x)).square().sum().backward();
            double expected = nn.utils.clip_grad_norm_(twin.parameters(), 1e9);
            optimizer.Step(0.01);
            if (step == 0) Assert.Equal(expected, optimizer.GradientNorm, expected * 1e-5);
            long used = flat.Names.Select((_, i) => flat.Slice(flat.Weights, i).numel()).Sum();
            foreach (Tensor buffer in (Tensor[])[flat.Weights, optimizer.FirstMoment, optimizer.SecondMoment])
            {
                Tensor own = buffer.clone();
                for (int i = 0; i < flat.Names.Count; i++) flat.Slice(own, i).zero_().Dispose();
                Assert.Equal(0, own.count_nonzero().item<long>());
            }

            Assert.True(used < flat.Count);
        }
    }

    [Fact]
    public void The_modules_parameters_keep_their_values_and_become_views()
    {
        using Sequential module = Module();
        var before = module.named_parameters().ToDictionary(p => p.name, p => Values(p.parameter));
        using FlatParameters flat = new(module);
        var parameters = module.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        for (int i = 0; i < flat.Names.Count; i++)
        {
            Assert.Equal(before[flat.Names[i]], Values(parameters[flat.Names[i]]));
            Assert.Equal(before[flat.Names[i]], Values(flat.Slice(flat.Weights, i)));
            Assert.Equal(parameters[flat.Names[i]].shape, flat.Slice(flat.Weights, i).shape);
        }

        using (no_grad()) flat.Weights.fill_(2);
        Assert.All(parameters.Values, p => Assert.All(Values(p), v => Assert.Equal(2, v)));
        using (no_grad()) parameters["norm.bias"].fill_(3);
        Assert.Equal(4, Values(flat.Weights).Count(v => v == 3));
    }

    [Fact]
    public void Gradients_gather_in_the_buffer_through_repeated_backward_passes()
    {
        using Sequential module = Module();
        using Sequential twin = Module();
        twin.load_state_dict(module.state_dict());
        using FlatParameters flat = new(module);
        for (int round = 0; round < 2; round++)
        {
            for (int pass = 0; pass < 3; pass++)
            {
                using Tensor x = arange(6, ScalarType.Float32).reshape(2, 3) * (pass + 1 + round);
                ((Tensor)module.call(x)).square().sum().backward();
                ((Tensor)twin.call(x)).square().sum().backward();
                flat.AccumulateGradient();
            }

            var expected = twin.named_parameters().ToDictionary(p => p.name, p => Values(p.parameter.grad!));
            foreach ((string name, Parameter parameter) in module.named_parameters())
                Assert.Equal(expected[name], Values(parameter.grad!));
            for (int i = 0; i < flat.Names.Count; i++)
                Assert.Equal(expected[flat.Names[i]], Values(flat.Slice(flat.Gradient, i)));

            flat.ZeroGradient();
            twin.zero_grad();
            Assert.All(module.parameters(), p => Assert.All(Values(p.grad!), v => Assert.Equal(0, v)));
        }
    }

    [Fact]
    public void Parameters_that_are_not_trained_stay_out()
    {
        using Sequential module = Module();
        module.get_parameter("first.weight")!.requires_grad = false;
        using FlatParameters flat = new(module);
        Assert.DoesNotContain("first.weight", flat.Names);
        Assert.Equal((1 * FlatParameters.Alignment, 5 * FlatParameters.Alignment), (flat.DecayedCount, flat.Count));
    }

    [Fact]
    public void A_module_without_parameters_is_refused()
    {
        using ReLU module = nn.ReLU();
        Assert.Throws<ArgumentException>(() => new FlatParameters(module));
    }

    [Fact]
    public void Behind_bfloat16_a_pass_after_a_reset_begins_anew_and_later_ones_add_to_it_in_every_piece()
    {
        const int Wide = 1_500_000; // more numbers than one widening step handles
        using Linear module = nn.Linear(Wide, 1, hasBias: false);
        module.to(ScalarType.BFloat16);
        using FlatParameters flat = new(module);
        using Tensor one = ones([1, Wide], ScalarType.BFloat16);
        foreach (int passes in (int[])[1, 3, 2])
        {
            for (int pass = 0; pass < passes; pass++)
            {
                using DisposeScope scope = NewDisposeScope();
                module.forward(one).sum().backward();
                flat.AccumulateGradient();
            }

            Assert.All(Values(flat.Slice(flat.Gradient, 0)), v => Assert.Equal(passes, v));
            flat.ZeroGradient();
        }
    }

    [Fact]
    public void Behind_bfloat16_stand_float32_weights_and_gradients()
    {
        using Sequential module = Module();
        module.to(ScalarType.BFloat16);
        using FlatParameters flat = new(module);
        Assert.Equal((ScalarType.Float32, ScalarType.Float32), (flat.Weights.dtype, flat.Gradient.dtype));
        Parameter parameter = module.get_parameter("first.bias")!;
        using (no_grad()) flat.Weights.fill_(1 + 1f / 1024);
        flat.CopyMasterToModel();
        Assert.Equal(ScalarType.BFloat16, parameter.dtype);
        Assert.All(Values(parameter.to(ScalarType.Float32)), v => Assert.Equal(1, v));
        Assert.All(Values(flat.Weights), v => Assert.Equal(1 + 1f / 1024, v));

        for (int pass = 0; pass < 257; pass++) // a bfloat16 sum of ones stops at 256
        {
            ((Tensor)parameter.sum()).backward();
            flat.AccumulateGradient();
        }

        Assert.All(Values(flat.Slice(flat.Gradient, flat.Names.ToList().IndexOf("first.bias"))), v => Assert.Equal(257, v));
    }

    [Fact]
    public void A_move_to_another_dtype_and_back_keeps_weights_and_moments_to_the_digit_and_trains_on()
    {
        using Sequential module = Module();
        using FusedAdamW optimizer = new(module);
        FlatParameters flat = optimizer.Parameters;
        Assert.False(flat.Rebind());
        Step(ScalarType.Float32);
        float[] weights = Values(flat.Weights), first = Values(optimizer.FirstMoment), second = Values(optimizer.SecondMoment);

        module.to(ScalarType.BFloat16);
        optimizer.Rebind();
        Assert.All(module.parameters(), p => Assert.Equal(ScalarType.BFloat16, p.dtype));
        Assert.Equal(weights, Values(flat.Weights));

        module.to(ScalarType.Float32);
        optimizer.Rebind();
        Assert.Equal(weights, Values(flat.Weights));
        Assert.Equal(first, Values(optimizer.FirstMoment));
        Assert.Equal(second, Values(optimizer.SecondMoment));
        var parameters = module.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        for (int i = 0; i < flat.Names.Count; i++) Assert.Equal(Values(flat.Slice(flat.Weights, i)), Values(parameters[flat.Names[i]]));

        module.to(ScalarType.BFloat16);
        optimizer.Rebind();
        Step(ScalarType.BFloat16);
        Assert.NotEqual(weights, Values(flat.Weights));
        Assert.NotEqual(first, Values(optimizer.FirstMoment));

        void Step(ScalarType type)
        {
            using Tensor x = arange(6, ScalarType.Float32).reshape(2, 3).to(type);
            ((Tensor)module.call(x)).square().sum().backward();
            optimizer.Step(0.1);
        }
    }

    /// <summary>With one parameter, its gradient must not begin where a tensor of its own would begin.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_replaced_gradient_of_the_only_parameter_is_noticed(int dimensions)
    {
        using Linear module = nn.Linear(3, 4);
        (dimensions == 1 ? module.weight! : module.bias!).requires_grad = false;
        using FusedAdamW optimizer = new(module);
        using DisposeScope scope = NewDisposeScope();
        Tensor x = ones(2, 3);
        module.forward(x).sum().backward();
        optimizer.Step(0.1);
        module.zero_grad(set_to_none: true);
        module.forward(x).sum().backward();
        Assert.Contains("zero_grad", Assert.Throws<InvalidOperationException>(() => optimizer.Step(0.1)).Message, StringComparison.Ordinal);
    }
}
