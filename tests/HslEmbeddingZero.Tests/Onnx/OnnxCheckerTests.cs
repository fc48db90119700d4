using Google.Protobuf;
using HslEmbeddingZero.Tests.Inference;
using Onnx;
using AttributeType = Onnx.AttributeProto.Types.AttributeType;
using DataType = Onnx.TensorProto.Types.DataType;

namespace HslEmbeddingZero.Tests.Onnx;

/// <summary>The rules that the checker of the <c>onnx</c> package applies to a model.</summary>
public sealed class OnnxCheckerTests : IDisposable
{
    /// <summary>
    /// Of every operator that the export uses: fewest and most inputs, outputs, attributes; as the schemas of operator set 20 and of ONNX
    /// Runtime say.
    /// </summary>
    private static readonly Dictionary<string, (int Fewest, int Most, int Outputs, AttributeType Type, string[] Attributes)> Schemas = new()
    {
        ["Add"] = (2, 2, 1, default, []),
        ["BitShift"] = (2, 2, 1, AttributeType.String, ["direction"]),
        ["BitwiseAnd"] = (2, 2, 1, default, []),
        ["BitwiseXor"] = (2, 2, 1, default, []),
        ["Cast"] = (1, 1, 1, AttributeType.Int, ["to", "saturate"]),
        ["Concat"] = (1, int.MaxValue, 1, AttributeType.Int, ["axis"]),
        ["Cos"] = (1, 1, 1, default, []),
        ["Div"] = (2, 2, 1, default, []),
        ["Elu"] = (1, 1, 1, AttributeType.Float, ["alpha"]),
        ["Gather"] = (2, 2, 1, AttributeType.Int, ["axis"]),
        ["Gelu"] = (1, 1, 1, AttributeType.String, ["approximate"]),
        ["Gemm"] = (2, 3, 1, AttributeType.Int, ["transA", "transB"]),
        ["LayerNormalization"] = (2, 3, 3, AttributeType.Float, ["axis", "epsilon", "stash_type"]),
        ["Less"] = (2, 2, 1, default, []),
        ["MatMul"] = (2, 2, 1, default, []),
        ["Mul"] = (2, 2, 1, default, []),
        ["Neg"] = (1, 1, 1, default, []),
        ["OneHot"] = (3, 3, 1, AttributeType.Int, ["axis"]),
        ["ReduceMax"] = (1, 2, 1, AttributeType.Int, ["keepdims", "noop_with_empty_axes"]),
        ["ReduceMean"] = (1, 2, 1, AttributeType.Int, ["keepdims", "noop_with_empty_axes"]),
        ["Reshape"] = (2, 2, 1, AttributeType.Int, ["allowzero"]),
        ["Sin"] = (1, 1, 1, default, []),
        ["Slice"] = (3, 5, 1, default, []),
        ["Softmax"] = (1, 1, 1, AttributeType.Int, ["axis"]),
        ["Split"] = (1, 2, int.MaxValue, AttributeType.Int, ["axis", "num_outputs"]),
        ["Tanh"] = (1, 1, 1, default, []),
        ["Where"] = (3, 3, 1, default, []),
        ["com.microsoft.GroupQueryAttention"] = (7, 9, 3, AttributeType.Int, ["num_heads", "kv_num_heads"]),
    };

    private readonly TemporaryFolder _folder = new();
    private readonly HashSet<string> _used = [];

    private string ModelPath => _folder.PathOf("model.safetensors");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_export_keeps_the_rules()
    {
        foreach ((string arm, int dim) in
            ((string, int)[])[("zero", 96), ("embedding", 96), ("embedding-pooled", 32), ("one-hot", 256), ("projection-ngram", 32)])
        {
            using (ByteLanguageModel model = DecoderModels.Create(arm, dim: dim, heads: 2)) model.Save(ModelPath);
            foreach (OnnxAttention attention in Enum.GetValues<OnnxAttention>())
                foreach (OnnxInput input in Enum.GetValues<OnnxInput>()) Check(Exported(new() { Attention = attention, Input = input }));
        }

        Assert.Empty(Schemas.Keys.Except(_used)); // An operator that is listed for nothing.
    }

    [Fact]
    public void Equal_exports_have_equal_bytes()
    {
        using (ByteLanguageModel model = DecoderModels.Create(dim: 96, heads: 2)) model.Save(ModelPath);
        Assert.Equal(Exported(new()).ToByteArray(), Exported(new()).ToByteArray());
    }

