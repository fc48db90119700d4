using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// Causal scaled dot-product attention: a position sees itself and the positions before it. The kernel is the fastest for the device and
/// dtype.
/// </summary>
/// <remarks>
/// libtorch's fused kernel is fastest on CUDA, and for float32 on a CPU. On a CPU it gains nothing from bfloat16, where plain matrix
/// products take half its time. Those are used up to the length at which their square of scores grows too large.
/// </remarks>
internal sealed class CausalAttention(DeviceForm form) : IDisposable
{
    private const long LongestSquare = 2048;
    private static readonly Scalar _never = double.NegativeInfinity;

    private readonly Lock _lock = new();
    private Tensor? _mask;

    /// <summary>
    /// [B, heads, L, headDim] queries over as many keys and values, or one query [B, heads, 1, headDim] over any number of them.
    /// </summary>
    public Tensor Attend(Tensor query, Tensor key, Tensor value)
    {
        long length = query.size(2);
        return !form.IsAccelerator(query) && query.dtype == ScalarType.BFloat16 && key.size(2) <= LongestSquare
            ? MixByProducts(query, key, value, length)
            : nn.functional.scaled_dot_product_attention(query, key, value, is_casual: length > 1);
    }

    public void Dispose() => _mask?.Dispose();

    private Tensor MixByProducts(Tensor query, Tensor key, Tensor value, long length)
    {
        using DisposeScope scope = NewDisposeScope();
        long batch = query.size(0), heads = query.size(1), width = query.size(3), keys = key.size(2);
        Tensor q = query.reshape(batch * heads, length, width);
        Tensor k = key.reshape(batch * heads, keys, width).transpose(1, 2);
        float scale = (float)(1 / Math.Sqrt(width));
        // One operation multiplies, scales and adds the mask, and its gradient needs neither scale nor mask. In TorchSharp's baddbmm the
        // added tensor comes last.
        Tensor scores = q.baddbmm(k, length > 1 ? Mask(length) : zeros(1, query.dtype, query.device), 1, scale); // [B·heads, L, keys]
        Tensor mixed = scores.softmax(-1).bmm(value.reshape(batch * heads, keys, width)); // The softmax sums in float32.
        return mixed.view(batch, heads, length, width).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// bfloat16 [1, L, L], 0 where a key may be seen and -∞ where it comes after the query. The caller's scope owns the view.
    /// </summary>
    private Tensor Mask(long length)
    {
        lock (_lock) // Another thread may replace the mask. A view that was taken before keeps its memory.
        {
            if (_mask is null || _mask.size(1) < length)
            {
                _mask?.Dispose();
                // A tensor made in inference mode can never take part in a backward pass.
                using IDisposable ordinary = inference_mode(false);
                using Tensor all = ones([1, length, length], ScalarType.Bool, CPU);
                using Tensor later = all.triu(1);
                _mask = zeros([1, length, length], ScalarType.BFloat16, CPU).masked_fill_(later, _never).DetachFromDisposeScope();
            }

            return _mask.narrow(1, 0, length).narrow(2, 0, length);
        }
    }
}
