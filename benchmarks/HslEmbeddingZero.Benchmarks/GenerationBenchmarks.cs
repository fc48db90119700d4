using BenchmarkDotNet.Attributes;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Benchmarks;

/// <summary>The next byte after a stream of a length: with caches, and by reading the whole stream again.</summary>
public class GenerationBenchmarks
{
    private ByteLanguageModel _model = null!;
    private ByteGenerator _generator = null!;
    private Tensor _context = null!;
    private Tensor _stream = null!;

    /// <summary>Bytes generated before.</summary>
    [Params(200, 2000)]
    public int Length { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _model = new ByteLanguageModel(new ZeroDoor(8, 256), new ByteTransformer(new ByteTransformerOptions { Dim = 256, Layers = 2, Heads = 4 }));
        _model.eval();
        short[] context = new short[512];
        _generator = new ByteGenerator(_model, context);
        for (int i = 0; i < Length; i++) _generator.Accept(i % 256);
        _context = tensor(context, [1, 512]);
        _stream = tensor(Enumerable.Range(0, Length + 1).Select(i => (short)(i % 256)).ToArray(), [1, Length + 1]);
    }

    [GlobalCleanup]
    public void Clean()
    {
        _generator.Dispose();
        _model.Dispose();
        _context.Dispose();
        _stream.Dispose();
    }

    [Benchmark(Baseline = true, Description = "whole stream again")]
    public void Recompute()
    {
        using var quiet = no_grad();
        using Tensor logits = _model.forward(_context, _stream);
    }

    [Benchmark(Description = "cached")]
    public void Cached() => _generator.Accept(65);
}
