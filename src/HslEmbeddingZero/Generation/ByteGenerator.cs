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
public sealed class ByteGenerator : IDisposable
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
        RequireEvaluationMode(model);
        foreach (short id in context) RequireId(id);
        foreach (short id in stream) RequireId(id);
        _model = model;
        _reach = model.Door.ContextBytes + 1;
        _device = model.Body.parameters().First().device;
        _ids = [.. context, .. stream];
        _contextLength = context.Length;

        using IDisposable quiet = inference_mode();
        using DisposeScope scope = NewDisposeScope();
        Tensor slots = model.Door.forward(Ids(context.ToArray()));
        _cache = model.Body.CreateCache();
        if (_cache is null)
        {
            _slots = slots.DetachFromDisposeScope();
            ReadAgain();
        }
        else
        {
            Read(model.Body.CachedStep(cat([slots, model.Door.Stream(Ids(LastOfStream(int.MaxValue)))], 1), _cache));
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
    public static ByteGenerator ForText(ByteLanguageModel model, ReadOnlySpan<byte> prompt, int contextBytes = TextPrompt.MostContext)
    {
        RequireEvaluationMode(model);
        ArgumentOutOfRangeException.ThrowIfNegative(contextBytes);
        (short[] context, short[] stream) = TextPrompt.Present(prompt, model.Door.BytesPerSlot, contextBytes);
        return new ByteGenerator(model, context, stream);
    }

    /// <summary>
    /// Whether the cost of a byte is independent of the number of earlier bytes. False if the body has no cached step: then each byte costs
    /// a pass over the whole stream.
    /// </summary>
    public bool IsCached => _cache is not null;

    /// <summary>The 258 logits of the next id, all finite. Valid until the next id is accepted.</summary>
    /// <exception cref="NotFiniteNumberException">The model gave a logit that is NaN or infinite.</exception>
    public ReadOnlySpan<float> Logits
    {
        get
        {
            ReadUnread();
            int wrong = Array.FindIndex(_logits, logit => !float.IsFinite(logit));
            if (wrong < 0) return _logits;
            throw new NotFiniteNumberException(
                $"The model's logits are not finite: that of id {wrong} is {_logits[wrong]} after {_ids.Count} ids. "
                + "Its weights are damaged, or too large for its dtype.", _logits[wrong]);
        }
    }

    /// <summary>Appends the next id, drawn or given. The logits after it are computed when they are requested.</summary>
    /// <param name="id">0..257.</param>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside 0..257.</exception>
    public void Accept(int id)
    {
        RequireId(id);
        ReadUnread();
        _isUnread = true;
        _ids.Add((short)id);
    }

    /// <summary>Probabilities of the next id, before temperature, penalty, top-k and top-p.</summary>
    /// <returns>
    /// 258 numbers with the sum 1. The value of MASK, which is never drawn, is 0. Index 257 has the probability that the document ends.
    /// </returns>
    /// <exception cref="NotFiniteNumberException">The model gave a logit that is NaN or infinite.</exception>
    public double[] Probabilities()
    {
        ReadOnlySpan<float> logits = Logits;
        double[] probabilities = new double[logits.Length];
        double highest = double.NegativeInfinity, total = 0;
        for (int id = 0; id < logits.Length; id++)
            if (id != ByteIds.Mask) highest = Math.Max(highest, logits[id]);
        for (int id = 0; id < logits.Length; id++) total += probabilities[id] = id == ByteIds.Mask ? 0 : Math.Exp(logits[id] - highest);
        for (int id = 0; id < logits.Length; id++) probabilities[id] /= total;
        return probabilities;
    }

    /// <summary>Draws and accepts bytes until the count is reached, the model ends the document, or a stop sequence is complete.</summary>
    /// <param name="count">Maximum bytes, 0 or more.</param>
    /// <param name="options">How to draw and where to stop; the defaults when null.</param>
    /// <param name="cancellationToken">Stops the generation between two bytes.</param>
    /// <returns>
    /// The bytes, each as soon as it is drawn. Drawn bytes are accepted, so a later call continues after them. A stop sequence is also
    /// accepted, but it is not returned.
    /// </returns>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="NotFiniteNumberException">The model gave a logit that is NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public IEnumerable<byte> Generate(int count, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        options ??= new GenerationOptions();
        return Draw(count, new ByteSampler(options), new StopFilter(options.StopSequences), cancellationToken);
    }

    /// <summary>
    /// The same, asynchronously. Each byte is computed on the caller's thread. If that thread has a synchronization context, as a
    /// user-interface thread has, a thread of the pool computes it.
    /// </summary>
    /// <inheritdoc cref="Generate"/>
    public IAsyncEnumerable<byte> GenerateAsync(int count, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        options?.Validate();
        return OffTheContext.RunAsync(token => Generate(count, options, token), cancellationToken);
    }

    private IEnumerable<byte> Draw(int count, ByteSampler sampler, StopFilter stops, CancellationToken cancellationToken)
    {
        List<byte> released = [];
        for (int i = 0; i < count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int id = sampler.Draw(Logits, CollectionsMarshal.AsSpan(_ids));
            if (id == ByteIds.EndOfSequence) break;
            Accept(id);
            bool isEnded = stops.Add((byte)id, released);
            foreach (byte value in released) yield return value;
            released.Clear();
            if (isEnded) yield break;
        }

        stops.Complete(released);
        foreach (byte value in released) yield return value;
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
            Read(_model.Body.CachedStep(_model.Door.Stream(Ids(recent)).narrow(1, recent.Length - 1, 1), _cache));
        }

        (_isUnread, _hasFailed) = (false, false);
    }

    private void ReadAgain()
    {
        Tensor stream = _model.Door.Stream(Ids(LastOfStream(int.MaxValue)));
        Read(_model.Body.forward(_slots!, stream).select(1, stream.size(1) - 1));
    }

    /// <summary>The last ids of the stream, which begins with the 0x00 origin.</summary>
    private short[] LastOfStream(int count)
    {
        int length = _ids.Count - _contextLength;
        return count > length ? [0, .. _ids[_contextLength..]] : [.. _ids[^count..]];
    }

    /// <summary>[1, L] ids on the device. Ids that are all bytes become uint8, for which the door does less work.</summary>
    private Tensor Ids(short[] ids) => (Array.TrueForAll(ids, id => id <= byte.MaxValue)
        ? tensor(Array.ConvertAll(ids, id => (byte)id), [1, ids.Length], device: CPU)
        : tensor(ids, [1, ids.Length], device: CPU)).to(_device);

    private void Read(Tensor logits)
    {
        if (logits.numel() != ByteIds.Count)
            throw new InvalidOperationException($"{_model.Body.GetName()} gave {logits.numel()} logits; a byte model has {ByteIds.Count}.");
        using Tensor host = logits.to(ScalarType.Float32).cpu();
        host.data<float>().CopyTo(_logits.AsSpan());
    }

    internal static void RequireEvaluationMode(ByteLanguageModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        model.RequireNotDisposed();
        if (model.training) throw new ArgumentException("The model is in training mode; call eval() first.", nameof(model));
    }

    private static void RequireId(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, ByteIds.Count);
    }
}
