using BenchmarkDotNet.Attributes;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Benchmarks;

/// <summary>
/// Fast-weight memory in chunks of 64, compared with causal attention of the same length. The memory is linear: its time divided by the
/// length is constant.
/// </summary>
public class MemoryBenchmarks : MemoryInputs
{
    [Params(512, 2048, 8192, 16384)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Prepare() => Draw(Length);

    [Benchmark(Baseline = true, Description = "causal attention")]
    public void Attention() => Wait(nn.functional.scaled_dot_product_attention(Queries, Keys, Values, is_casual: true));

    [Benchmark(Description = "memory, chunks of 64")]
    public void Chunked() =>
        Wait(FastWeightMemory.Forward(FastWeightMemory.Positive(Queries), FastWeightMemory.Positive(Keys), Values, Chunk));
}

/// <summary>
/// Fast-weight memory in chunks of 64, compared with its quadratic form, at lengths where that form takes a reasonable time.
/// </summary>
public class QuadraticMemoryBenchmarks : MemoryInputs
{
    [Params(512, 2048)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Prepare() => Draw(Length);

    [Benchmark(Baseline = true, Description = "memory, quadratic")]
    public void Quadratic() =>
        Wait(FastWeightMemory.Forward(FastWeightMemory.Positive(Queries), FastWeightMemory.Positive(Keys), Values, Length));

    [Benchmark(Description = "memory, chunks of 64")]
    public void Chunked() =>
        Wait(FastWeightMemory.Forward(FastWeightMemory.Positive(Queries), FastWeightMemory.Positive(Keys), Values, Chunk));
}

/// <summary>Queries, keys and values of 8 heads with 64 columns.</summary>
public abstract class MemoryInputs
{
    private protected const int Chunk = 64;

    [ParamsSource(nameof(Devices))]
    public string Device { get; set; } = "cpu";

    public static string[] Devices => BenchmarkDevices.All;

    private protected Tensor Queries { get; private set; } = null!;

    private protected Tensor Keys { get; private set; } = null!;

    private protected Tensor Values { get; private set; } = null!;

    [GlobalCleanup]
    public void Clean()
    {
        Queries.Dispose();
        Keys.Dispose();
        Values.Dispose();
    }

    private protected void Draw(int length)
    {
        Queries = randn([1, 8, length, 64], device: device(Device));
        Keys = randn([1, 8, length, 64], device: device(Device));
        Values = randn([1, 8, length, 64], device: device(Device));
    }

    private protected void Wait(Tensor read)
    {
        read.Dispose();
        BenchmarkDevices.Wait(Device);
    }
}
