using BenchmarkDotNet.Attributes;

namespace HslEmbeddingZero.Benchmarks;

/// <summary>
/// Bytes to feature rows, compared with the lowest possible cost of writing the rows: filling as many floats with one constant. Ratio is
/// time, so 1.25 means 0.8 of the speed of the fill.
/// </summary>
public class EncodeBenchmarks
{
    private byte[] _bytes = [];
    private float[] _rows = [];

    /// <summary>Bytes of input: their rows fit the second-level cache, the third-level cache, or neither.</summary>
    [Params(4 << 10, 64 << 10, 4 << 20)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _bytes = new byte[Length];
        new Random(1).NextBytes(_bytes);
        _rows = HslFeatures.Encode(_bytes);
    }

    [Benchmark(Baseline = true, Description = "Span<float>.Fill")]
    public void Fill() => _rows.AsSpan().Fill(1f);

    [Benchmark]
    public void Encode() => HslFeatures.Encode(_bytes, _rows);

    [Benchmark(Description = "Encode, momentum phase")]
    public void EncodeMomentum() => HslFeatures.Encode(_bytes, _rows, new HslFeatureOptions(MomentumPhase: true));

    [Benchmark(Description = "Encode, scalar path")]
    public void EncodeScalar() => HslFeatures.Encode(_bytes, _rows, default, FeaturePath.Scalar, stream: false);

    [Benchmark]
    public void EncodeParallel() => HslFeatures.EncodeParallel(_bytes, _rows);
}
