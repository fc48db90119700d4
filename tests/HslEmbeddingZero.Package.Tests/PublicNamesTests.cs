using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Package.Tests;

/// <summary>
/// The public names that users compile against, used from outside with their parameters, defaults and shapes. Most of the test is that this
/// compiles.
/// </summary>
public sealed class PublicNamesTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void The_names_of_the_features_compile_and_work()
    {
        const int dimension = HslFeatures.Dimension, full = HslFeatures.FullDimension;
        Assert.Equal((27, 35, 18, 9), (dimension, full, HslFeatures.ValueDimension, HslFeatures.ContextDimension));
        IReadOnlyList<string> names = HslFeatures.Names();
        Assert.Equal((27, 35), (names.Count, HslFeatures.Names(includeBits: true).Count));

        ReadOnlySpan<byte> bytes = [1, 2, 3];
        Span<float> destination = new float[3 * full];
        HslFeatureOptions options = new(IncludeBits: true, MomentumPhase: false);
        HslFeatures.Encode(bytes, destination, options);
        Assert.Equal(HslFeatures.Encode(bytes, options), destination.ToArray());
        HslFeatures.Encode(bytes, destination[..(3 * dimension)]);
        Assert.Equal(HslFeatures.Encode(bytes), destination[..(3 * dimension)].ToArray());
    }

    [Fact]
    public void The_names_of_the_codec_compile_and_work()
    {
        HslFrame frame = HslCodec.Encode([1, 2, 3]);
        Assert.Equal([1, 2, 3], HslCodec.Decode(frame));
    }

    [Fact]
    public void Channel_groups() => Assert.Equal(
        ["Bits", "Boundary", "Context", "Delta", "Delta2", "Fourier", "Phase", "Value"],
        Enum.GetNames<HslChannelGroup>().Order(StringComparer.Ordinal));

    [Fact]
    public void The_names_of_the_doors_compile_and_work()
    {
        InputDoor[] doors =
        [
            new ZeroDoor(), new ZeroDoor(bytesPerSlot: 4, dim: 128, tail: SlotTail.Drop, scaling: ChannelScaling.Standardized),
                new ProjectionDoor(),
            new ProjectionDoor(4, 128, SlotTail.Pad, ChannelScaling.None), new ByteEmbeddingDoor(), new PooledEmbeddingDoor(),
        ];
        using Tensor ids = tensor(new byte[] { 1, 2, 3, 4, 5, 6, 7, 8, 9 }).unsqueeze(0);
        foreach (InputDoor door in doors)
        {
            nn.Module<Tensor, Tensor> module = door;
            Assert.Equal([1, door.Tail == SlotTail.Drop ? 2 : (9 + door.BytesPerSlot - 1) / door.BytesPerSlot, door.Dim],
                module.forward(ids).shape);
            Assert.Equal([1, 9, door.Dim], door.Stream(ids).shape);
            Assert.Equal([1, 9, door is PooledEmbeddingDoor ? door.Dim : 27], door.Features(ids).shape);
            long learned = door.LearnedParameters;
            Assert.Equal(door is ZeroDoor, learned == 0);
            door.Dispose();
        }
    }

    [Fact]
    public void Ngram_codes()
    {
        NgramCodes codes = new() { Orders = [2, 3], ColumnsPerOrder = 16, Amplitude = 0.25f, InSlots = true };
        Span<float> destination = new float[3 * codes.Columns];
        codes.Encode([1, 2, 3], destination);
        using InputDoor zero = new ZeroDoor(4, 256, SlotTail.Pad, ChannelScaling.Standardized, codes),
            projection = new ProjectionDoor(ngrams: codes);
        Assert.Equal((codes, codes), (zero.Ngrams, projection.Ngrams));
        Assert.Null(new ZeroDoor().Ngrams);
        Assert.Equal(destination.ToArray(), zero.Stream(tensor(new byte[] { 1, 2, 3 }))[.., 27..59].reshape(-1).data<float>());
    }

    [Theory]
    [InlineData(ControlKind.Hsl, 0)]
    [InlineData(ControlKind.Learned, 4608)]
    [InlineData(ControlKind.Random, 0)]
    [InlineData(ControlKind.Permuted, 0)]
    public void The_names_of_the_controls_compile_and_work(ControlKind kind, long learned)
    {
        using nn.Module<Tensor, Tensor> features = new ControlFeatures(kind, seed: 1);
        Assert.Equal([2, 3, 27], features.forward(zeros([2, 3], ScalarType.Int64)).shape);
        Assert.Equal(learned, features.parameters().Sum(parameter => parameter.numel()));
    }

    [Fact]
    public void Body_and_model()
    {
        ByteTransformerOptions published = new();
        Assert.Equal((512, 6, 8, 0.1, true),
            (published.Dim, published.Layers, published.Heads, published.Dropout, published.FastWeightMemory));

        ByteTransformerOptions small = new() { Dim = 64, Layers = 1, Heads = 2, Dropout = 0, FastWeightMemory = true };
        using nn.Module<Tensor, Tensor, Tensor> body = new ByteTransformer(small);
        Assert.Equal([1, 5, 258], body.forward(zeros(1, 2, 64), zeros(1, 5, 64)).shape);

        InputDoor door = new ZeroDoor(2, 64);
        using nn.Module<Tensor, Tensor, Tensor> model = new ByteLanguageModel(door, new ByteTransformer(small));
        Assert.Equal([1, 5, 258], model.forward(zeros([1, 4], ScalarType.Byte), zeros([1, 5], ScalarType.Byte)).shape);
    }

    [Fact]
    public void The_names_of_the_weights_compile_and_work()
    {
        string path = Path.Combine(Path.GetTempPath(), $"hsl-names-{Guid.NewGuid():N}.safetensors");
        try
        {
            Safetensors.Save(path, new Dictionary<string, Tensor> { ["a"] = ones(2) });
            Safetensors.Save(path, new Dictionary<string, Tensor> { ["a"] = ones(2) }, new Dictionary<string, string> { ["kept"] = "yes" });
            IReadOnlyDictionary<string, Tensor> tensors = Safetensors.Load(path);
            using Tensor a = Assert.Single(tensors).Value;
            Assert.Equal([1f, 1f], a.data<float>());
        }
        finally
        {
            File.Delete(path);
        }
    }
}
