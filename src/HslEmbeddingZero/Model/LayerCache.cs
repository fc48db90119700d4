using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// The cache of one layer, so that earlier positions are not computed again. It holds keys and values for attention (the KV cache), and for
/// the memory its summed state [B, heads, headDim, headDim] and key sum [B, heads, 1, headDim].
/// </summary>
internal sealed class LayerCache : IDisposable
{
    private const long FirstCapacity = 1024;
    private Tensor? _keys;
    private Tensor? _values;

    public Tensor? MemoryState { get; private set; }

    public Tensor? MemoryKeySum { get; private set; }

    /// <summary>Positions read so far.</summary>
    public long Length { get; private set; }

    /// <summary>Adds [B, heads, L, headDim] keys and values, and returns all so far. The views belong to the caller's scope.</summary>
    public (Tensor Keys, Tensor Values) Append(Tensor keys, Tensor values)
    {
        long length = Length + keys.size(2);
        if (_keys is null || _keys.size(2) < length)
        {
            _keys = Grown(_keys, keys, length);
            _values = Grown(_values, values, length);
        }

        _keys.narrow(2, Length, keys.size(2)).copy_(keys);
        _values!.narrow(2, Length, keys.size(2)).copy_(values);
        Length = length;
        return (_keys.narrow(2, 0, length), _values.narrow(2, 0, length));
    }

    /// <summary>Replaces the memory's state, and owns the new tensors.</summary>
    public void SetMemory(Tensor state, Tensor keySum)
    {
        MemoryState?.Dispose();
        MemoryKeySum?.Dispose();
        MemoryState = state.DetachFromDisposeScope();
        MemoryKeySum = keySum.DetachFromDisposeScope();
    }

    public void Dispose()
    {
        _keys?.Dispose();
        _values?.Dispose();
        MemoryState?.Dispose();
        MemoryKeySum?.Dispose();
    }

    /// <summary>Allocates room for at least twice as many positions, so that the cost of copies per position is constant.</summary>
    private Tensor Grown(Tensor? old, Tensor like, long length)
    {
        long capacity = Math.Max(FirstCapacity, 2 * length);
        Tensor grown = zeros([like.size(0), like.size(1), capacity, like.size(3)], like.dtype, like.device).DetachFromDisposeScope();
        if (old is null) return grown;
        grown.narrow(2, 0, Length).copy_(old.narrow(2, 0, Length));
        old.Dispose();
        return grown;
    }
}
