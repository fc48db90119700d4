using System.Buffers.Binary;
using System.Globalization;
using Google.Protobuf;
using Onnx;
using DataType = Onnx.TensorProto.Types.DataType;

namespace HslEmbeddingZero;

/// <summary>
/// A graph in the making: inputs, outputs, nodes in the order of computation, and constants. Values are known by their names.
/// </summary>
internal sealed class OnnxGraph
{
    /// <summary>A dimension in a shape that is known only when the graph runs.</summary>
    public const int Unknown = -1;

    /// <summary>Domain of the operators that only ONNX Runtime has.</summary>
    public const string Microsoft = "com.microsoft";

    private readonly Dictionary<string, string> _constants = new(StringComparer.Ordinal);
    private int _names;

    /// <summary>What has been added.</summary>
    public GraphProto Graph { get; } = new();

    /// <summary>Declares an input.</summary>
    /// <returns>Its name.</returns>
    public string Input(string name, DataType type, string description, string unknown, params ReadOnlySpan<int> shape)
    {
        Graph.Input.Add(Declaration(name, type, description, unknown, shape));
        return name;
    }

    /// <summary>Declares an output: a node must have this name.</summary>
    public void Output(string name, string description, string unknown, params ReadOnlySpan<int> shape) =>
        Graph.Output.Add(Declaration(name, DataType.Float, description, unknown, shape));

    /// <summary>Adds a node with one output.</summary>
    /// <param name="operation">The operator.</param>
    /// <param name="inputs">Names of its inputs.</param>
    /// <param name="attributes">Its attributes.</param>
    /// <param name="name">Name of the output; null for a new one.</param>
    /// <returns>Name of the output.</returns>
    public string Node(
        string operation, ReadOnlySpan<string> inputs, ReadOnlySpan<AttributeProto> attributes = default, string? name = null)
    {
        name ??= NewName(operation);
        AddNode(operation, inputs, [name], attributes);
        return name;
    }

    /// <summary>Adds a node.</summary>
    public void AddNode(
        string operation, ReadOnlySpan<string> inputs, ReadOnlySpan<string> outputs, ReadOnlySpan<AttributeProto> attributes,
        string domain = "")
    {
        NodeProto node = new() { Name = NewName("node"), OpType = operation, Domain = domain };
        foreach (string input in inputs) node.Input.Add(input);
        foreach (string output in outputs) node.Output.Add(output);
        foreach (AttributeProto attribute in attributes) node.Attribute.Add(attribute);
        Graph.Node.Add(node);
    }

    /// <summary>A tensor of the model under its own name.</summary>
    public string Weight(string name, float[] values, params ReadOnlySpan<int> shape)
    {
        byte[] data = new byte[values.Length * sizeof(float)];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(data.AsSpan(i * sizeof(float)), values[i]);
        return AddTensor(name, DataType.Float, data, shape);
    }

    /// <summary>A constant. Equal ones are stored once.</summary>
    public string Floats(float[] values, params ReadOnlySpan<int> shape)
    {
        string key = $"float {string.Join(' ', shape.ToArray())}: {string.Join(' ', values.Select(BitConverter.SingleToUInt32Bits))}";
        if (!_constants.TryGetValue(key, out string? name)) _constants[key] = name = Weight(NewName("constant"), values, shape);
        return name;
    }

    /// <inheritdoc cref="Floats"/>
    /// <remarks>The type has 64 bits, signed or unsigned.</remarks>
    public string Integers(long[] values, DataType type = DataType.Int64, params ReadOnlySpan<int> shape)
    {
        string key = $"{type} {string.Join(' ', shape.ToArray())}: {string.Join(' ', values)}";
        if (_constants.TryGetValue(key, out string? name)) return name;
        byte[] data = new byte[values.Length * sizeof(long)];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(i * sizeof(long)), values[i]);
        return _constants[key] = AddTensor(NewName("constant"), type, data, shape);
    }

    /// <summary>A linear layer of the model: x·Wᵀ + b, [1, outputs].</summary>
    public string Linear(ModelTensors tensors, string name, string x, int inputs, int outputs, string? output = null)
    {
        string weight = Weight(name + ".weight", tensors.Values(name + ".weight", outputs, inputs), outputs, inputs);
        string bias = Weight(name + ".bias", tensors.Values(name + ".bias", outputs), outputs);
        return Node("Gemm", [x, weight, bias], [Attribute("transB", 1)], output);
    }

    /// <summary>A constant vector of whole numbers.</summary>
    public string Vector(params long[] values) => Integers(values, DataType.Int64, values.Length);

    /// <summary>A constant whole number.</summary>
    public string Scalar(long value, DataType type = DataType.Int64) => Integers([value], type);

    public string Reshape(string x, params long[] shape) => Node("Reshape", [x, Vector(shape)]);

    public string Cast(string x, DataType type) => Node("Cast", [x], [Attribute("to", (long)type)]);

    /// <summary>The rows of a table that indices name.</summary>
    public string Gather(string table, string indices) => Node("Gather", [table, indices], [Attribute("axis", 0)]);

    public string Concat(int axis, params ReadOnlySpan<string> parts) => Node("Concat", parts, [Attribute("axis", axis)]);

    /// <summary>A part of the first dimension.</summary>
    public string Slice(string x, int from, int to) => Node("Slice", [x, Vector(from), Vector(to), Vector(0)]);

    /// <summary>Divides a dimension into two parts.</summary>
    public (string First, string Second) Split(string x, int axis, int first, int second)
    {
        (string one, string other) = (NewName("Split"), NewName("Split"));
        AddNode("Split", [x, Vector(first, second)], [one, other], [Attribute("axis", axis)]);
        return (one, other);
    }

    public static AttributeProto Attribute(string name, long value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    public static AttributeProto Attribute(string name, float value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = value };

    public static AttributeProto Attribute(string name, string value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(value) };

    /// <summary>A name that nothing in the graph has: no weight, input or output ends in an underscore and a number.</summary>
    public string NewName(string kind) => string.Create(CultureInfo.InvariantCulture, $"{kind}_{_names++}");

    private string AddTensor(string name, DataType type, byte[] data, ReadOnlySpan<int> shape)
    {
        TensorProto tensor = new() { Name = name, DataType = (int)type, RawData = UnsafeByteOperations.UnsafeWrap(data) };
        foreach (int size in shape) tensor.Dims.Add(size);
        Graph.Initializer.Add(tensor);
        return name;
    }

    private static ValueInfoProto Declaration(string name, DataType type, string description, string unknown, ReadOnlySpan<int> shape)
    {
        TensorShapeProto sizes = new();
        foreach (int size in shape)
        {
            sizes.Dim.Add(size == Unknown
                ? new TensorShapeProto.Types.Dimension { DimParam = unknown } : new TensorShapeProto.Types.Dimension { DimValue = size });
        }

        return new()
        {
            Name = name,
            DocString = description,
            Type = new() { TensorType = new() { ElemType = (int)type, Shape = sizes } },
        };
    }
}
