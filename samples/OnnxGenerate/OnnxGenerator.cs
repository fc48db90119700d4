using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

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
    private readonly List<Cache> _sums = [], _keysAndValues = [];
    private bool _isUnread, _isDisposed;

    public OnnxGenerator(OnnxModel model, ReadOnlySpan<short> context, ReadOnlySpan<short> stream)
    {
        (_model, _ids, _window) = (model, [.. context, .. stream], new long[model.IdsPerStep]);
        (_inputs, _outputs) = (new OrtValue[model.Session.InputNames.Count], new OrtValue[model.Session.OutputNames.Count]);
        for (int i = 0; i < _inputs.Length; i++) _inputs[i] = Input(i);
        _outputs[OutputOf("logits")] = OrtValue.CreateTensorValueFromMemory(_logits, [1, ByteIds.Count]);
        foreach (Cache sum in _sums) _outputs[sum.Output] = View(new float[Size(sum, 1)], sum, 1);

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
        OnnxModel.RequireId(id);
        Read();
        _ids.Add((short)id);
        Push((short)id);
        _isUnread = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        foreach (OrtValue value in _inputs.Concat(_outputs).Distinct()) value.Dispose();
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
        foreach (Cache cache in _keysAndValues)
        {
            if (_model.IsGroupQuery) PrepareBuffer(cache);
            else PreparePresent(cache);
        }

        _model.Session.Run(_runOptions, _model.Session.InputNames, _inputs, _model.Session.OutputNames, _outputs);
        _position[0]++;
        foreach (Cache sum in _sums) (_inputs[sum.Input], _outputs[sum.Output]) = (_outputs[sum.Output], _inputs[sum.Input]);
        if (_model.IsGroupQuery) return;
        foreach (Cache cache in _keysAndValues)
        {
            (_inputs[cache.Input], _outputs[cache.Output]) = (_outputs[cache.Output], _inputs[cache.Input]);
            (cache.Past, cache.Present) = (cache.Present, cache.Past);
        }
    }

    /// <summary>Past and present are one buffer, in which the positions of a head are together. A full one is doubled.</summary>
    private void PrepareBuffer(Cache cache)
    {
        int old = cache.Present.Length, heads = (int)Shape(cache, 1)[1];
        if (old > Size(cache, _position[0])) return;
        float[] larger = new float[Math.Max(Size(cache, FirstCapacity), 2 * old)];
        for (int head = 0; head < heads; head++)
            cache.Present.AsSpan(old / heads * head, old / heads).CopyTo(larger.AsSpan(larger.Length / heads * head));
        cache.Present = larger;
        _inputs[cache.Input].Dispose();
        _inputs[cache.Input] = _outputs[cache.Output] = View(larger, cache, larger.Length / Size(cache, 1));
    }

    /// <summary>
    /// The step copies the past into the present, which has one position more. The two memories change places at every step.
    /// </summary>
    private void PreparePresent(Cache cache)
    {
        int size = Size(cache, _position[0] + 1);
        if (cache.Present.Length < size) cache.Present = new float[Math.Max(Size(cache, FirstCapacity), 2 * size)];
        _outputs[cache.Output]?.Dispose();
        _outputs[cache.Output] = View(cache.Present, cache, _position[0] + 1);
    }

    /// <summary>The value of an input: numbers that every step sets, or the past of the first step.</summary>
    private OrtValue Input(int input)
    {
        const string memory = "past_memory.", attention = "past_key_values.";
        string name = _model.Session.InputNames[input];
        if (name == "ids") return OrtValue.CreateTensorValueFromMemory(_window, [_window.Length]);
        if (name == "is_slot") return OrtValue.CreateTensorValueFromMemory(_isSlot, [1]);
        if (name == "position") return OrtValue.CreateTensorValueFromMemory(_position, [1]);
        if (name.StartsWith(memory, StringComparison.Ordinal))
        {
            _sums.Add(CacheOf(input, "present_memory." + name[memory.Length..]));
            return View(new float[Size(_sums[^1], 1)], _sums[^1], 1);
        }

        _keysAndValues.Add(CacheOf(input, "present." + name[attention.Length..]));
        return View([], _keysAndValues[^1], 0);
    }

    private Cache CacheOf(int input, string output) =>
        new(input, OutputOf(output), _model.Session.InputMetadata[_model.Session.InputNames[input]].Dimensions);

    private int OutputOf(string name) => _model.Session.OutputNames.ToList().IndexOf(name);

    /// <summary>The first positions of an array as a tensor.</summary>
    private static OrtValue View(float[] memory, Cache cache, long positions) => OrtValue.CreateTensorValueFromMemory(
        OrtMemoryInfo.DefaultInstance, memory.AsMemory(0, Size(cache, positions)), Shape(cache, positions));

    private static int Size(Cache cache, long positions) => checked((int)Shape(cache, positions).Aggregate((a, b) => a * b));

    /// <summary>The shape of a cache. Sums have the same for any number of positions.</summary>
    private static long[] Shape(Cache cache, long positions) => [.. cache.Dimensions.Select(size => size < 0 ? positions : size)];

    /// <summary>Keys or values of a layer, or a sum of its memory: an input, and the output that is the input of the next step.</summary>
    private sealed record Cache(int Input, int Output, int[] Dimensions)
    {
        public float[] Past { get; set; } = [];

        public float[] Present { get; set; } = [];
    }
}
