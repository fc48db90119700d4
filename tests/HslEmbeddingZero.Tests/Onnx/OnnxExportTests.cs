using HslEmbeddingZero.Samples;
using HslEmbeddingZero.Tests.Inference;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Onnx;

/// <summary>Exported models in ONNX Runtime against the decoder in plain C#.</summary>
public sealed class OnnxExportTests : IDisposable
{
    private const double Close = 1e-4;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Arms => [.. DoorArms.Names];

    public static TheoryData<OnnxAttention> Attentions => [.. Enum.GetValues<OnnxAttention>()];

    private static string ShippedModel => Path.Combine(AppContext.BaseDirectory, "weights", "holo-zero-small.safetensors");

    private string ModelPath => _folder.PathOf("model.safetensors");

    private string OnnxPath => _folder.PathOf("model.onnx");

    public void Dispose() => _folder.Dispose();

    /// <summary>The contexts end with an incomplete slot, and the ids are of all kinds.</summary>
    [Theory]
    [MemberData(nameof(Arms))]
    public void A_model_of_every_arm_gives_the_decoders_logits(string arm)
    {
        foreach ((OnnxAttention attention, SlotTail tail) in
            ((OnnxAttention, SlotTail)[])[(OnnxAttention.Standard, SlotTail.Pad), (OnnxAttention.GroupQuery, SlotTail.Drop)])
        {
            Saved(arm, tail).Dispose();
            var decoder = ByteDecoder.Load(ModelPath);
            using OnnxModel model = Exported(new() { Attention = attention });
            Assert.Equal((decoder.BytesPerSlot, tail == SlotTail.Drop), (model.BytesPerSlot, model.DropsTail));
            short[] context = DecoderModels.Ids(23, 1), stream = DecoderModels.Ids(5, 2), rest = DecoderModels.Ids(30, 3);
            using IByteGenerator expected = decoder.CreateGenerator(context, stream);
            using IByteGenerator actual = model.CreateGenerator(context, stream);
            Assert.InRange(DecoderModels.Difference(expected, actual, rest), 0, Close);
            Assert.Equal([.. context, .. stream, .. rest], actual.Ids.ToArray());
        }
    }

    /// <summary>Codes of 8 bytes fill a word, and fewer columns than 64 take its lowest bits.</summary>
    [Theory]
    [InlineData(false, 7)]
    [InlineData(true, 8)]
    public void N_gram_codes_of_every_order_have_the_decoders_bits(bool withPrevious, int lookBack)
    {
        NgramCodes ngrams = new()
        {
            Orders = [2, 3, 5, 8],
            ColumnsPerOrder = 37,
            Amplitude = 0.75f,
            InSlots = true,
            WithPrevious = withPrevious,
        };
        ByteTransformerOptions body = new() { Dim = 384, Layers = 1, Heads = 4, FastWeightMemory = false };
        using (ByteLanguageModel model = new(new ZeroDoor(3, 384, ngrams: ngrams), new ByteTransformer(body)))
        {
            model.ResetParameters(5);
            model.Save(ModelPath);
        }

        using OnnxModel exported = Exported();
        Assert.Equal(3 + lookBack, exported.IdsPerStep);
        using IByteGenerator expected = ByteDecoder.Load(ModelPath).CreateGenerator(DecoderModels.Ids(40, 1));
        using IByteGenerator actual = exported.CreateGenerator(DecoderModels.Ids(40, 1), []);
        Assert.InRange(DecoderModels.Difference(expected, actual, DecoderModels.Ids(80, 2)), 0, Close);
    }

    /// <summary>The angles of the rotation are exact, and the buffers grow.</summary>
    [Theory]
    [MemberData(nameof(Attentions))]
    public void A_stream_of_2200_positions_gives_the_decoders_logits(OnnxAttention attention)
    {
        using ByteLanguageModel saved = Saved(dim: 96, heads: 2);
        using OnnxModel model = Exported(new() { Attention = attention });
        short[] stream = DecoderModels.Ids(2200, 1), rest = DecoderModels.Ids(3, 2);
        using IByteGenerator expected = ByteDecoder.Load(ModelPath).CreateGenerator([], stream);
        using IByteGenerator actual = model.CreateGenerator([], stream);
        Assert.InRange(DecoderModels.Difference(expected, actual, rest), 0, Close);
    }

