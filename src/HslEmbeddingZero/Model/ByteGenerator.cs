using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// Generates bytes one at a time, at a constant cost per byte. Keys and values are cached, the memory keeps its running state, and the door
/// reads only the few earlier bytes that it needs.
/// </summary>
/// <remarks>
/// The model must be in evaluation mode and must stay on its device. A generator is for one thread at a time; several generators may share
/// a model.
/// </remarks>
public sealed class ByteGenerator : IByteGenerator
{
    private readonly ByteLanguageModel _model;
    private readonly IDisposable? _cache; // null where the body has no cached step
    private readonly Tensor? _slots; // kept if each byte computes the whole stream again
    private readonly Device _device;
    private readonly int _reach; // ids that the door reads to make the last position as in the whole stream
    private readonly List<short> _ids; // all that was read or accepted, in order, the context first
    private readonly int _contextLength;
    private readonly float[] _logits = new float[ByteIds.Count];
    private bool _isDisposed;
    private bool _hasFailed; // the cache may hold half of a step
    private bool _isUnread; // the last id is read only for the next logits, so the last byte of a text costs nothing

    /// <summary>Processes a context and the beginning of a stream. Then it is ready to predict the next byte.</summary>
    /// <param name="model">The model, in evaluation mode.</param>
    /// <param name="context">Ids of the prefix, 0..257, which become slots of K bytes; may be empty.</param>
    /// <param name="stream">Ids that the stream begins with, 0..257, one position each; may be empty.</param>
    /// <exception cref="ArgumentException">The model is in training mode.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id outside 0..257.</exception>
    [OverloadResolutionPriority(1)] // [] binds to this overload
    public ByteGenerator(ByteLanguageModel model, ReadOnlySpan<short> context, ReadOnlySpan<short> stream = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        model.RequireReady();
        ByteIds.Require(context);
        ByteIds.Require(stream);
        _model = model;
        _reach = model.Door.ContextBytes + 1;
        _device = model.Body.parameters().First().device;
        _ids = [.. context, .. stream];
        _contextLength = context.Length;

        using IDisposable quiet = inference_mode();
        using DisposeScope scope = NewDisposeScope();
        Tensor slots = model.Door.forward(IdTensor(context.ToArray()));
        _cache = model.Body.CreateCache();
        if (_cache is null)
        {
            _slots = slots.DetachFromDisposeScope();
            ReadAgain();
        }
        else
        {
            Read(model.Body.CachedStep(cat([slots, model.Door.Stream(IdTensor(LastOfStream(int.MaxValue)))], 1), _cache));
        }
    }

    /// <summary>The same with bytes instead of ids.</summary>
    /// <param name="model">The model, in evaluation mode.</param>
    /// <param name="context">Bytes of the prefix, which become slots of K bytes; may be empty.</param>
    /// <param name="stream">Bytes that the stream begins with, one position each; may be empty.</param>
    /// <exception cref="ArgumentException">The model is in training mode.</exception>
    public ByteGenerator(ByteLanguageModel model, ReadOnlySpan<byte> context, ReadOnlySpan<byte> stream = default)
        : this(model, (ReadOnlySpan<short>)TextPrompt.Ids(context), TextPrompt.Ids(stream))
    {
    }

    /// <summary>
    /// Processes a text to be continued. Its last 32 to 31 + K bytes begin the stream; the bytes before them are the context. With an empty
    /// text the stream begins with EOS, so the model begins a new document.
    /// </summary>
    /// <param name="model">The model, in evaluation mode.</param>
    /// <param name="prompt">The text. The model does not see bytes before the context.</param>
    /// <param name="contextBytes">Maximum bytes of context, 0 or more. Use the context length of the training.</param>
    /// <exception cref="ArgumentException">The model is in training mode.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="contextBytes"/> is below 0.</exception>
    public static ByteGenerator ForText(ByteLanguageModel model, ReadOnlySpan<byte> prompt, int contextBytes = TextPrompt.MostContext) =>
        (ByteGenerator)model.CreateTextGenerator(prompt, contextBytes);

    /// <summary>
    /// Whether the cost of a byte is independent of the number of earlier bytes. False if the body has no cached step: then each byte costs
    /// a pass over the whole stream.
    /// </summary>
    public bool IsCached => _cache is not null;

    /// <summary>All ids that were read or accepted, in order, the context first. Valid until the next id is accepted.</summary>
    public ReadOnlySpan<short> Ids => CollectionsMarshal.AsSpan(_ids);

    /// <summary>The 258 logits of the next id, all finite. Valid until the next id is accepted.</summary>
    /// <exception cref="NotFiniteNumberException">The model gave a logit that is NaN or infinite.</exception>
    public ReadOnlySpan<float> Logits
    {
        get
        {
            ReadUnread();
            FiniteLogits.Require(_logits, _ids.Count);
            return _logits;
        }
    }

    /// <summary>Appends the next id, drawn or given. The logits after it are computed when they are requested.</summary>
    /// <param name="id">0..257.</param>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside 0..257.</exception>
    public void Accept(int id)
    {
        ByteIds.Require(id);
        ReadUnread();
        _isUnread = true;
        _ids.Add((short)id);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        _cache?.Dispose();
        _slots?.Dispose();
    }

    private void ReadUnread()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_hasFailed) throw new InvalidOperationException("An earlier step of this generator has failed. Create a new one.");
        if (!_isUnread) return;
        using IDisposable quiet = inference_mode();
        using DisposeScope scope = NewDisposeScope();
        _hasFailed = true;
        if (_cache is null)
        {
            ReadAgain();
        }
        else
        {
            short[] recent = LastOfStream(_reach);
            Read(_model.Body.CachedStep(_model.Door.Stream(IdTensor(recent)).narrow(1, recent.Length - 1, 1), _cache));
        }

        (_isUnread, _hasFailed) = (false, false);
    }

    private void ReadAgain()
    {
        Tensor stream = _model.Door.Stream(IdTensor(LastOfStream(int.MaxValue)));
        Read(_model.Body.forward(_slots!, stream).select(1, stream.size(1) - 1));
    }

    /// <summary>The last ids of the stream, which begins with the 0x00 origin.</summary>
    private short[] LastOfStream(int count)
    {
        int length = _ids.Count - _contextLength;
        return count > length ? [0, .. _ids[_contextLength..]] : [.. _ids[^count..]];
    }

    /// <summary>[1, L] ids on the device. Ids that are all bytes become uint8, for which the door does less work.</summary>
    private Tensor IdTensor(short[] ids) => (Array.TrueForAll(ids, id => id <= byte.MaxValue)
        ? tensor(Array.ConvertAll(ids, id => (byte)id), [1, ids.Length], device: CPU)
        : tensor(ids, [1, ids.Length], device: CPU)).to(_device);

    private void Read(Tensor logits)
    {
        if (logits.numel() != ByteIds.Count)
            throw new InvalidOperationException($"{_model.Body.GetName()} gave {logits.numel()} logits; a byte model has {ByteIds.Count}.");
        using Tensor host = logits.to(ScalarType.Float32).cpu();
        host.data<float>().CopyTo(_logits.AsSpan());
    }
}
