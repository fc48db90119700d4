using BenchmarkDotNet.Attributes;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Benchmarks;

/// <summary>
/// One update of the published 25M body's parameters, including gradient clipping: TorchSharp's AdamW, compared with the fused update of
/// flat buffers. "alone" repeats the update on the same gradients. "in a loop" updates after a forward and a backward pass, which are not
/// timed. Floor: 7 numbers of 4 bytes read or written for each parameter, and 3 more for the norm and the clipping.
/// </summary>
public class OptimizerBenchmarks
{
    private TrainedBody _shipped = null!;
    private TrainedBody _fused = null!;

    [Params("alone", "in a loop")]
    public string Where { get; set; } = "alone";

    [ParamsSource(nameof(Devices))]
    public string Device { get; set; } = "cpu";

    public static string[] Devices => BenchmarkDevices.All;

    [GlobalSetup]
    public void Prepare()
    {
        _shipped = new TrainedBody(new ByteTransformerOptions { Dropout = 0 }, fused: false, device(Device));
        _fused = new TrainedBody(new ByteTransformerOptions { Dropout = 0 }, fused: true, device(Device));
        _shipped.Pass();
        _fused.Pass();
    }

    [GlobalCleanup]
    public void Clean()
    {
        _shipped.Dispose();
        _fused.Dispose();
    }

    /// <summary>One setup for both, so that the report shows them in one group with one ratio.</summary>
    [IterationSetup]
    public void Before()
    {
        if (Where != "alone")
        {
            _shipped.Pass();
            _fused.Pass();
        }

        BenchmarkDevices.Wait(Device);
    }

    [Benchmark(Baseline = true, Description = "torch.optim.AdamW")]
    public void Shipped()
    {
        _shipped.Update();
        BenchmarkDevices.Wait(Device);
    }

    [Benchmark(Description = "flat, fused")]
    public void Fused()
    {
        _fused.Update();
        BenchmarkDevices.Wait(Device);
    }
}
