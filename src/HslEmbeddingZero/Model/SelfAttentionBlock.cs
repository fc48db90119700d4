using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>Pre-norm causal self-attention with RoPE, then a pre-norm feed-forward, each added to its input.</summary>
internal sealed class SelfAttentionBlock : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "norm1")]
    private readonly LayerNorm _norm1;

    [ComponentName(Name = "norm2")]
    private readonly LayerNorm _norm2;

    [ComponentName(Name = "qkv")]
    private readonly Linear _qkv;

    [ComponentName(Name = "proj")]
    private readonly Linear _proj;

    [ComponentName(Name = "ff")]
    private readonly FeedForward _ff;

    private readonly int _heads;
    private readonly LinearKernel _linear;
    private readonly RotaryEmbedding _rotary;
    private readonly CausalAttention _attention;

    public SelfAttentionBlock(ByteTransformerOptions options, LinearKernel linear, RotaryEmbedding rotary, CausalAttention attention,
        Dropout dropout) : base(nameof(SelfAttentionBlock))
    {
        int dim = options.Dim;
        _norm1 = nn.LayerNorm(dim, device: CPU, dtype: ScalarType.Float32);
        _norm2 = nn.LayerNorm(dim, device: CPU, dtype: ScalarType.Float32);
        _qkv = nn.Linear(dim, 3 * dim, device: CPU, dtype: ScalarType.Float32);
        _proj = nn.Linear(dim, dim, device: CPU, dtype: ScalarType.Float32);
        _ff = new FeedForward(dim, linear, dropout);
        _heads = options.Heads;
        _linear = linear;
        _rotary = rotary;
        _attention = attention;
        RegisterComponents();
    }

    /// <summary>Draws the weights. In layers that write to the residual stream, the deviation is divided by the divisor.</summary>
    public void ResetParameters(Generator? random, double residualDivisor)
    {
        _norm1.Reset();
        _norm2.Reset();
        _qkv.Reset(random);
        _proj.Reset(random, residualDivisor);
        _ff.ResetParameters(random, residualDivisor);
    }

    /// <summary>[B, L, dim] to [B, L, dim].</summary>
    public override Tensor forward(Tensor input) => Forward(input, null);

    /// <summary>
    /// Continues from a cache and appends to it. A cache that holds positions takes one new position at a time.
    /// </summary>
    public Tensor Forward(Tensor input, LayerCache? state)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = input.AddSafe(Attend(_norm1.forward(input), state));
        return x.AddSafe(_ff.forward(_norm2.forward(x))).MoveToOuterDisposeScope();
    }

    private Tensor Attend(Tensor x, LayerCache? state)
    {
        long batch = x.size(0), length = x.size(1), dim = x.size(2);
        // The backward pass of split and unbind is one concatenation. Narrow and select would each fill a gradient of the whole tensor with
        // zeros.
        Tensor[] parts = _linear.Apply(_qkv, x).view(batch, length, 3, _heads, dim / _heads).split([2, 1], 2);
        Tensor[] turned = _rotary.Rotate(parts[0], state?.Length ?? 0).unbind(2); // [B, L, heads, headDim] each
        Tensor query = turned[0].transpose(1, 2); // [B, heads, L, headDim]
        Tensor key = turned[1].transpose(1, 2);
        Tensor value = parts[1].squeeze(2).transpose(1, 2);
        if (state is not null) (key, value) = state.Append(key, value);
        return _linear.Apply(_proj, _attention.Attend(query, key, value).transpose(1, 2).reshape(batch, length, dim));
    }
}
