using System.Globalization;
using DataType = Onnx.TensorProto.Types.DataType;

namespace HslEmbeddingZero;

/// <summary>One step of the body in a graph: one position in, its logits and the longer cache out.</summary>
internal sealed class BodyGraph
{
    private const float NormEpsilon = 1e-5f; // torch's default
    private const float MemoryEpsilon = 1e-6f;

    /// <summary>Bits of a fraction of a turn. Its product with a position up to 2^23 fits into an int64.</summary>
    private const int TurnBits = 40;

    private readonly OnnxGraph _graph;
    private readonly ModelTensors _tensors;
    private readonly ByteTransformerOptions _body;
    private readonly OnnxAttention _attention;
    private readonly string _position;
    private readonly string _cosine, _sine; // [head_dim]

    private BodyGraph(OnnxGraph graph, ModelTensors tensors, ByteTransformerOptions body, OnnxAttention attention)
    {
        (_graph, _tensors, _body, _attention) = (graph, tensors, body, attention);
        _position = graph.Input(
            "position", DataType.Int64, "How many positions, slots and stream together, were read before this one.", "", 1);
        (_cosine, _sine) = Rotation();
    }

    private int Dim => _body.Dim;

    private int Heads => _body.Heads;

    private int HeadDim => _body.HeadDim;

    /// <summary>Adds the inputs, the nodes and the outputs of the body.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="tensors">The weights.</param>
    /// <param name="body">Sizes and structure.</param>
    /// <param name="attention">The operators of attention.</param>
    /// <param name="x">Name of the position, [1, dim].</param>
    public static void Add(OnnxGraph graph, ModelTensors tensors, ByteTransformerOptions body, OnnxAttention attention, string x) =>
        new BodyGraph(graph, tensors, body, attention).Add(x);

    private void Add(string x)
    {
        _graph.Output("logits", "The logits of the next id. Behind a slot they have no meaning.", "", 1, _body.Vocabulary);
        for (int i = 0; i < _body.Layers; i++)
        {
            string self = string.Create(CultureInfo.InvariantCulture, $"self_blocks.{i}.");
            string read = Attention(i, Linear(self + "qkv", Norm(self + "norm1", x), Dim, 3 * Dim));
            x = Sum(x, Linear(self + "proj", read, Dim, Dim));
            string wide = Linear(self + "ff.0", Norm(self + "norm2", x), Dim, 4 * Dim);
            x = Sum(x, Linear(self + "ff.3", _graph.Node("Gelu", [wide], [OnnxGraph.Attribute("approximate", "none")]), 4 * Dim, Dim));
            if (!_body.FastWeightMemory) continue;
            string memory = string.Create(CultureInfo.InvariantCulture, $"mem_blocks.{i}.");
            string gate = _graph.Node("Tanh", [_graph.Weight(memory + "gate", _tensors.Values(memory + "gate", 1), 1)]);
            string remembered = Memory(i, Linear(memory + "qkv", Norm(memory + "norm", x), Dim, 3 * Dim));
            x = Sum(x, _graph.Node("Mul", [gate, Linear(memory + "proj", remembered, Dim, Dim)]));
        }

        Linear("head", Norm("norm", x), Dim, _body.Vocabulary, "logits");
    }

    /// <summary>
    /// Cosines and sines of the angles that a head is rotated by. An angle is a whole number of 2^-40 turns, so that it does not become
    /// less exact with the position, as a product of floats does.
    /// </summary>
    private (string Cosine, string Sine) Rotation()
    {
        long[] turns = [.. Enumerable.Range(0, HeadDim / 2).Select(Turns)];
        string phase = _graph.Node("BitwiseAnd", [
            _graph.Node("Mul", [_position, _graph.Vector(turns)]), _graph.Scalar((1L << TurnBits) - 1)]);
        string angle = _graph.Node("Mul", [
            _graph.Cast(phase, DataType.Float), _graph.Floats([(float)(Math.Tau / (1L << TurnBits))])]);
        string cosine = _graph.Node("Cos", [angle]), sine = _graph.Node("Sin", [angle]);
        return (_graph.Concat(0, cosine, cosine), _graph.Concat(0, _graph.Node("Neg", [sine]), sine));

        long Turns(int j)
        {
            double turn = Math.Pow(_body.RotaryBase, -2.0 * j / HeadDim) / Math.Tau;
            return (long)Math.Round((turn - Math.Floor(turn)) * (1L << TurnBits)) & ((1L << TurnBits) - 1);
        }
    }

    private string Attention(int layer, string qkv)
    {
        (string queriesAndKeys, string values) = _graph.Split(qkv, 1, 2 * Dim, Dim);
        string heads = _graph.Reshape(queriesAndKeys, 1, 2 * Heads, 1, HeadDim);
        (string left, string right) = _graph.Split(heads, 3, HeadDim / 2, HeadDim / 2);
        string rotated = Sum(
            _graph.Node("Mul", [heads, _cosine]), _graph.Node("Mul", [_graph.Concat(3, right, left), _sine]));
        (string query, string key) = _graph.Split(rotated, 1, Heads, Heads);
        string past = string.Create(CultureInfo.InvariantCulture, $"past_key_values.{layer}.");
        string present = string.Create(CultureInfo.InvariantCulture, $"present.{layer}.");
        return _attention == OnnxAttention.Standard
            ? Standard(query, key, _graph.Reshape(values, 1, Heads, 1, HeadDim), past, present)
            : GroupQuery(query, key, _graph.Reshape(values, 1, 1, Dim), past, present);
    }

