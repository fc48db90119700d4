using System.IO.Compression;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Inference;

/// <summary>Files that are no models, or damaged ones, are refused with what is wrong.</summary>
public sealed class DecoderFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string ModelPath => _folder.PathOf("model.safetensors");

    public DecoderFileTests()
    {
        using ByteLanguageModel model = DecoderModels.Create(dim: 96, heads: 2);
        model.Save(ModelPath, metadata: new Dictionary<string, string> { ["card"] = "mine" });
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_metadata_of_the_file_is_there()
    {
        var decoder = ByteDecoder.Load(ModelPath);
        Assert.Equal("mine", decoder.Metadata["card"]);
        Assert.Equal((96, 2, 3), (decoder.Body.Dim, decoder.Body.Heads, decoder.BytesPerSlot));
        Assert.Equal(new ByteDecoderOptions(), decoder.Options);
    }

    [Theory]
    [InlineData("zero")]
    [InlineData("projection")]
    [InlineData("embedding-pooled")]
    [InlineData("zero-ngram")]
    public void Arm_codes_and_parameters_are_those_of_the_model(string arm)
    {
        using ByteLanguageModel model = DecoderModels.Create(arm);
        model.Save(ModelPath);
        Same(ByteDecoder.Load(ModelPath));
        string int8 = _folder.PathOf("int8.safetensors");
        ByteDecoder.SaveInt8(ModelPath, int8);
        Same(ByteDecoder.Load(int8)); // scales are no parameters

        void Same(ByteDecoder decoder)
        {
            Assert.Equal(arm, decoder.Arm);
            Assert.Equal(model.Door.Ngrams, decoder.Ngrams);
            Assert.Equal(model.Door.LearnedParameters, decoder.DoorParameterCount);
            Assert.Equal(model.parameters().Sum(weight => weight.numel()), decoder.ParameterCount);
        }
    }

    [Fact]
    public void A_stream_gives_the_same_model_as_its_file()
    {
        byte[] whole = File.ReadAllBytes(ModelPath);
        using MemoryStream behindOthers = new([1, 2, 3, .. whole]);
        behindOthers.Position = 3;
        Same(ByteDecoder.Load(behindOthers));
        Assert.True(behindOthers.CanRead); // it stays open

        using MemoryStream packed = new();
        using (GZipStream zip = new(packed, CompressionLevel.Fastest, leaveOpen: true)) zip.Write(whole);
        packed.Position = 0;
        using GZipStream unseekable = new(packed, CompressionMode.Decompress);
        Same(ByteDecoder.Load(unseekable, new() { Weights = DecoderPrecision.Float32 }));

        void Same(ByteDecoder decoder)
        {
            short[] ids = DecoderModels.Ids(20, seed: 2);
            using DecoderGenerator expected = ByteDecoder.Load(ModelPath).CreateGenerator(ids), actual = decoder.CreateGenerator(ids);
            Assert.Equal(DecoderModels.Bits(expected, ids), DecoderModels.Bits(actual, ids));
        }
    }

    [Fact]
    public void A_stream_that_is_no_model_is_refused()
    {
        byte[] whole = File.ReadAllBytes(ModelPath);
        Assert.Contains("the model's stream: the header length is", Said(new MemoryStream(whole[..400])), StringComparison.Ordinal);
        Assert.Contains("the model's stream: the file is 0 bytes long", Said(new MemoryStream()), StringComparison.Ordinal);
        using (FileStream cut = File.Create(_folder.PathOf("cut.safetensors")))
        {
            cut.Write(whole, 0, whole.Length - 1);
            cut.Position = 0;
            Assert.StartsWith($"{cut.Name}: ", Said(cut), StringComparison.Ordinal);
        }

        MemoryStream closed = new();
        closed.Dispose();
        Assert.Throws<ArgumentException>("stream", () => ByteDecoder.Load(closed));
        Assert.Throws<ArgumentOutOfRangeException>(() => ByteDecoder.Load(new MemoryStream(whole), new() { Threads = 0 }));

        static string Said(Stream stream) => Assert.Throws<SafetensorsException>(() => ByteDecoder.Load(stream)).Message;
    }

    [Fact]
    public void A_tensor_that_is_missing_extra_or_of_another_shape_or_type_is_named()
    {
        // The number of parameters is right in each, so that the description fits.
        Refused("'norm.weight' is missing.", tensors => Rename(tensors, "norm.weight", "norm.scale_"));
        Refused("'norm.bias' is [2, 48]; such a model has [96].", tensors => Replace(tensors, "norm.bias", bias => bias.view(2, 48)));
        Refused("'head.bias' is of type Int32; weights are of floating types, and matrices also of Int8.",
            tensors => Replace(tensors, "head.bias", bias => bias.to(ScalarType.Int32)));
        Refused("'norm.bias' is of type Int8;", tensors => Replace(tensors, "norm.bias", bias => bias.to(ScalarType.Int8)));
        Refused("'head.weight.scale' is missing.", tensors => Replace(tensors, "head.weight", weight => weight.to(ScalarType.Int8)));
        Refused("'door.more' is extra: such a model has no tensor of this name.", tensors => tensors.Add("door.more", zeros(1)));
        Refused("in Python, save model.module.state_dict()", tensors =>
        {
            foreach (string name in tensors.Keys.ToArray()) Rename(tensors, name, "module." + name);
        });
    }

    [Fact]
    public void A_weight_that_is_not_finite_is_an_error_and_no_text()
    {
        string path = Changed(tensors => Replace(tensors, "head.weight", weight => weight.fill_(float.NaN)));
        using DecoderGenerator generator = ByteDecoder.Load(path).CreateGenerator([]);
        Assert.Throws<NotFiniteNumberException>(() => generator.Logits.Length);
        Assert.Throws<NotFiniteNumberException>(() => generator.Generate(3).Count());
        const string message = "tensor 'head.weight': a weight is NaN, which int8 cannot hold.";
        Assert.Contains(message, Assert.Throws<SafetensorsException>(
            () => ByteDecoder.Load(path, new() { Weights = DecoderPrecision.Int8 })).Message, StringComparison.Ordinal);
        string copy = _folder.PathOf("int8.safetensors");
        SafetensorsException error = Assert.Throws<SafetensorsException>(() => ByteDecoder.SaveInt8(path, copy));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(copy));
    }

    [Fact]
    public void Other_files_are_refused_with_advice()
    {
        Assert.Throws<FileNotFoundException>(() => ByteDecoder.Load(_folder.PathOf("none.safetensors")));
        string weights = _folder.PathOf("weights.safetensors");
        using (ByteLanguageModel model = DecoderModels.Create(dim: 96, heads: 2)) model.SaveWeights(weights);
        Assert.Contains("not a model file", Message(weights), StringComparison.Ordinal);
        Assert.Contains("zip archive", Message(_folder.Write("model.pt", [0x50, 0x4B, 3, 4, .. new byte[100]])), StringComparison.Ordinal);
        Assert.Contains("folder", Message(_folder.FullName), StringComparison.Ordinal);
    }

    /// <summary>Every change of a byte of the header, and cuts everywhere, give a model or an error of the file.</summary>
    [Fact]
    public void Damaged_files_are_refused_and_never_crash()
    {
        byte[] whole = File.ReadAllBytes(ModelPath);
        int header = 8 + (int)BitConverter.ToInt64(whole, 0);
        Random random = new(1);
        int refused = 0;
        for (int i = 0; i < 400; i++)
        {
            byte[] damaged = (byte[])whole.Clone();
            if (i % 8 == 0) damaged = damaged[..random.Next(damaged.Length)];
            else damaged[random.Next(header)] = (byte)random.Next(256);
            string path = _folder.Write("damaged.safetensors", damaged);
            try
            {
                using DecoderGenerator generator = ByteDecoder.Load(path).CreateGenerator([1, 2], [3]);
                Assert.Equal(ByteIds.Count, generator.Logits.Length);
            }
            catch (SafetensorsException error)
            {
                Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.InRange(refused, 200, 400);
    }

    private static string Message(string path) => Assert.Throws<SafetensorsException>(() => ByteDecoder.Load(path)).Message;

    private void Refused(string message, Action<Dictionary<string, Tensor>> change)
    {
        string path = Changed(change);
        string said = Message(path);
        Assert.StartsWith($"{path}: ", said, StringComparison.Ordinal);
        Assert.Contains(message, said, StringComparison.Ordinal);
    }

    private string Changed(Action<Dictionary<string, Tensor>> change)
    {
        Dictionary<string, Tensor> tensors = new(Safetensors.Load(ModelPath));
        change(tensors);
        string path = _folder.PathOf("changed.safetensors");
        Safetensors.Save(path, tensors, Safetensors.ReadHeader(ModelPath).Metadata);
        foreach (Tensor tensor in tensors.Values) tensor.Dispose();
        return path;
    }

    private static void Rename(Dictionary<string, Tensor> tensors, string name, string other)
    {
        tensors.Remove(name, out Tensor? tensor);
        tensors.Add(other, tensor!);
    }

    private static void Replace(Dictionary<string, Tensor> tensors, string name, Func<Tensor, Tensor> change) =>
        tensors[name] = change(tensors[name]);
}
