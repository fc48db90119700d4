using BenchmarkDotNet.Attributes;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Benchmarks;

/// <summary>
/// One float32 linear layer of the body over 1,280 positions on the CPU, forward and backward: as libtorch's linear layer (MKL) and as a
/// convolution (oneDNN). 6·1,280·in·out operations.
/// </summary>
public class LinearKernelBenchmarks
{
    private const int Positions = 1280;

    private readonly LinearKernel _plain = new() { UseOneDnn = false };
    private readonly LinearKernel _convolution = new() { UseOneDnn = true };
    private Linear _map = null!;
    private Tensor _input = null!;
    private Tensor _outputGradient = null!;

    [Params(256, 512)]
    public int Dim { get; set; }

    /// <summary>d to 3d, d to d, d to 4d, 4d to d, and d to the 258 logits.</summary>
    [Params("qkv", "proj", "widen", "narrow", "head")]
    public string Map { get; set; } = "qkv";

    [GlobalSetup]
    public void Prepare()
    {
        (int inputs, int outputs) = Map switch
        {
            "qkv" => (Dim, 3 * Dim),
            "proj" => (Dim, Dim),
            "widen" => (Dim, 4 * Dim),
            "narrow" => (4 * Dim, Dim),
            _ => (Dim, 258),
        };
        _map = nn.Linear(inputs, outputs);
        _input = randn(4, Positions / 4, inputs).requires_grad_();
        _outputGradient = randn(4, Positions / 4, outputs);
    }

    [GlobalCleanup]
    public void Clean()
    {
        _map.Dispose();
        _input.Dispose();
        _outputGradient.Dispose();
    }

    [Benchmark(Baseline = true, Description = "linear map")]
    public void Plain() => Pass(_plain);

    [Benchmark(Description = "convolution")]
    public void Convolution() => Pass(_convolution);

    private void Pass(LinearKernel linear)
    {
        using DisposeScope scope = NewDisposeScope();
        linear.Apply(_map, _input).backward([_outputGradient]);
    }
}