    private string Standard(string query, string key, string value, string past, string present)
    {
        string keys = Longer("key", key), values = Longer("value", value);

        // K·qᵀ rather than q·Kᵀ: the keys need not be transposed.
        string scaled = _graph.Node("Mul", [query, _graph.Floats([1 / MathF.Sqrt(HeadDim)])]);
        string scores = _graph.Node("MatMul", [keys, _graph.Reshape(scaled, 1, Heads, HeadDim, 1)]);
        string weights = _graph.Node("Softmax", [_graph.Reshape(scores, 1, Heads, 1, -1)], [OnnxGraph.Attribute("axis", 3)]);
        return _graph.Reshape(_graph.Node("MatMul", [weights, values]), 1, Dim);

        string Longer(string kind, string one)
        {
            string earlier = _graph.Input(
                past + kind, DataType.Float, "Of the earlier positions. The length is 0 at first.", "past", 1, Heads, OnnxGraph.Unknown,
                HeadDim);
            _graph.Output(
                present + kind, "Of the earlier positions and this one: the past of the next step.", "total", 1, Heads, OnnxGraph.Unknown,
                HeadDim);
            return _graph.Node("Concat", [earlier, one], [OnnxGraph.Attribute("axis", 2)], present + kind);
        }
    }

    private string GroupQuery(string query, string key, string value, string past, string present)
    {
        foreach (string kind in (string[])["key", "value"])
        {
            _graph.Input(
                past + kind, DataType.Float, "A buffer for all positions. Those from this one on may hold anything.", "capacity", 1, Heads,
                OnnxGraph.Unknown, HeadDim);
            _graph.Output(
                present + kind, "The same buffer with this position. Bind the same memory for both.", "capacity", 1, Heads,
                OnnxGraph.Unknown, HeadDim);
        }

        string length = _graph.Cast(_position, DataType.Int32), total = _graph.Cast(Sum(_position, _graph.Vector(1)), DataType.Int32);
        string read = _graph.NewName("GroupQueryAttention");
        _graph.AddNode(
            "GroupQueryAttention",
            [
                _graph.Reshape(query, 1, 1, Dim), _graph.Reshape(key, 1, 1, Dim), value, past + "key", past + "value", length, total,
            ],
            [read, present + "key", present + "value"],
            [OnnxGraph.Attribute("num_heads", Heads), OnnxGraph.Attribute("kv_num_heads", Heads)], OnnxGraph.Microsoft);
        return _graph.Reshape(read, 1, Dim);
    }

    /// <summary>
    /// state += kᵀ·v, key_sum += k, read = q·state / (q·key_sum + ε), with q and k behind elu + 1.
    /// </summary>
    private string Memory(int layer, string qkv)
    {
        string past = string.Create(CultureInfo.InvariantCulture, $"past_memory.{layer}.");
        string present = string.Create(CultureInfo.InvariantCulture, $"present_memory.{layer}.");
        (string queriesAndKeys, string value) = _graph.Split(qkv, 1, 2 * Dim, Dim);
        string positive = Sum(_graph.Node("Elu", [queriesAndKeys]), _graph.Floats([1]));
        (string query, string key) = _graph.Split(positive, 1, Dim, Dim);

        string states = _graph.Input(
            past + "state", DataType.Float, "Sum over the earlier positions, 0 at first.", "", 1, Heads, HeadDim, HeadDim);
        string sums = _graph.Input(past + "key_sum", DataType.Float, "Sum over the earlier positions, 0 at first.", "", 1, Heads, HeadDim);
        _graph.Output(present + "state", "The sum with this position: the past of the next step.", "", 1, Heads, HeadDim, HeadDim);
        _graph.Output(present + "key_sum", "The sum with this position: the past of the next step.", "", 1, Heads, HeadDim);
        string added = _graph.Node("Mul", [_graph.Reshape(key, 1, Heads, HeadDim, 1), _graph.Reshape(value, 1, Heads, 1, HeadDim)]);
        string state = _graph.Node("Add", [states, added], name: present + "state");
        string sum = _graph.Node("Add", [sums, _graph.Reshape(key, 1, Heads, HeadDim)], name: present + "key_sum");

        string row = _graph.Reshape(query, 1, Heads, 1, HeadDim);
        string read = _graph.Node("MatMul", [row, state]), length = _graph.Node("MatMul", [row, _graph.Reshape(sum, 1, Heads, HeadDim, 1)]);
        return _graph.Reshape(_graph.Node("Div", [read, Sum(length, _graph.Floats([MemoryEpsilon]))]), 1, Dim);
    }

    private string Norm(string name, string x) => _graph.Node(
        "LayerNormalization",
        [
            x, _graph.Weight(name + ".weight", _tensors.Values(name + ".weight", Dim), Dim),
            _graph.Weight(name + ".bias", _tensors.Values(name + ".bias", Dim), Dim),
        ],
        [OnnxGraph.Attribute("axis", -1), OnnxGraph.Attribute("epsilon", NormEpsilon)]);

    private string Linear(string name, string x, int inputs, int outputs, string? output = null) =>
        _graph.Linear(_tensors, name, x, inputs, outputs, output);

    private string Sum(string x, string y) => _graph.Node("Add", [x, y]);
}
