using TorchSharp.Modules;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>Pre-norm causal self-attention with RoPE, then a pre-norm feed-forward, each added to its input.</summary>
internal sealed class SelfAttentionBlock : nn.Module<Tensor, Tensor>
{
#pragma warning disable IDE1006 // A field's name is its key in the state dictionary.
    private readonly LayerNorm norm1;
    private readonly LayerNorm norm2;
    private readonly Linear qkv;
    private readonly Linear proj;
    private readonly FeedForward ff;
#pragma warning restore IDE1006

    private readonly int _heads;
    private readonly DenseMap _maps;
    private readonly RotaryEmbedding _rotary;
    private readonly CausalAttention _attention;

    public SelfAttentionBlock(ByteTransformerOptions options, DenseMap maps, RotaryEmbedding rotary, CausalAttention attention, Dropout dropout) : base(nameof(SelfAttentionBlock))
    {
        int dim = options.Dim;
        norm1 = nn.LayerNorm(dim);
        norm2 = nn.LayerNorm(dim);
        qkv = nn.Linear(dim, 3 * dim);
        proj = nn.Linear(dim, dim);
        ff = new FeedForward(dim, maps, dropout);
        _heads = options.Heads;
        _maps = maps;
        _rotary = rotary;
        _attention = attention;
        RegisterComponents();
    }

    /// <summary>Draws the weights; maps back into the residual stream are smaller by the divisor.</summary>
    public void ResetParameters(Generator? random, double residualDivisor)
    {
        norm1.Reset();
        norm2.Reset();
        qkv.Reset(random);
        proj.Reset(random, residualDivisor);
        ff.ResetParameters(random, residualDivisor);
    }

    /// <summary>[B, L, dim] to [B, L, dim].</summary>
    public override Tensor forward(Tensor input) => Forward(input, null);

    /// <summary>The same after the positions of a state, which the new ones join. A state with positions takes one new position at a time.</summary>
    public Tensor Forward(Tensor input, LayerCache? state)
    {
        using var scope = NewDisposeScope();
        Tensor x = input.Plus(Attend(norm1.forward(input), state));
        return x.Plus(ff.forward(norm2.forward(x))).MoveToOuterDisposeScope();
    }

    private Tensor Attend(Tensor x, LayerCache? state)
    {
        long batch = x.size(0), length = x.size(1), dim = x.size(2);
        // Split and unbind go back as one joining; narrow and select would each fill a gradient of the whole with zeros.
        Tensor[] parts = _maps.Apply(qkv, x).view(batch, length, 3, _heads, dim / _heads).split([2, 1], 2);
        Tensor[] turned = _rotary.Rotate(parts[0], state?.Length ?? 0).unbind(2); // [B, L, heads, headDim] each
        Tensor query = turned[0].transpose(1, 2); // [B, heads, L, headDim]
        Tensor key = turned[1].transpose(1, 2);
        Tensor value = parts[1].squeeze(2).transpose(1, 2);
        if (state is not null) (key, value) = state.Append(key, value);
        return _maps.Apply(proj, _attention.Mix(query, key, value).transpose(1, 2).reshape(batch, length, dim));
    }
}
