using BenchmarkDotNet.Attributes;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Benchmarks;

/// <summary>
/// One training step of the body on 4 text samples (64 slots and 256 bytes each): forward, backward, clipping and AdamW. The library's step
/// in float32 and in bfloat16 is compared with the same body under TorchSharp's optimizer. benchmarks/peer/train_step.py is the same step
/// in Python PyTorch. Floor: the matrix products at the best speed of the machine.
/// </summary>
public class TrainStepBenchmarks
{
    private TrainedBody _shipped = null!;
    private TrainedBody _ours = null!;
    private TrainedBody _brief = null!;

    /// <summary>The quick preset's body, or the published one.</summary>
    [Params("quick", "paper")]
    public string Body { get; set; } = "quick";

    [ParamsSource(nameof(Devices))]
    public string Device { get; set; } = "cpu";

    public static string[] Devices => BenchmarkDevices.All;

    [GlobalSetup]
    public void Prepare()
    {
        ByteTransformerOptions options = Body == "quick"
            ? new ByteTransformerOptions { Dim = 256, Layers = 2, Heads = 4, Dropout = 0 }
            : new ByteTransformerOptions { Dropout = 0 };
        _shipped = new TrainedBody(options, fused: false, device(Device));
        _ours = new TrainedBody(options, fused: true, device(Device));
        _brief = new TrainedBody(options, fused: true, device(Device), ScalarType.BFloat16);
    }

    [GlobalCleanup]
    public void Clean()
    {
        _shipped.Dispose();
        _ours.Dispose();
        _brief.Dispose();
    }

    [Benchmark(Baseline = true, Description = "TorchSharp's AdamW")]
    public void Shipped() => Step(_shipped);

    [Benchmark(Description = "flat, fused")]
    public void Ours() => Step(_ours);

    [Benchmark(Description = "flat, fused, bfloat16")]
    public void BFloat16() => Step(_brief);

    private void Step(TrainedBody body)
    {
        body.Pass();
        body.Update();
        BenchmarkDevices.Wait(Device);
    }
}
