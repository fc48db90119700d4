using HslEmbeddingZero.Tests.Doors;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Model;

public sealed class ModelFileTests : IDisposable
{
    private const string Format = ModelDescription.Format;
    private const string Door = """{"arm":"zero","bytesPerSlot":2,"tail":"pad","seed":0}""";
    private const string Body = """
        {"dim":64,"layers":2,"heads":4,"dropout":0,"fastWeightMemory":true,"memoryChunk":16,"rotaryBase":10000,"vocabulary":258}
        """;

    private static readonly ByteTransformerOptions Options = new() { Dim = 64, Layers = 2, Heads = 4, Dropout = 0, MemoryChunk = 16 };

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly TemporaryFolder _folder = new();

    private string Path => _folder.PathOf("model.safetensors");

    public void Dispose()
    {
        _folder.Dispose();
        _scope.Dispose();
    }

    public static TheoryData<string> Arms => [.. DoorArms.Names];

    [Theory]
    [MemberData(nameof(Arms))]
    public void A_model_of_every_arm_comes_back_from_its_file_alone(string arm)
    {
        int dim = arm switch { "one-hot" => 512, "zero-ngram" => 256, _ => 64 };
        ByteTransformerOptions options = Options with
        {
            Dim = dim,
            Dropout = 0.25,
            FastWeightMemory = arm != "zero",
            RotaryBase = 5000,
            MemoryChunk = 7
        };
        using ByteLanguageModel model = new(DoorArms.Create(arm, 2, dim, seed: 5, SlotTail.Drop), new ByteTransformer(options));
        model.Save(Path, metadata: new Dictionary<string, string> { ["corpus"] = "말뭉치" });
        using var loaded = ByteLanguageModel.Load(Path);

        Assert.Equal(options, ((ByteTransformer)loaded.Body).Options);
        Assert.Equal(arm, loaded.Door.Arm);
        Assert.Equal((2, dim, SlotTail.Drop), (loaded.Door.BytesPerSlot, loaded.Door.Dim, loaded.Door.Tail));
        Assert.False(loaded.training);
        Assert.All(loaded.parameters(), p => Assert.Equal((ScalarType.Float32, DeviceType.CPU), (p.dtype, p.device_type)));
        Assert.Equal("말뭉치", Safetensors.ReadHeader(Path).Metadata["corpus"]);

        model.eval();
        Tensor ids = arange(20, dtype: ScalarType.Int64).reshape(2, 10);
        Assert.True(model.forward(ids, ids).eq(loaded.forward(ids, ids)).all().item<bool>());
    }

    [Fact]
    public void The_metadata_is_plain_JSON()
    {
        using ByteLanguageModel model = Model();
        model.Save(Path);
        IReadOnlyDictionary<string, string> metadata = Safetensors.ReadHeader(Path).Metadata;
        Assert.Equal(["body", "door", "format"], metadata.Keys.Order());
        Assert.Equal("HslEmbeddingZero model 1", metadata["format"]);
        Assert.Equal(Door, metadata["door"]);
        Assert.Equal(Body.Trim(), metadata["body"]);
    }

    [Fact]
    public void The_metadata_names_every_option_of_the_body() => Assert.Equal(
        typeof(ByteTransformerOptions).GetProperties().Select(option => option.Name),
        typeof(BodyDescription).GetProperties().Select(value => value.Name));

    /// <summary>Codes that differ from those of every arm, with every kind of features.</summary>
    [Theory]
    [InlineData("zero", false)]
    [InlineData("zero-standardized", false)]
    [InlineData("random", false)]
    [InlineData("learned", false)]
    [InlineData("projection", false)]
    [InlineData("projection-standardized", false)]
    [InlineData("permuted-projection", false)]
    [InlineData("zero", true)]
    [InlineData("projection", true)]
    public void Codes_come_back_from_the_file_alone(string arm, bool withPrevious)
    {
        // Files written before there were codes of the position before say nothing about them.
        NgramCodes codes = new() { Orders = [2, 5, 8], ColumnsPerOrder = 1, Amplitude = 0.3f, InSlots = true, WithPrevious = withPrevious };
        using ByteLanguageModel model = new(DoorArms.Create(DoorArm.Named(arm), 2, 64, 5, SlotTail.Pad, codes), new(Options));
        model.Save(Path);
        Assert.Contains(
            "\"ngrams\":{\"orders\":[2,5,8],\"columnsPerOrder\":1,\"amplitude\":0.3,\"inSlots\":true"
                + (withPrevious ? ",\"withPrevious\":true}" : "}"),
            Safetensors.ReadHeader(Path).Metadata["door"],
            StringComparison.Ordinal);
        using var loaded = ByteLanguageModel.Load(Path);
        Assert.Equal((arm, codes), (loaded.Door.Arm, loaded.Door.Ngrams));
        model.eval();
        Tensor ids = arange(20, dtype: ScalarType.Int64).reshape(2, 10);
        Assert.True(model.forward(ids, ids).eq(loaded.forward(ids, ids)).all().item<bool>());
    }

