using System.Runtime.InteropServices;

namespace HslEmbeddingZero;

/// <summary>
/// Generates bytes one at a time with a <see cref="ByteDecoder"/>. Keys and values are cached and the memory keeps its running state, so a
/// byte costs one pass of the network over one position.
/// </summary>
/// <remarks>
/// A generator is for one thread at a time. Accepting a byte and reading its logits allocates nothing, except when the cache grows.
/// </remarks>
public sealed class DecoderGenerator : IByteGenerator
{
    private readonly ByteDecoder _decoder;
    private readonly DecoderCache _cache;
    private readonly List<short> _ids; // the context first
    private readonly int _contextLength;
    private readonly float[] _logits = new float[ByteIds.Count];
    private bool _isDisposed;
    private bool _hasFailed; // the cache may hold half of a step

    internal DecoderGenerator(ByteDecoder decoder, ReadOnlySpan<short> context, ReadOnlySpan<short> stream)
    {
        _decoder = decoder;
        _cache = new(decoder.Network, decoder.Options.Cache);
        _ids = [.. context, .. stream];
        _contextLength = context.Length;
        decoder.Prefill(_cache, context, [0, .. stream], _logits); // The stream begins with the 0x00 origin.
    }

    /// <inheritdoc/>
    public ReadOnlySpan<short> Ids => CollectionsMarshal.AsSpan(_ids);

    /// <inheritdoc/>
    public ReadOnlySpan<float> Logits
    {
        get
        {
            _decoder.Read(this);
            FiniteLogits.Require(_logits, _ids.Count);
            return _logits;
        }
    }

    /// <summary>Whether the last id is not read yet: the logits after it are computed when they are requested.</summary>
    internal bool IsUnread { get; private set; }

    /// <summary>Appends the next id, drawn or given. The logits after it are computed when they are requested.</summary>
    /// <param name="id">0..257.</param>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside 0..257.</exception>
    /// <exception cref="ObjectDisposedException">The generator is disposed.</exception>
    public void Accept(int id)
    {
        ByteIds.Require(id);
        _decoder.Read(this);
        IsUnread = true;
        _ids.Add((short)id);
    }

    /// <summary>Ends the generator. Its memory is freed by the garbage collector.</summary>
    public void Dispose() => _isDisposed = true;

    internal void RequireReady(ByteDecoder decoder)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_decoder != decoder) throw new ArgumentException("The generator belongs to another decoder.");
        if (_hasFailed) throw new InvalidOperationException("An earlier step of this generator has failed. Create a new one.");
    }

    /// <summary>Adds the position of the last id to a pass.</summary>
    internal void AddTo(DecoderPass pass)
    {
        (_hasFailed, IsUnread) = (true, false);
        int length = _ids.Count - _contextLength, reach = _decoder.Network.Door.ContextBytes + 1;
        if (reach <= length)
        {
            pass.Add(_cache, Ids[^reach..]);
            return;
        }

        Span<short> stream = stackalloc short[length + 1];
        stream[0] = 0; // the origin
        Ids[_contextLength..].CopyTo(stream[1..]);
        pass.Add(_cache, stream);
    }

    internal void TakeLogits(DecoderPass pass, int row)
    {
        pass.CopyLogits(row, _logits);
        _hasFailed = false;
    }
}
