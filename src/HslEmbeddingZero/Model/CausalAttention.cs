using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// Scaled dot-product attention in which a position sees itself and what came before it, by the kernel that is fastest for the device and dtype.
/// </summary>
/// <remarks>
/// libtorch's fused kernel is best on CUDA and for float32 on a CPU. On a CPU it gains nothing from bfloat16, where plain matrix products take
/// half its time, so those are used up to the length at which their square of scores grows too large.
/// </remarks>
internal sealed class CausalAttention : IDisposable
{
    private const long LongestSquare = 2048;
    private static readonly Scalar _never = double.NegativeInfinity;

    private readonly Lock _lock = new();
    private Tensor? _later;

    /// <summary>[B, heads, L, headDim] queries over as many keys and values, or one query [B, heads, 1, headDim] over any number of them.</summary>
    public Tensor Mix(Tensor query, Tensor key, Tensor value)
    {
        long length = query.shape[2];
        return query.device_type == DeviceType.CPU && query.dtype == ScalarType.BFloat16 && key.shape[2] <= LongestSquare
            ? MixByProducts(query, key, value, length)
            : nn.functional.scaled_dot_product_attention(query, key, value, is_casual: length > 1);
    }

    public void Dispose() => _later?.Dispose();

    private Tensor MixByProducts(Tensor query, Tensor key, Tensor value, long length)
    {
        using var scope = NewDisposeScope();
        using Scalar scale = 1 / Math.Sqrt(query.shape[3]);
        Tensor scores = query.mul(scale).matmul(key.transpose(-2, -1)); // [B, heads, L, keys]
        if (length > 1) scores.masked_fill_(Later(length), _never);
        return scores.softmax(-1).matmul(value).MoveToOuterDisposeScope(); // The softmax sums in float32.
    }

    /// <summary>[L, L], true where a key comes after the query. The caller's scope owns the view.</summary>
    private Tensor Later(long length)
    {
        lock (_lock) // Another thread may be remaking it; a piece, once taken, keeps its memory.
        {
            if (_later is null || _later.shape[0] < length)
            {
                _later?.Dispose();
                using var ordinary = inference_mode(false); // A tensor of inference mode could never again be part of a backward pass.
                using Tensor all = ones([length, length], ScalarType.Bool);
                _later = all.triu(1).DetachFromDisposeScope();
            }

            return _later.narrow(0, 0, length).narrow(1, 0, length);
        }
    }
}