    /// <summary>The default of an arm may change. A file written before keeps its meaning.</summary>
    [Fact]
    public void The_codes_that_a_file_names_count_more_than_its_arm()
    {
        using ByteLanguageModel model = Model();
        model.SaveWeights(Path, new Dictionary<string, string>
        {
            ["format"] = Format,
            ["door"] = Coded("zero-ngram", """{"orders":[3],"columnsPerOrder":8,"amplitude":1,"inSlots":false}"""),
            ["body"] = Body,
        });
        using var loaded = ByteLanguageModel.Load(Path);
        Assert.Equal(new NgramCodes { Orders = [3], ColumnsPerOrder = 8, Amplitude = 1 }, loaded.Door.Ngrams);
    }

    [Fact]
    public void A_map_of_another_width_than_the_codes_say_is_refused()
    {
        using ByteLanguageModel model = new(new ProjectionDoor(4, 64), new ByteTransformer(Options));
        model.SaveWeights(Path, new Dictionary<string, string>
        {
            ["format"] = Format,
            ["door"] = """{"arm":"projection","bytesPerSlot":4,"ngrams":{"orders":[3],"columnsPerOrder":8,"amplitude":1,"inSlots":true}}""",
            ["body"] = Body,
        });
        Refused("'door'", "[64, 116]", "[64, 108]");
    }

    [Fact]
    public void Weights_can_be_halved()
    {
        using ByteLanguageModel model = Model();
        model.Save(Path);
        long whole = Safetensors.ReadHeader(Path).DataLength;
        model.Save(Path, ScalarType.BFloat16);
        Assert.Equal(whole / 2, Safetensors.ReadHeader(Path).DataLength);
        Assert.Equal(ScalarType.Float32, model.parameters().First().dtype);
        using var loaded = ByteLanguageModel.Load(Path);
        foreach ((string name, Tensor weight) in model.Weights())
            Assert.True(weight.to(ScalarType.BFloat16).to(ScalarType.Float32).eq(loaded.Weights()[name]).all().item<bool>(), name);

        // Weights that are already rounded are written unchanged.
        byte[] first = File.ReadAllBytes(Path);
        loaded.Save(Path, ScalarType.BFloat16);
        Assert.Equal(first, File.ReadAllBytes(Path));
    }

    [Fact]
    public void Saving_and_loading_leave_no_tensors_behind()
    {
        using ByteLanguageModel model = Model();
        Once();
        long before = DoorTensors.LiveTensors;
        for (int i = 0; i < 3; i++) Once();
        Assert.Equal(before, DoorTensors.LiveTensors);

        void Once()
        {
            model.Save(Path, ScalarType.BFloat16);
            ByteLanguageModel.Load(Path).Dispose();
        }
    }