    private ModelProto Exported(OnnxExportOptions options) =>
        ModelProto.Parser.ParseFrom(OnnxExport.Build(ModelPath, options).ToByteArray());

    private void Check(ModelProto model)
    {
        Assert.Equal((9, "HslEmbeddingZero.Onnx"), (model.IrVersion, model.ProducerName)); // IR 9 came with operator set 20
        Assert.Matches(@"^\d+\.\d+\.\d+", model.ProducerVersion);
        var versions = model.OpsetImport.ToDictionary(set => set.Domain, set => set.Version);
        Assert.Equal(20, versions[""]);
        Assert.Equal(model.MetadataProps.Count, model.MetadataProps.Select(entry => entry.Key).Distinct().Count());
        GraphProto graph = model.Graph;
        Assert.NotEmpty(graph.Name);
        Assert.NotEmpty(graph.DocString);
        Assert.Equal(versions.Keys.Order(), graph.Node.Select(node => node.Domain).Distinct().Order());

        HashSet<string> known = [], used = [];
        foreach (ValueInfoProto input in graph.Input) Declare(input);
        foreach (TensorProto tensor in graph.Initializer)
        {
            Assert.True(known.Add(tensor.Name), tensor.Name);
            CheckTensor(tensor);
        }

        Assert.Equal(graph.Node.Count, graph.Node.Select(node => node.Name).Distinct().Count());
        foreach (NodeProto node in graph.Node)
        {
            CheckNode(node);
            foreach (string input in node.Input.Where(name => name.Length > 0))
            {
                Assert.True(known.Contains(input), $"{node.Name} reads {input}, which is not computed before.");
                used.Add(input);
            }

            foreach (string output in node.Output) Assert.True(known.Add(output), $"{output} is computed twice.");
        }

        foreach (ValueInfoProto output in graph.Output)
        {
            CheckDeclaration(output);
            Assert.Contains(graph.Node, node => node.Output.Contains(output.Name));
            used.Add(output.Name);
        }

        Assert.Empty(known.Except(used)); // inputs, constants and results that nothing reads

        void Declare(ValueInfoProto input)
        {
            CheckDeclaration(input);
            Assert.True(known.Add(input.Name), input.Name);
        }
    }

    private static void CheckDeclaration(ValueInfoProto value)
    {
        Assert.NotEmpty(value.Name);
        Assert.NotEmpty(value.DocString);
        TypeProto.Types.Tensor type = value.Type.TensorType;
        Assert.NotEqual((int)DataType.Undefined, type.ElemType);
        Assert.NotEmpty(type.Shape.Dim);
        Assert.All(type.Shape.Dim, size => Assert.True(size.DimValue > 0 || size.DimParam is { Length: > 0 }, value.Name));
    }

    private static void CheckTensor(TensorProto tensor)
    {
        int size = (DataType)tensor.DataType switch
        {
            DataType.Float => sizeof(float),
            DataType.Int64 or DataType.Uint64 => sizeof(long),
            _ => throw new InvalidDataException($"{tensor.Name} is of type {tensor.DataType}."),
        };
        Assert.Equal(tensor.Dims.Aggregate((long)size, (bytes, count) => bytes * count), tensor.RawData.Length);
        Assert.Equal(0, tensor.FloatData.Count + tensor.Int64Data.Count + tensor.Uint64Data.Count);
    }

    private void CheckNode(NodeProto node)
    {
        string name = node.Domain.Length == 0 ? node.OpType : $"{node.Domain}.{node.OpType}";
        _used.Add(name);
        Assert.Contains(name, Schemas.Keys);
        (int fewest, int most, int outputs, AttributeType type, string[] attributes) = Schemas[name];
        Assert.InRange(node.Input.Count, fewest, most);
        Assert.InRange(node.Output.Count, 1, outputs);
        Assert.Equal(node.Attribute.Count, node.Attribute.Select(attribute => attribute.Name).Distinct().Count());
        foreach (AttributeProto attribute in node.Attribute)
        {
            Assert.Contains(attribute.Name, attributes);
            Assert.Equal(attribute.Name == "axis" ? AttributeType.Int : type, attribute.Type);
            Assert.Equal(0, attribute.Floats.Count + attribute.Ints.Count + attribute.Strings.Count);
            Assert.True(attribute.Type == AttributeType.Int || attribute.I == 0, name);
            Assert.True(attribute.Type == AttributeType.Float || attribute.F == 0, name);
            Assert.True(attribute.Type == AttributeType.String || attribute.S.IsEmpty, name);
        }
    }
}
