using BenchmarkDotNet.Attributes;
using HslEmbeddingZero.Training;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Benchmarks;

/// <summary>
/// One training step of the body on text positions (64 slots and 256 bytes a sample): forward, backward, clipping and AdamW. Ours against the same
/// body under TorchSharp's optimizer; benchmarks/peer/train_step.py is the same step in Python PyTorch.
/// </summary>
public class TrainStepBenchmarks
{
    private ByteTransformer _shipped = null!;
    private ByteTransformer _ours = null!;
    private optim.Optimizer _adamW = null!;
    private FlatParameters _flat = null!;
    private FusedAdamW _fused = null!;
    private Tensor _slots = null!;
    private Tensor _stream = null!;
    private Tensor _targets = null!;

    /// <summary>The quick preset's body with its batch of 4, or the published one with a batch of 4.</summary>
    [Params("quick", "paper")]
    public string Body { get; set; } = "quick";

    [GlobalSetup]
    public void Prepare()
    {
        ByteTransformerOptions options = Body == "quick"
            ? new ByteTransformerOptions { Dim = 256, Layers = 2, Heads = 4, Dropout = 0 }
            : new ByteTransformerOptions { Dropout = 0 };
        _shipped = new ByteTransformer(options);
        _adamW = optim.AdamW(_shipped.parameters(), lr: 3e-4, beta1: 0.9, beta2: 0.95, weight_decay: 0.1);
        _ours = new ByteTransformer(options);
        _flat = new FlatParameters(_ours);
        _fused = new FusedAdamW(_flat, new TrainerOptions());
        _slots = randn(4, 64, options.Dim);
        _stream = randn(4, 256, options.Dim);
        _targets = randint(0, 256, [4, 256]);
    }

    [GlobalCleanup]
    public void Clean()
    {
        _adamW.Dispose();
        _fused.Dispose();
        _flat.Dispose();
        _shipped.Dispose();
        _ours.Dispose();
        _slots.Dispose();
        _stream.Dispose();
        _targets.Dispose();
    }

    [Benchmark(Baseline = true, Description = "TorchSharp's AdamW")]
    public void Shipped()
    {
        using var scope = NewDisposeScope();
        _adamW.zero_grad();
        LanguageModelLoss.NatsPerByte(_shipped.forward(_slots, _stream), _targets).backward();
        nn.utils.clip_grad_norm_(_shipped.parameters(), 1.0);
        _adamW.step();
    }

    [Benchmark(Description = "flat, fused")]
    public void Ours()
    {
        using var scope = NewDisposeScope();
        _flat.ZeroGradient();
        LanguageModelLoss.NatsPerByte(_ours.forward(_slots, _stream), _targets).backward();
        _fused.Step(3e-4).Dispose();
    }
}
