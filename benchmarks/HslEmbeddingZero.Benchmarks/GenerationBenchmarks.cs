using BenchmarkDotNet.Attributes;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Benchmarks;

/// <summary>
/// The next byte after a stream of a given length: with caches, and by computing the whole stream again. Bytes per second are the
/// reciprocal of the cached time. Floor: every weight is read once per byte.
/// </summary>
public class GenerationBenchmarks
{
    private const int Bytes = 16;

    private ByteLanguageModel _model = null!;
    private ByteGenerator? _generator;
    private int _generated;
    private Tensor _context = null!;
    private Tensor _stream = null!;

    /// <summary>Number of bytes generated before.</summary>
    [Params(200, 2000)]
    public int Length { get; set; }

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
            ? new ByteTransformerOptions { Dim = 256, Layers = 2, Heads = 4 } : new ByteTransformerOptions();
        _model = new ByteLanguageModel(new ZeroDoor(8, options.Dim), new ByteTransformer(options));
        _model.to(device(Device)).eval();
        _context = zeros([1, 512], ScalarType.Byte).to(Device);
        _stream = tensor(Enumerable.Range(0, Length + 1).Select(i => (byte)i).ToArray(), [1, Length + 1]).to(Device);
    }

    /// <summary>The timed bytes follow position <see cref="Length"/>, or one at most a tenth later.</summary>
    [IterationSetup]
    public void Generate()
    {
        if (_generator is not null && _generated <= Length + Length / 10) return;
        _generator?.Dispose();
        _generator = new ByteGenerator(_model, new short[512]);
        for (_generated = 0; _generated < Length; _generated++) _generator.Accept(_generated % 256);
    }

    [GlobalCleanup]
    public void Clean()
    {
        _generator?.Dispose();
        _model.Dispose();
        _context.Dispose();
        _stream.Dispose();
    }

    [Benchmark(Baseline = true, Description = "whole stream again")]
    public void Recompute()
    {
        using IDisposable quiet = inference_mode();
        using Tensor logits = _model.forward(_context, _stream);
        BenchmarkDevices.Wait(Device);
    }

    [Benchmark(Description = "cached", OperationsPerInvoke = Bytes)]
    public void Cached()
    {
        for (int i = 0; i < Bytes; i++) _generator!.Accept(65);
        _generated += Bytes;
    }
}
