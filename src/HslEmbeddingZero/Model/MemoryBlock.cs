using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>Gated fast-weight memory: x += tanh(gate)·proj(read(norm x)), with the gate 0 at the start.</summary>
internal sealed class MemoryBlock : nn.Module<Tensor, Tensor>
{
#pragma warning disable IDE1006 // A field's name is its key in the state dictionary.
    private readonly Parameter gate;
    private readonly Linear qkv;
    private readonly Linear proj;
    private readonly LayerNorm norm;
#pragma warning restore IDE1006

    private readonly int _heads;
    private readonly int _chunk;
    private readonly DenseMap _maps;
    private readonly DeviceForm _form;

    public MemoryBlock(ByteTransformerOptions options, DenseMap maps, DeviceForm form) : base(nameof(MemoryBlock))
    {
        gate = new Parameter(zeros(1));
        gate.DetachFromDisposeScope();
        qkv = nn.Linear(options.Dim, 3 * options.Dim);
        proj = nn.Linear(options.Dim, options.Dim);
        norm = nn.LayerNorm(options.Dim);
        _heads = options.Heads;
        _chunk = options.MemoryChunk;
        _maps = maps;
        _form = form;
        RegisterComponents();
    }

    /// <summary>Draws the weights; the map back into the residual stream is smaller by the divisor. The gate begins closed.</summary>
    public void ResetParameters(Generator? random, double residualDivisor)
    {
        gate.Fill(KeptScalar.Zero);
        qkv.Reset(random);
        proj.Reset(random, residualDivisor);
        norm.Reset();
    }

    /// <summary>[B, L, dim] to [B, L, dim].</summary>
    public override Tensor forward(Tensor input) => Forward(input, null);

    /// <summary>
    /// The same after the positions of a state, which the new ones join. A state with positions takes one new position at a time.
    /// </summary>
    public Tensor Forward(Tensor input, LayerCache? state)
    {
        using var scope = NewDisposeScope();
        long batch = input.size(0), length = input.size(1), dim = input.size(2);
        Tensor mapped = _maps.Apply(qkv, norm.forward(input)).view(batch, length, 3, _heads, dim / _heads);
        Tensor[] parts = mapped.permute(2, 0, 3, 1, 4).split([2, 1], 0);
        Tensor[] features = FastWeightMemory.Positive(parts[0]).unbind(0); // φ of queries and keys in one pass
        (Tensor query, Tensor key, Tensor value) = (features[0], features[1], parts[1].squeeze(0)); // [B, heads, L, headDim] each
        Tensor read = state?.MemoryState is null
            ? FastWeightMemory.Read(query, key, value, FastWeightMemory.ChunkFor(_chunk, length, _form.IsAccelerator(input)))
            : FastWeightMemory.ReadNext(query, key, value, state);
        if (state is { MemoryState: null }) FastWeightMemory.Remember(key, value, state);
        Tensor mixed = _maps.Apply(proj, read.transpose(1, 2).reshape(batch, length, dim));
        return input.Plus(gate.tanh() * mixed).MoveToOuterDisposeScope();
    }
}
