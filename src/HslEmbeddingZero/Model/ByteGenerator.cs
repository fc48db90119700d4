using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// Generates bytes one at a time at a constant cost each: keys and values are cached, the memory keeps its running state, and the door looks at
/// the few bytes before that it needs.
/// </summary>
/// <remarks>The model must be in evaluation mode and stay where it is. One thread at a time; several generators may share a model.</remarks>
public sealed class ByteGenerator : IDisposable
{
    private readonly ByteLanguageModel _model;
    private readonly LayerState[] _states;
    private readonly Device _device;
    private readonly int _reach; // The last of so many ids enters as it would in the whole stream.
    private readonly List<short> _recent;
    private readonly float[] _logits;
    private short? _unread; // read when the next logits are asked for, so that the last byte of a text costs nothing

    /// <summary>Reads the context, and what is known of the stream, and stands before the next byte.</summary>
    /// <param name="model">The model, in evaluation mode.</param>
    /// <param name="context">Ids of the prefix, 0..257, which enter as slots of K; may be empty.</param>
    /// <param name="stream">Ids that the stream begins with, 0..257, one position each; may be empty.</param>
    /// <exception cref="ArgumentException">The model is in training mode.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id outside 0..257.</exception>
    public ByteGenerator(ByteLanguageModel model, ReadOnlySpan<short> context, ReadOnlySpan<short> stream = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.training) throw new ArgumentException("The model is in training mode; call eval() first.", nameof(model));
        foreach (short id in context) RequireId(id);
        foreach (short id in stream) RequireId(id);
        _model = model;
        _reach = model.Door.LookBack + 1;
        _device = model.Body.parameters().First().device;
        _states = [.. Enumerable.Range(0, model.Body.Options.Layers).Select(_ => new LayerState())];
        _logits = new float[model.Body.Options.Vocabulary];

        using var quiet = inference_mode();
        using var scope = NewDisposeScope();
        short[] known = [0, .. stream]; // the 0x00 origin of the stream
        _recent = [.. known.TakeLast(_reach)];
        Read(cat([model.Door.forward(Ids(context.ToArray())), model.Door.Stream(Ids(known))], 1));
    }

    /// <summary>
    /// Reads a text and stands before its next byte. The last 32 to 31 + K bytes of the text begin the stream, at most 512 before them are
    /// the context; an empty text stands before a new document.
    /// </summary>
    /// <param name="model">The model, in evaluation mode.</param>
    /// <param name="prompt">The text; what is more than these bytes before its end is not seen.</param>
    /// <exception cref="ArgumentException">The model is in training mode.</exception>
    public static ByteGenerator ForText(ByteLanguageModel model, ReadOnlySpan<byte> prompt)
    {
        ArgumentNullException.ThrowIfNull(model);
        (short[] context, short[] stream) = TextPrompt.Present(prompt, model.Door.BytesPerSlot);
        return new ByteGenerator(model, context, stream);
    }

    /// <summary>Logits of the next id, 258 of them.</summary>
    public ReadOnlySpan<float> Logits
    {
        get
        {
            ReadUnread();
            return _logits;
        }
    }

    /// <summary>Takes the next id, drawn or given. The logits of the one after it are computed when they are asked for.</summary>
    /// <param name="id">0..257.</param>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside 0..257.</exception>
    public void Accept(int id)
    {
        RequireId(id);
        ReadUnread();
        _unread = (short)id;
    }

    /// <summary>Draws and accepts bytes until there are <paramref name="count"/>, or the model ends the document.</summary>
    /// <param name="count">Bytes at most.</param>
    /// <param name="options">How to draw; the same seed after the same context gives the same bytes.</param>
    /// <param name="cancellation">Asks to stop between two bytes.</param>
    /// <returns>The bytes, each as soon as it is drawn. What was taken is accepted, so that a later call goes on behind it.</returns>
    /// <exception cref="OperationCanceledException">The cancellation was asked for.</exception>
    public async IAsyncEnumerable<byte> GenerateAsync(
        int count, SamplingOptions? options = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ByteSampler sampler = new(options ?? new SamplingOptions());
        for (int i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (_unread is not null) await Task.Run(ReadUnread, cancellation).ConfigureAwait(false);
            int id = sampler.Draw(_logits);
            if (id == ByteIds.EndOfSequence) yield break;
            _unread = (short)id;
            yield return (byte)id;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (LayerState state in _states) state.Dispose();
    }

    private void ReadUnread()
    {
        if (_unread is not { } id) return;
        _unread = null;
        _recent.Add(id);
        if (_recent.Count > _reach) _recent.RemoveAt(0);
        using var quiet = inference_mode();
        using var scope = NewDisposeScope();
        Read(_model.Door.Stream(Ids([.. _recent])).narrow(1, _recent.Count - 1, 1));
    }

    /// <summary>[1, L] ids on the device. Bytes alone take the door's shorter way.</summary>
    private Tensor Ids(short[] ids) => (Array.TrueForAll(ids, id => id <= byte.MaxValue)
        ? tensor(Array.ConvertAll(ids, id => (byte)id), [1, ids.Length])
        : tensor(ids, [1, ids.Length])).to(_device);

    private void Read(Tensor positions)
    {
        using Tensor logits = _model.Body.Continue(positions, _states).to(ScalarType.Float32).cpu();
        logits.data<float>().CopyTo(_logits.AsSpan());
    }

    private static void RequireId(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, ByteIds.Count);
    }
}
