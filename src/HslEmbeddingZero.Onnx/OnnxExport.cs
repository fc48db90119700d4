using System.Globalization;
using System.Reflection;
using Google.Protobuf;
using Onnx;
using DataType = Onnx.TensorProto.Types.DataType;

namespace HslEmbeddingZero;

/// <summary>Writes trained models as ONNX: one step of generation, with its cache in and out.</summary>
/// <remarks>
/// <para>
/// A step reads one position: a slot of the context, or one byte of the stream, which begins with a 0x00 byte. It returns the logits of the
/// next id. The weights are float32, whatever the model file has.
/// </para>
/// <para>
/// Inputs and outputs are described in the file. Its metadata has every entry of the model file, and: <c>onnx.attention</c> (standard or
/// group-query), <c>onnx.input</c> (ids or rows), <c>onnx.ids</c> (how many ids a step reads), <c>onnx.bytesPerSlot</c> (K) and
/// <c>onnx.tail</c> (pad or drop: what happens to an incomplete last slot; pad completes it with 0x00 bytes).
/// </para>
/// </remarks>
public static class OnnxExport
{
    /// <summary>Version of the standard operators, of 2023. It is the first with GELU.</summary>
    internal const int OperatorSet = 20;

    /// <summary>Version of the format that came with these operators.</summary>
    internal const int FormatVersion = 9;

    /// <summary>Bytes of weights that fit into a file beside its nodes: protobuf, which ONNX files are made of, ends at 2 GiB.</summary>
    internal const long MostWeightBytes = int.MaxValue - (64L << 20);

    /// <summary>Columns of a head must be a multiple of it for GroupQueryAttention.</summary>
    private const int GroupQueryColumns = 8;

    /// <summary>Writes a model file as an ONNX file.</summary>
    /// <param name="modelPath">
    /// A safetensors file that <c>ByteLanguageModel.Save</c> or <c>ByteDecoder.SaveInt8</c> has written, or the index of one in several
    /// files.
    /// </param>
    /// <param name="onnxPath">The new file; an existing one is replaced. It appears whole or not at all.</param>
    /// <param name="options">The form of the file; the defaults when null.</param>
    /// <exception cref="ArgumentException">
    /// An option is out of its range, or GroupQueryAttention cannot have the columns of a head of this model.
    /// </exception>
    /// <exception cref="SafetensorsException">
    /// The model file is damaged, is not a model file, does not fit its own description, or has more weights than an ONNX file can hold.
    /// The message names it, the value and the limit.
    /// </exception>
    /// <exception cref="IOException">A file cannot be found, read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">The program has no permission for a file.</exception>
    public static void Save(string modelPath, string onnxPath, OnnxExportOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        ArgumentException.ThrowIfNullOrEmpty(onnxPath);
        options ??= new();
        options.Validate();
        ModelProto model = Build(modelPath, options);
        AtomicFile.Write(onnxPath, (FileStream file) => model.WriteTo(file));
    }

    /// <summary>Makes the model in memory.</summary>
    internal static ModelProto Build(string path, OnnxExportOptions options, long mostWeightBytes = MostWeightBytes)
    {
        using var reader = SafetensorsReader.Open(path);
        var description = ModelDescription.Read(reader.Header, path, allowsInt8: true);
        RequireSize(path, reader.Header, mostWeightBytes);
        if (options.Attention == OnnxAttention.GroupQuery && description.Body.HeadDim % GroupQueryColumns != 0)
        {
            throw new ArgumentException(
                $"{path}: a head of the model has {description.Body.HeadDim} columns; GroupQueryAttention needs a multiple of "
                + $"{GroupQueryColumns}. Choose {nameof(OnnxAttention.Standard)}.", nameof(options));
        }

        ModelTensors tensors = new(path, reader);
        tensors.RequireNames();
        OnnxGraph graph = new();
        string row;
        if (options.Input == OnnxInput.Ids)
        {
            row = DoorGraph.Add(graph, tensors, description);
        }
        else
        {
            DoorGraph.Add(new(), tensors, description); // The weights of the door are checked, and left out.
            row = graph.Reshape(
                graph.Input("row", DataType.Float, "A slot or a stream position, as the door made it.", "", 1, 1, description.Body.Dim),
                1, description.Body.Dim);
        }

        BodyGraph.Add(graph, tensors, description.Body, options.Attention, row);
        tensors.RequireNoOther();

        graph.Graph.Name = "step";
        graph.Graph.DocString =
            "One step of a byte model: one position in, the logits of the next id and the cache of the next step out. First come the slots "
            + "of the context, then the stream, which begins with a 0x00 byte.";
        ModelProto model = new()
        {
            IrVersion = FormatVersion,
            ProducerName = "HslEmbeddingZero.Onnx",
            ProducerVersion = typeof(OnnxExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
                .InformationalVersion.Split('+')[0],
            Graph = graph.Graph,
        };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = OperatorSet });
        if (options.Attention == OnnxAttention.GroupQuery)
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = OnnxGraph.Microsoft, Version = 1 });
        Dictionary<string, string> metadata = Metadata(reader.Header, description, options);
        foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
        return model;
    }

    private static Dictionary<string, string> Metadata(SafetensorsHeader header, ModelDescription description, OnnxExportOptions options) =>
        new(header.Metadata)
        {
            ["onnx.attention"] = options.Attention == OnnxAttention.Standard ? "standard" : "group-query",
            ["onnx.input"] = options.Input == OnnxInput.Ids ? "ids" : "rows",
            ["onnx.ids"] = DoorGraph.IdsPerStep(description).ToString(CultureInfo.InvariantCulture),
            ["onnx.bytesPerSlot"] = description.BytesPerSlot.ToString(CultureInfo.InvariantCulture),
            ["onnx.tail"] = description.Tail == SlotTail.Pad ? "pad" : "drop",
        };

    private static void RequireSize(string path, SafetensorsHeader header, long mostWeightBytes)
    {
        long bytes = header.Tensors.Values.Sum(tensor => tensor.ByteCount / tensor.Dtype.Size() * sizeof(float));
        if (bytes <= mostWeightBytes) return;
        throw new SafetensorsException($"{path}: the weights take {bytes} bytes as float32; an ONNX file holds up to {mostWeightBytes}.");
    }
}
