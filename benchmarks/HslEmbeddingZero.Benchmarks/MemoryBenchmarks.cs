using BenchmarkDotNet.Attributes;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Benchmarks;

/// <summary>Fast-weight memory in chunks, against its quadratic form and causal attention at the same length. Linear: ten times the length, ten times the time.</summary>
public class MemoryBenchmarks
{
    private Tensor _queries = null!;
    private Tensor _keys = null!;
    private Tensor _values = null!;

    [Params(512, 2048, 8192, 16384)]
    public int Length { get; set; }

    [ParamsSource(nameof(Devices))]
    public string Device { get; set; } = "cpu";

    public static string[] Devices => BenchmarkDevices.All;

    [GlobalSetup]
    public void Prepare()
    {
        _queries = randn([1, 8, Length, 64], device: device(Device));
        _keys = randn([1, 8, Length, 64], device: device(Device));
        _values = randn([1, 8, Length, 64], device: device(Device));
    }

    [GlobalCleanup]
    public void Clean()
    {
        _queries.Dispose();
        _keys.Dispose();
        _values.Dispose();
    }

    [Benchmark(Baseline = true, Description = "causal attention")]
    public void Attention() => Wait(nn.functional.scaled_dot_product_attention(_queries, _keys, _values, is_casual: true));

    [Benchmark(Description = "memory, chunks of 64")]
    public void Chunked() => Wait(FastWeightMemory.Read(_queries, _keys, _values, 64));

    [Benchmark(Description = "memory, quadratic")]
    public void Quadratic() => Wait(FastWeightMemory.Read(_queries, _keys, _values, Length));

    private void Wait(Tensor read)
    {
        read.Dispose();
        BenchmarkDevices.Wait(Device);
    }
}
