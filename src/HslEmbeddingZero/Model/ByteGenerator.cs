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
    private readonly int _reach;
    private readonly List<int> _recent = [0]; // the 0x00 origin of the stream
    private readonly float[] _logits;

    /// <summary>Reads the context and stands before the first byte of the stream.</summary>
    /// <param name="model">The model, in evaluation mode.</param>
    /// <param name="context">Ids of the prefix, 0..257; may be empty.</param>
    /// <exception cref="ArgumentException">The model is in training mode.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id outside 0..257.</exception>
    public ByteGenerator(ByteLanguageModel model, ReadOnlySpan<short> context)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.training) throw new ArgumentException("The model is in training mode; call eval() first.", nameof(model));
        foreach (short id in context) RequireId(id);
        _model = model;
        _reach = model.Door.LookBack + 1; // The last of so many ids enters as it would in the whole stream.
        _device = model.Body.parameters().First().device;
        _states = [.. Enumerable.Range(0, model.Body.Options.Layers).Select(_ => new LayerState())];
        _logits = new float[model.Body.Options.Vocabulary];

        using var quiet = inference_mode();
        using var scope = NewDisposeScope();
        Tensor slots = model.Door.forward(tensor(context.ToArray(), [1, context.Length]).to(_device));
        Read(cat([slots, Newest()], 1));
    }

    /// <summary>Logits of the next id, 258 of them.</summary>
    public ReadOnlySpan<float> Logits => _logits;

    /// <summary>Takes the next id, drawn or given, and computes the logits of the one after it.</summary>
    /// <param name="id">0..257.</param>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside 0..257.</exception>
    public void Accept(int id)
    {
        RequireId(id);
        _recent.Add(id);
        if (_recent.Count > _reach) _recent.RemoveAt(0);
        using var quiet = inference_mode();
        using var scope = NewDisposeScope();
        Read(Newest());
    }

    /// <summary>Draws and accepts bytes until there are <paramref name="count"/>, or the model ends the document.</summary>
    /// <param name="count">Bytes at most.</param>
    /// <param name="options">How to draw; the same seed after the same context gives the same bytes.</param>
    /// <param name="cancellation">Asks to stop between two bytes.</param>
    /// <exception cref="OperationCanceledException">The cancellation was asked for.</exception>
    public async IAsyncEnumerable<byte> GenerateAsync(
        int count, SamplingOptions? options = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ByteSampler sampler = new(options ?? new SamplingOptions());
        for (int i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            int id = sampler.Draw(_logits);
            if (id == ByteIds.EndOfSequence) yield break;
            yield return (byte)id;
            await Task.Run(() => Accept(id), cancellation).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (LayerState state in _states) state.Dispose();
    }

    /// <summary>The stream position [1, 1, dim] of the newest id.</summary>
    private Tensor Newest()
    {
        // Bytes alone take the door's shorter way.
        using Tensor host = _recent.TrueForAll(id => id <= byte.MaxValue)
            ? tensor(_recent.Select(id => (byte)id).ToArray(), [1, _recent.Count])
            : tensor(_recent.Select(id => (short)id).ToArray(), [1, _recent.Count]);
        Tensor ids = host.to(_device);
        return _model.Door.Stream(ids).narrow(1, _recent.Count - 1, 1);
    }

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
