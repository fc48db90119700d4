using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>Gated fast-weight memory: x += tanh(gate)·proj(read(norm x)), with the gate 0 at the start.</summary>
internal sealed class MemoryBlock : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "gate")]
    private readonly Parameter _gate;

    [ComponentName(Name = "qkv")]
    private readonly Linear _qkv;

    [ComponentName(Name = "proj")]
    private readonly Linear _proj;

    [ComponentName(Name = "norm")]
    private readonly LayerNorm _norm;

    private readonly int _heads;
    private readonly int _chunk;
    private readonly LinearKernel _linear;
    private readonly DeviceForm _form;

    public MemoryBlock(ByteTransformerOptions options, LinearKernel linear, DeviceForm form) : base(nameof(MemoryBlock))
    {
        _gate = new Parameter(zeros(1, ScalarType.Float32, CPU));
        _gate.DetachFromDisposeScope();
        _qkv = nn.Linear(options.Dim, 3 * options.Dim, device: CPU, dtype: ScalarType.Float32);
        _proj = nn.Linear(options.Dim, options.Dim, device: CPU, dtype: ScalarType.Float32);
        _norm = nn.LayerNorm(options.Dim, device: CPU, dtype: ScalarType.Float32);
        _heads = options.Heads;
        _chunk = options.MemoryChunk;
        _linear = linear;
        _form = form;
        RegisterComponents();
    }

    /// <summary>
    /// Draws the weights. In the layer that writes to the residual stream, the deviation is divided by the divisor. The gate starts at 0.
    /// </summary>
    public void ResetParameters(Generator? random, double residualDivisor)
    {
        _gate.Fill(GcSafeScalar.Zero);
        _qkv.Reset(random);
        _proj.Reset(random, residualDivisor);
        _norm.Reset();
    }

    /// <summary>[B, L, dim] to [B, L, dim].</summary>
    public override Tensor forward(Tensor input) => Forward(input, null);

    /// <summary>
    /// Continues from a cache and appends to it. A cache that holds positions takes one new position at a time.
    /// </summary>
    public Tensor Forward(Tensor input, LayerCache? state)
    {
        using DisposeScope scope = NewDisposeScope();
        long batch = input.size(0), length = input.size(1), dim = input.size(2);
        Tensor mapped = _linear.Apply(_qkv, _norm.forward(input)).view(batch, length, 3, _heads, dim / _heads);
        Tensor[] parts = mapped.permute(2, 0, 3, 1, 4).split([2, 1], 0);
        Tensor[] features = FastWeightMemory.Positive(parts[0]).unbind(0); // φ of queries and keys in one pass
        (Tensor query, Tensor key, Tensor value) = (features[0], features[1], parts[1].squeeze(0)); // [B, heads, L, headDim] each
        Tensor read = state?.MemoryState is null
            ? FastWeightMemory.Forward(query, key, value, FastWeightMemory.ChunkFor(_chunk, length, _form.IsAccelerator(input)))
            : FastWeightMemory.Step(query, key, value, state);
        if (state is { MemoryState: null }) FastWeightMemory.Prefill(key, value, state);
        Tensor mixed = _linear.Apply(_proj, read.transpose(1, 2).reshape(batch, length, dim));
        return input.AddSafe(_gate.tanh() * mixed).MoveToOuterDisposeScope();
    }
}