    [Theory]
    [MemberData(nameof(Attentions))]
    public void The_shipped_model_writes_the_decoders_300_bytes(OnnxAttention attention)
    {
        OnnxExport.Save(ShippedModel, OnnxPath, new() { Attention = attention });
        using var model = OnnxModel.Load(OnnxPath);
        using IByteGenerator actual = model.CreateTextGenerator("The history of the city"u8);
        using IByteGenerator expected = ByteDecoder.Load(ShippedModel).CreateTextGenerator("The history of the city"u8);
        GenerationOptions greedy = new() { Temperature = 0 };
        for (int i = 0; i < 300; i++)
        {
            Assert.InRange(DecoderModels.Difference(expected, actual, []), 0, Close);
            byte next = expected.Generate(1, greedy).Single();
            Assert.Equal(next, actual.Generate(1, greedy).Single());
        }
    }

    [Theory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.Float64)]
    public void Weights_of_other_types_are_widened(ScalarType dtype)
    {
        Saved("embedding", dtype: dtype).Dispose();
        using OnnxModel model = Exported();
        RequireDecodersLogits(model, ModelPath);
    }

    [Fact]
    public void Int8_weights_are_multiplied_by_their_scales()
    {
        Saved("projection-ngram").Dispose();
        string int8 = _folder.PathOf("int8.safetensors");
        ByteDecoder.SaveInt8(ModelPath, int8);
        OnnxExport.Save(int8, OnnxPath);
        using var model = OnnxModel.Load(OnnxPath);
        RequireDecodersLogits(model, int8);
    }

    [Fact]
    public void A_body_without_memory_has_no_memory_in_the_graph()
    {
        using (ByteLanguageModel model = DecoderModels.Create(hasMemory: false)) model.Save(ModelPath);
        using OnnxModel exported = Exported();
        Assert.DoesNotContain(exported.Session.InputNames, name => name.Contains("memory", StringComparison.Ordinal));
        RequireDecodersLogits(exported, ModelPath);
    }

    [Theory]
    [MemberData(nameof(Attentions))]
    public void Rows_of_the_door_outside_give_the_decoders_logits(OnnxAttention attention)
    {
        using ByteLanguageModel model = Saved("projection-ngram");
        OnnxExport.Save(ModelPath, OnnxPath, new() { Attention = attention, Input = OnnxInput.Rows });
        Assert.DoesNotContain(Read().Graph.Initializer, tensor => tensor.Name.StartsWith("door.", StringComparison.Ordinal));
        Assert.Contains("export it with ids", Assert.Throws<InvalidDataException>(() => OnnxModel.Load(OnnxPath)).Message,
            StringComparison.Ordinal);

        short[] context = DecoderModels.Ids(12, 1), stream = DecoderModels.Ids(9, 2);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable inference = inference_mode();
        Tensor slots = model.Door.forward(tensor(context).unsqueeze(0));
        Tensor positions = model.Door.Stream(tensor((short[])[0, .. stream]).unsqueeze(0));
        float[] rows = [.. cat([slots[0], positions[0]], 0).data<float>()];
        var decoder = ByteDecoder.Load(ModelPath);
        using DecoderGenerator expected = decoder.CreateGenerator(context, stream);
        float[] actual = LogitsAfter(rows, decoder.Body.Dim);
        for (int id = 0; id < ByteIds.Count; id++) Assert.InRange(actual[id], expected.Logits[id] - Close, expected.Logits[id] + Close);
    }

    [Fact]
    public void The_metadata_says_what_the_model_file_says_and_how_to_run_it()
    {
        using (ByteLanguageModel model = DecoderModels.Create("zero-ngram", tail: SlotTail.Drop))
            model.Save(ModelPath, metadata: new Dictionary<string, string> { ["card"] = "mine", ["name"] = "한국어" });
        OnnxExport.Save(ModelPath, OnnxPath, new() { Attention = OnnxAttention.GroupQuery });
        var metadata = Read().MetadataProps.ToDictionary(entry => entry.Key, entry => entry.Value);
        foreach ((string key, string value) in Safetensors.ReadHeader(ModelPath).Metadata) Assert.Equal(value, metadata[key]);
        Assert.Equal("mine", metadata["card"]);
        Assert.Contains("\"arm\":\"zero-ngram\"", metadata["door"], StringComparison.Ordinal);
        Assert.Contains("\"heads\":8", metadata["body"], StringComparison.Ordinal);
        Assert.Equal(
            ("group-query", "ids", "6", "3", "drop"),
            (metadata["onnx.attention"], metadata["onnx.input"], metadata["onnx.ids"], metadata["onnx.bytesPerSlot"],
                metadata["onnx.tail"]));
    }

    [Fact]
    public void What_is_no_model_file_is_refused_and_leaves_nothing_behind()
    {
        using (ByteLanguageModel model = Saved()) model.SaveWeights(_folder.PathOf("weights.safetensors"));
        byte[] whole = File.ReadAllBytes(ModelPath);
        Refused(_folder.PathOf("weights.safetensors"), "not a model file");
        Refused(_folder.Write("cut.safetensors", whole[..^1]), "data");
        Refused(_folder.Write("model.pt", [0x50, 0x4B, 3, 4, .. new byte[100]]), "zip archive");
        Refused(_folder.FullName, "folder");
        Assert.Throws<FileNotFoundException>(() => OnnxExport.Save(_folder.PathOf("none.safetensors"), OnnxPath));

        Dictionary<string, Tensor> tensors = new(Safetensors.Load(ModelPath)) { ["door.more"] = zeros(1) };
        Safetensors.Save(_folder.PathOf("more.safetensors"), tensors, Safetensors.ReadHeader(ModelPath).Metadata);
        foreach (Tensor tensor in tensors.Values) tensor.Dispose();
        Refused(_folder.PathOf("more.safetensors"), "'door.more' is extra");
        Assert.Throws<SafetensorsException>(
            () => OnnxExport.Save(_folder.PathOf("more.safetensors"), OnnxPath, new() { Input = OnnxInput.Rows }));
        Assert.False(File.Exists(OnnxPath));

        void Refused(string path, string message)
        {
            string said = Assert.Throws<SafetensorsException>(() => OnnxExport.Save(path, OnnxPath)).Message;
            Assert.StartsWith(path, said, StringComparison.Ordinal);
            Assert.Contains(message, said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_that_cannot_be_written_leaves_the_old_one()
    {
        Saved().Dispose();
        Assert.Throws<DirectoryNotFoundException>(() => OnnxExport.Save(ModelPath, _folder.PathOf("none/model.onnx")));
        File.WriteAllText(OnnxPath, "old");
        string temporary = _folder.Make(".model.onnx.tmp"); // where the new file would be written first
        Assert.ThrowsAny<Exception>(() => OnnxExport.Save(ModelPath, OnnxPath));
        Assert.Equal("old", File.ReadAllText(OnnxPath));
        Directory.Delete(temporary);
        OnnxExport.Save(ModelPath, OnnxPath);
        Assert.Equal([OnnxPath, ModelPath], Directory.GetFiles(_folder.FullName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_model_that_is_too_large_for_the_format_is_refused()
    {
        Saved().Dispose();
        SafetensorsException error = Assert.Throws<SafetensorsException>(() => OnnxExport.Build(ModelPath, new(), mostWeightBytes: 1000));
        Assert.Matches("the weights take [0-9]+ bytes as float32; an ONNX file holds up to 1000.", error.Message);
    }

    [Fact]
    public void Bad_options_are_refused()
    {
        Saved(dim: 108, heads: 9).Dispose();
        Assert.Throws<ArgumentException>(() => OnnxExport.Save("", OnnxPath));
        Assert.Throws<ArgumentException>(() => OnnxExport.Save(ModelPath, ""));
        Assert.Throws<ArgumentOutOfRangeException>(() => OnnxExport.Save(ModelPath, OnnxPath, new() { Attention = (OnnxAttention)2 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => OnnxExport.Save(ModelPath, OnnxPath, new() { Input = (OnnxInput)2 }));
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => OnnxExport.Save(ModelPath, OnnxPath, new() { Attention = OnnxAttention.GroupQuery }));
        Assert.Contains(
            "a head of the model has 12 columns; GroupQueryAttention needs a multiple of 8.", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(OnnxPath));
        using OnnxModel model = Exported();
        RequireDecodersLogits(model, ModelPath);
    }

    private ModelProto Read() => ModelProto.Parser.ParseFrom(File.ReadAllBytes(OnnxPath));

    private ByteLanguageModel Saved(
        string arm = "zero", SlotTail tail = SlotTail.Pad, int dim = 320, int heads = 8, ScalarType dtype = ScalarType.Float32)
    {
        ByteLanguageModel model = DecoderModels.Create(arm, tail: tail, dim: dim, heads: heads, dtype: dtype);
        model.Save(ModelPath);
        return model;
    }

    private OnnxModel Exported(OnnxExportOptions? options = null)
    {
        OnnxExport.Save(ModelPath, OnnxPath, options);
        return OnnxModel.Load(OnnxPath);
    }

    private static void RequireDecodersLogits(OnnxModel model, string modelPath)
    {
        using IByteGenerator expected = ByteDecoder.Load(modelPath).CreateGenerator(DecoderModels.Ids(20, 1));
        using IByteGenerator actual = model.CreateGenerator(DecoderModels.Ids(20, 1), []);
        Assert.InRange(DecoderModels.Difference(expected, actual, DecoderModels.Ids(20, 2)), 0, Close);
    }

    /// <summary>Runs the graph for rows of the door, and gives the outputs of each step to the next one.</summary>
    private float[] LogitsAfter(float[] rows, int dim)
    {
        const int capacity = 32;
        using InferenceSession session = new(OnnxPath);
        using RunOptions run = new();
        bool isGroupQuery = session.ModelMetadata.CustomMetadataMap["onnx.attention"] == "group-query";
        var past = session.InputNames.Where(name => name.StartsWith("past_", StringComparison.Ordinal)).ToDictionary(
            name => name, name => new float[Shape(name, isGroupQuery ? capacity : 0).Aggregate((a, b) => a * b)]);
        float[] logits = [];
        for (int position = 0; position < rows.Length / dim; position++)
        {
            var inputs = past.ToDictionary(
                pair => pair.Key,
                pair => OrtValue.CreateTensorValueFromMemory(pair.Value, Shape(pair.Key, isGroupQuery ? capacity : position)));
            inputs["row"] = OrtValue.CreateTensorValueFromMemory(rows[(position * dim)..((position + 1) * dim)], [1, 1, dim]);
            inputs["position"] = OrtValue.CreateTensorValueFromMemory<long>([position], [1]);
            using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, inputs, session.OutputNames);
            foreach ((string name, OrtValue value) in session.OutputNames.Zip(outputs))
            {
                float[] values = value.GetTensorDataAsSpan<float>().ToArray();
                if (name == "logits") logits = values;
                else past[name.Replace("present.", "past_key_values.", StringComparison.Ordinal)
                    .Replace("present_", "past_", StringComparison.Ordinal)] = values;
            }

            foreach (OrtValue input in inputs.Values) input.Dispose();
        }

        return logits;

        long[] Shape(string name, long positions) =>
            [.. session.InputMetadata[name].Dimensions.Select(size => size < 0 ? positions : size)];
    }
}
