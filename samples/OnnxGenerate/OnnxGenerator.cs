using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace HslEmbeddingZero.Samples;

/// <summary>Generates bytes with an <see cref="OnnxModel"/>: one run of the graph for every position.</summary>
internal sealed class OnnxGenerator : IByteGenerator
{
    private const int FirstCapacity = 512;

    private readonly OnnxModel _model;
    private readonly RunOptions _runOptions = new();
    private readonly List<short> _ids; // the context first
    private readonly float[] _logits = new float[ByteIds.Count];
    private readonly long[] _window, _position = [0];
    private readonly bool[] _isSlot = [false];
    private readonly OrtValue[] _inputs, _outputs;
    private readonly List<(int Input, int Output)> _sums = [], _keysAndValues = [];
    private int _capacity = FirstCapacity;
    private bool _isUnread, _isDisposed;

    public OnnxGenerator(OnnxModel model, ReadOnlySpan<short> context, ReadOnlySpan<short> stream)
    {
        (_model, _ids, _window) = (model, [.. context, .. stream], new long[model.IdsPerStep]);
        _inputs = new OrtValue[model.Session.InputNames.Count];
        _outputs = new OrtValue[model.Session.OutputNames.Count];
        for (int i = 0; i < _inputs.Length; i++) _inputs[i] = Input(i);
        _outputs[OutputOf("logits")] = OrtValue.CreateTensorValueFromMemory(_logits, [1, ByteIds.Count]);
        foreach ((int input, int output) in _sums) _outputs[output] = Zeros(input);
        if (model.IsGroupQuery) foreach ((int input, int output) in _keysAndValues) _outputs[output] = _inputs[input];

        int k = model.BytesPerSlot, slots = model.DropsTail ? context.Length / k : (context.Length + k - 1) / k;
        Array.Fill(_window, ByteIds.EndOfSequence);
        _isSlot[0] = true;
        for (int slot = 0; slot < slots; slot++)
        {
            for (int i = slot * k; i < (slot + 1) * k; i++) Push(i < context.Length ? context[i] : (short)0);
            Step();
        }

        // The stream begins with the 0x00 origin, and sees no byte of the context.
        Array.Fill(_window, ByteIds.EndOfSequence);
        _isSlot[0] = false;
        Push(0);
        Step();
        foreach (short id in stream)
        {
            Push(id);
            Step();
        }
    }

    /// <inheritdoc/>
    public ReadOnlySpan<short> Ids => CollectionsMarshal.AsSpan(_ids);

    /// <inheritdoc/>
    public ReadOnlySpan<float> Logits
    {
        get
        {
            Read();
            int id = Array.FindIndex(_logits, logit => !float.IsFinite(logit));
            return id < 0 ? _logits : throw new NotFiniteNumberException($"The logit of id {id} is {_logits[id]}.", _logits[id]);
        }
    }

    /// <inheritdoc/>
    public void Accept(int id)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(id, ByteIds.Count);
        Read();
        _ids.Add((short)id);
        Push((short)id);
        _isUnread = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        foreach (OrtValue value in _inputs.Concat(_outputs).Distinct()) value?.Dispose();
        _runOptions.Dispose();
    }

    private void Read()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!_isUnread) return;
        Step();
        _isUnread = false;
    }

    private void Push(short id)
    {
        Array.Copy(_window, 1, _window, 0, _window.Length - 1);
        _window[^1] = id;
    }

    /// <summary>Runs the graph for the position that the window ends with. Its results become the past of the next step.</summary>
    private void Step()
    {
        if (_model.IsGroupQuery)
        {
            if (_position[0] == _capacity) Grow();
        }
        else
        {
            foreach ((int input, int output) in _keysAndValues)
                _outputs[output] = OrtValue.CreateAllocatedTensorValue(
                    OrtAllocator.DefaultInstance, TensorElementType.Float, Shape(input, _position[0] + 1));
        }

        _model.Session.Run(_runOptions, _model.Session.InputNames, _inputs, _model.Session.OutputNames, _outputs);
        _position[0]++;
        foreach ((int input, int output) in _sums) (_inputs[input], _outputs[output]) = (_outputs[output], _inputs[input]);
        if (_model.IsGroupQuery) return;
        foreach ((int input, int output) in _keysAndValues)
        {
            _inputs[input].Dispose();
            _inputs[input] = _outputs[output];
        }
    }

    /// <summary>Doubles the buffers of GroupQueryAttention, in which the positions of a head are together.</summary>
    private void Grow()
    {
        foreach ((int input, int output) in _keysAndValues)
        {
            long[] shape = Shape(input, 2L * _capacity);
            float[] larger = new float[shape.Aggregate((a, b) => a * b)];
            ReadOnlySpan<float> smaller = _inputs[input].GetTensorDataAsSpan<float>();
            int heads = (int)shape[1], ofHead = smaller.Length / heads;
            for (int head = 0; head < heads; head++) smaller.Slice(head * ofHead, ofHead).CopyTo(larger.AsSpan(2 * head * ofHead));
            _inputs[input].Dispose();
            _inputs[input] = _outputs[output] = OrtValue.CreateTensorValueFromMemory(larger, shape);
        }

        _capacity *= 2;
    }

    /// <summary>The value of an input: a number that a step sets, or the past of the first step.</summary>
    private OrtValue Input(int index)
    {
        string name = _model.Session.InputNames[index];
        switch (name)
        {
            case "ids": return OrtValue.CreateTensorValueFromMemory(_window, [_window.Length]);
            case "is_slot": return OrtValue.CreateTensorValueFromMemory(_isSlot, [1]);
            case "position": return OrtValue.CreateTensorValueFromMemory(_position, [1]);
        }

        if (name.StartsWith("past_memory.", StringComparison.Ordinal))
        {
            _sums.Add((index, OutputOf("present_memory." + name["past_memory.".Length..])));
            return Zeros(index);
        }

        _keysAndValues.Add((index, OutputOf("present." + name["past_key_values.".Length..])));
        return _model.IsGroupQuery
            ? OrtValue.CreateTensorValueFromMemory(new float[Shape(index, _capacity).Aggregate((a, b) => a * b)], Shape(index, _capacity))
            : OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, Shape(index, 0));
    }

    private OrtValue Zeros(int input)
    {
        long[] shape = Shape(input, 0);
        return OrtValue.CreateTensorValueFromMemory(new float[shape.Aggregate((a, b) => a * b)], shape);
    }

    /// <summary>The shape of an input. It has at most one unknown dimension, the positions.</summary>
    private long[] Shape(int input, long positions) =>
        [.. _model.Session.InputMetadata[_model.Session.InputNames[input]].Dimensions.Select(size => size < 0 ? positions : size)];

    private int OutputOf(string name) => _model.Session.OutputNames.ToList().IndexOf(name);
}
