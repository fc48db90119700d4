using BenchmarkDotNet.Attributes;
using HslEmbeddingZero.Training;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Benchmarks;

/// <summary>
/// One update of the published 25M body's parameters, gradient clipping included, with gradients already there: TorchSharp's AdamW against the fused
/// update of flat buffers. Floor: 7 numbers of 4 bytes read or written for each parameter.
/// </summary>
public class OptimizerBenchmarks
{
    private ByteTransformer _shipped = null!;
    private ByteTransformer _ours = null!;
    private optim.Optimizer _adamW = null!;
    private FlatParameters _flat = null!;
    private FusedAdamW _fused = null!;

    [GlobalSetup]
    public void Prepare()
    {
        _shipped = new ByteTransformer(new ByteTransformerOptions());
        foreach (var parameter in _shipped.parameters()) parameter.grad = randn_like(parameter);
        _adamW = optim.AdamW(_shipped.parameters(), lr: 3e-4, beta1: 0.9, beta2: 0.95, weight_decay: 0.1);
        _ours = new ByteTransformer(new ByteTransformerOptions());
        _flat = new FlatParameters(_ours);
        _flat.Gradient.normal_();
        _fused = new FusedAdamW(_flat, new TrainerOptions());
    }

    [GlobalCleanup]
    public void Clean()
    {
        _adamW.Dispose();
        _fused.Dispose();
        _flat.Dispose();
        _shipped.Dispose();
        _ours.Dispose();
    }

    [Benchmark(Baseline = true, Description = "torch.optim.AdamW")]
    public void Shipped()
    {
        nn.utils.clip_grad_norm_(_shipped.parameters(), 1.0);
        _adamW.step();
    }

    [Benchmark(Description = "flat, fused")]
    public void Fused() => _fused.Step(3e-4).Dispose();
}