    [Fact]
    public void What_a_file_cannot_say_is_not_saved()
    {
        using ByteLanguageModel model = Model();
        Assert.Contains("Int32", Assert.Throws<ArgumentException>(() => model.Save(Path, ScalarType.Int32)).Message,
            StringComparison.Ordinal);
        Assert.Contains("'door'", Assert.Throws<ArgumentException>(
            () => model.Save(Path, null, new Dictionary<string, string> { ["door"] = "mine" })).Message, StringComparison.Ordinal);
        using ByteLanguageModel nameless = new(new NamelessDoor(), new ByteTransformer(Options));
        Assert.Contains(nameof(NamelessDoor), Assert.Throws<ArgumentException>(() => nameless.Save(Path)).Message,
            StringComparison.Ordinal);
        using ByteLanguageModel small = new(new ZeroDoor(2, 64), new ByteTransformer(Options with { Vocabulary = 10 }));
        Assert.Contains("10", Assert.Throws<ArgumentException>(() => small.Save(Path)).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path));
    }

    /// <summary>A door that is not an arm.</summary>
    private sealed class NamelessDoor() : InputDoor(nameof(NamelessDoor), 2, 64)
    {
        protected override Device Device => CPU;

        protected override Tensor FeaturesCore(Tensor ids) => zeros([ids.size(0), ids.size(1), 1]);

        protected override Tensor SlotsCore(Tensor ids, long slots) => zeros([ids.size(0), slots, Dim]);

        protected override Tensor StreamCore(Tensor ids) => zeros([ids.size(0), ids.size(1), Dim]);
    }

    private static string Coded(string arm, string codes) => $$"""{"arm":"{{arm}}","bytesPerSlot":2,"ngrams":{{codes}}}""";

    /// <summary>Format, door, body (null: left out), and what the message must name besides the file.</summary>
    public static TheoryData<string?, string?, string?, string[]> Wrong => new()
    {
        { null, Door, Body, ["format"] },
        { "pt", Door, Body, ["format", "'pt'", "HslEmbeddingZero model 1"] },
        { "HslEmbeddingZero checkpoint 1", Door, Body, ["checkpoint"] },
        { Format, null, Body, ["no 'door'"] },
        { Format, Door, null, ["no 'body'"] },
        { Format, "{", Body, ["'door'", "'{'"] },
        { Format, "null", Body, ["'door'", "null"] },
        { Format, "[]", Body, ["'door'", "'[]'"] },
        { Format, "{}", Body, ["'door'", "arm"] },
        { Format, """{"arm":"mlp","bytesPerSlot":2}""", Body, ["'door'", "'mlp'", "embedding-pooled"] },
        { Format, """{"arm":null,"bytesPerSlot":2}""", Body, ["'door'", "arm"] },
        { Format, """{"arm":"zero","bytesPerSlot":3}""", Body, ["'door'", "81", "64"] },
        { Format, """{"arm":"zero","bytesPerSlot":0}""", Body, ["'door'", "4096", "0"] },
        { Format, """{"arm":"embedding-pooled","bytesPerSlot":2000000000}""", Body, ["'door'", "4096", "2000000000"] },
        { Format, """{"arm":"zero","bytesPerSlot":"2"}""", Body, ["'door'", "bytesPerSlot"] },
        { Format, """{"arm":"zero","bytesPerSlot":2,"bytesPerSlot":2}""", Body, ["'door'", "bytesPerSlot"] },
        { Format, """{"arm":"zero","bytesPerSlot":2,"tail":"round"}""", Body, ["'door'", "tail"] },
        { Format, """{"arm":"zero","bytesPerSlot":2,"tail":7}""", Body, ["'door'", "tail"] },
        { Format, """{"arm":"random","bytesPerSlot":2,"seed":-1}""", Body, ["'door'", "-1"] },
        { Format, """{"arm":"zero","bytesPerSlot":2,"hue":1}""", Body, ["'door'", "hue"] },
        { Format, """{"arm":"projection","bytesPerSlot":2}""", Body, ["door.slot.weight", "missing"] },
        { Format, """{"arm":"zero-ngram","bytesPerSlot":2}""", Body, ["'door'", "219", "64"] },
        { Format, Coded("zero", """{"orders":[],"columnsPerOrder":8,"amplitude":0.5,"inSlots":false}"""), Body, ["'door'", "at least one"] },
        { Format, Coded("zero", """{"orders":null,"columnsPerOrder":8,"amplitude":0.5,"inSlots":false}"""), Body, ["'door'", "orders"] },
        { Format, Coded("zero", """{"orders":[2,9],"columnsPerOrder":8,"amplitude":0.5,"inSlots":false}"""), Body, ["'door'", "2..8", "9"] },
        { Format, Coded("zero", """{"orders":[3,2],"columnsPerOrder":8,"amplitude":0.5,"inSlots":false}"""), Body, ["'door'", "ascend"] },
        { Format, Coded("zero", """{"orders":[2],"columnsPerOrder":65,"amplitude":0.5,"inSlots":false}"""), Body, ["'door'", "1..64", "65"] },
        { Format, Coded("zero", """{"orders":[2],"columnsPerOrder":2000000000,"amplitude":0.5,"inSlots":false}"""), Body, ["'door'", "1..64", "2000000000"] },
        { Format, Coded("zero", """{"orders":[2],"columnsPerOrder":8,"amplitude":0,"inSlots":false}"""), Body, ["'door'", "positive"] },
        { Format, Coded("zero", """{"orders":[2],"columnsPerOrder":8,"amplitude":1e99,"inSlots":false}"""), Body, ["'door'", "positive"] },
        { Format, Coded("zero", """{"orders":[2],"columnsPerOrder":8,"amplitude":"NaN","inSlots":false}"""), Body, ["'door'", "amplitude"] },
        { Format, Coded("zero", """{"orders":[2],"columnsPerOrder":8,"amplitude":0.5}"""), Body, ["'door'", "inSlots"] },
        { Format, Coded("zero", """{"orders":[2],"columnsPerOrder":8,"amplitude":0.5,"inSlots":false,"table":1}"""), Body, ["'door'", "table"] },
        { Format, Coded("zero", """{"orders":[2],"columnsPerOrder":64,"amplitude":0.5,"inSlots":false}"""), Body, ["'door'", "91", "64"] },
        { Format, Coded("zero", """{"orders":[2],"columnsPerOrder":11,"amplitude":0.5,"inSlots":true}"""), Body, ["'door'", "65", "64"] },
        { Format, Coded("embedding", """{"orders":[2],"columnsPerOrder":8,"amplitude":0.5,"inSlots":false}"""), Body, ["'door'", "embedding", "no n-gram codes"] },
        { Format, Coded("one-hot", """{"orders":[2],"columnsPerOrder":8,"amplitude":0.5,"inSlots":false}"""), Body, ["'door'", "one-hot", "no n-gram codes"] },
        { Format, Coded("zero", """true"""), Body, ["'door'", "ngrams"] },
        { Format, Door, """{"dim":64,"layers":2}""", ["'body'", "heads", "rotaryBase"] },
        { Format, Door, Body.Replace("\"dim\":64", "\"dim\":128", StringComparison.Ordinal), ["'body'", "parameters"] },
        { Format, Door, Body.Replace("\"dim\":64", "\"dim\":63", StringComparison.Ordinal), ["'body'", "63"] },
        { Format, Door, Body.Replace("\"dim\":64", "\"dim\":2147483584", StringComparison.Ordinal), ["'body'", "2147483584"] },
        { Format, Door, Body.Replace("\"layers\":2", "\"layers\":2000000000", StringComparison.Ordinal),
            ["'body'", "2000000000"] },
        { Format, Door, Body.Replace("true", "false", StringComparison.Ordinal), ["'body'", "parameters"] },
        { Format, Door, Body.Replace("258", "9", StringComparison.Ordinal), ["'body'", "258", "9"] },
        { Format, Door, Body.Replace("\"dropout\":0", "\"dropout\":1", StringComparison.Ordinal), ["'body'", "Dropout"] },
        { Format, Door, Body.Replace("\"dim\"", "\"Dim\"", StringComparison.Ordinal), ["'body'", "Dim"] },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_foreign_damaged_or_contradicting_file_is_refused(string? format, string? door, string? body, string[] parts)
    {
        using ByteLanguageModel model = Model();
        Dictionary<string, string> metadata = [];
        if (format is not null) metadata["format"] = format;
        if (door is not null) metadata["door"] = door;
        if (body is not null) metadata["body"] = body;
        model.SaveWeights(Path, metadata);
        Refused(parts);
    }

    [Fact]
    public void A_map_of_another_width_than_the_door_says_is_refused()
    {
        using ByteLanguageModel model = new(new ProjectionDoor(4, 64), new ByteTransformer(Options));
        model.SaveWeights(Path, new Dictionary<string, string>
        {
            ["format"] = Format,
            ["door"] = """{"arm":"projection","bytesPerSlot":4096}""",
            ["body"] = Body,
        });
        Refused("'door'", "[64, 110592]", "[64, 108]");
    }

    [Fact]
    public void Weights_that_do_not_fit_are_refused()
    {
        using ByteLanguageModel model = Model();
        var weights = model.Weights().ToDictionary();
        weights["norm.bias"] = weights["norm.bias"].reshape(8, 8);
        Safetensors.Save(Path, weights, new Dictionary<string, string> { ["format"] = Format, ["door"] = Door, ["body"] = Body });
        Refused("'norm.bias'", "[8, 8]");
    }

    [Theory]
    [InlineData(true, 64, 2)]
    [InlineData(false, 32, 3)]
    public void The_count_of_a_body_is_that_of_the_body_itself(bool memory, int dim, int layers)
    {
        ByteTransformerOptions options = new() { Dim = dim, Layers = layers, Heads = 4, FastWeightMemory = memory };
        using ByteTransformer body = new(options);
        Assert.Equal(body.ParameterCount, ModelDescription.ParameterCount(options));
    }

    private void Refused(params string[] parts)
    {
        long before = DoorTensors.LiveTensors;
        string message = Assert.Throws<SafetensorsException>(() => ByteLanguageModel.Load(Path)).Message;
        Assert.StartsWith(Path, message, StringComparison.Ordinal);
        foreach (string part in parts) Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.Equal(before, DoorTensors.LiveTensors);
    }

    private static ByteLanguageModel Model() => new(new ZeroDoor(2, 64), new ByteTransformer(Options));
}
