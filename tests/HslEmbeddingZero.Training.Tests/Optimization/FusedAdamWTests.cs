using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training.Tests.Optimization;

public sealed class FusedAdamWTests
{
    private const int Steps = 50;

    private static Sequential Module() => nn.Sequential(("first", nn.Linear(30, 40)), ("norm", nn.LayerNorm(40)), ("second", nn.Linear(40, 20)));

    /// <summary>The gradients are short in the first half and long in the second, so that both sides of the clipping are seen.</summary>
    [Theory]
    [InlineData(1.0)]
    [InlineData(0.0)]
    public void It_equals_TorchSharps_AdamW(double clipNorm)
    {
        TrainerOptions options = new() { ClipNorm = clipNorm, WeightDecay = 0.1 };
        using Generator random = new(3);
        using var ours = Module();
        using var theirs = Module();
        theirs.load_state_dict(ours.state_dict());
        using FlatParameters flat = new(ours);
        using FusedAdamW fused = new(flat, options);
        var reference = theirs.parameters().ToArray();
        using var torchs = optim.AdamW(
            [
                new AdamW.ParamGroup(reference.Where(p => p.dim() >= 2), new AdamW.Options { weight_decay = options.WeightDecay }),
                new AdamW.ParamGroup(reference.Where(p => p.dim() < 2), new AdamW.Options { weight_decay = 0 }),
            ],
            lr: 1e-3, beta1: options.Beta1, beta2: options.Beta2, eps: options.Epsilon);

        for (var step = 0; step < Steps; step++)
        {
            using var scope = NewDisposeScope();
            double learningRate = 1e-3 * (1 + step % 7);
            foreach (var (own, other) in ours.parameters().Zip(reference))
            {
                var gradient = randn(own.shape, generator: random) * (step < Steps / 2 ? 1e-3 : 0.3);
                using (no_grad()) own.grad!.copy_(gradient);
                other.grad = gradient.clone();
            }

            var expectedNorm = Math.Sqrt(reference.Sum(p => p.grad!.square().sum().to(ScalarType.Float64).item<double>()));
            Assert.True(step < Steps / 2 == expectedNorm < 1);
            if (clipNorm > 0) nn.utils.clip_grad_norm_(reference, clipNorm);
            foreach (var group in torchs.ParamGroups) group.LearningRate = learningRate;
            torchs.step();

            using var norm = fused.Step(learningRate);
            Assert.Equal(expectedNorm, norm.item<float>(), expectedNorm * 1e-5);
            flat.ZeroGradient();
        }

        foreach (var (own, other) in ours.parameters().Zip(reference))
            Assert.InRange((own - other).abs().max().item<float>(), 0, 1e-6);
    }

    [Fact]
    public void Only_matrices_decay()
    {
        using var module = Module();
        var before = module.named_parameters().ToDictionary(p => p.name, p => p.parameter.detach().clone());
        using FlatParameters flat = new(module);
        using FusedAdamW fused = new(flat, new() { WeightDecay = 0.5 });
        fused.Step(0.1).Dispose();
        foreach (var (name, parameter) in module.named_parameters())
            Assert.InRange((parameter - before[name] * (parameter.dim() >= 2 ? 0.95 : 1)).abs().max().item<float>(), 0, 1e-7);
    }

    /// <summary>The bias correction depends on the count of updates, so a count that was not restored shows at once.</summary>
    [Fact]
    public void Restored_moments_and_steps_go_on_the_same()
    {
        using var one = Module();
        using var two = Module();
        two.load_state_dict(one.state_dict());
        using FlatParameters flatOne = new(one), flatTwo = new(two);
        using FusedAdamW first = new(flatOne, new()), second = new(flatTwo, new());
        for (var step = 0; step < 5; step++)
        {
            using (no_grad()) flatOne.Gradient.fill_(0.01 * (step + 1));
            first.Step(1e-2).Dispose();
        }

        using (no_grad())
        {
            flatTwo.Weights.copy_(flatOne.Weights);
            second.FirstMoment.copy_(first.FirstMoment);
            second.SecondMoment.copy_(first.SecondMoment);
        }

        second.RestoreSteps(5);
        using (no_grad()) flatOne.Gradient.fill_(0.5);
        using (no_grad()) flatTwo.Gradient.fill_(0.5);
        first.Step(1e-2).Dispose();
        second.Step(1e-2).Dispose();
        Assert.Equal(flatOne.Weights.data<float>().ToArray(), flatTwo.Weights.data<float>().ToArray());
    }
}
