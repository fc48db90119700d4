namespace HslEmbeddingZero.Tests.Model;

public class ByteTransformerOptionsTests
{
    [Fact]
    public void The_defaults_are_the_published_ones()
    {
        var options = new ByteTransformerOptions();
        Assert.Equal((512, 6, 8, 0.1), (options.Dim, options.Layers, options.Heads, options.Dropout));
        Assert.Equal((true, 10000.0, 258), (options.FastWeightMemory, options.RotaryBase, options.Vocabulary));
    }

    public static TheoryData<ByteTransformerOptions, string[]> Wrong => new()
    {
        { new() { Dim = 510, Heads = 8 }, ["Dim 510", "Heads 8"] },
        { new() { Dim = 24, Heads = 8 }, ["Dim 24", "Heads 8", "3 columns", "even"] },
        { new() { Dim = 8, Heads = 8 }, ["1 columns", "even"] },
        { new() { Dim = 0 }, ["Dim", "0"] },
        { new() { Dim = -64 }, ["Dim", "-64"] },
        { new() { Layers = 0 }, ["Layers", "0"] },
        { new() { Heads = 0 }, ["Heads", "0"] },
        { new() { Heads = -8 }, ["Heads", "-8"] },
        { new() { MemoryChunk = 0 }, ["MemoryChunk", "0"] },
        { new() { Vocabulary = 0 }, ["Vocabulary", "0"] },
        { new() { Dropout = 1 }, ["Dropout", "1", "below 1"] },
        { new() { Dropout = -0.25 }, ["Dropout", "-0.25"] },
        { new() { Dropout = double.NaN }, ["Dropout", "NaN"] },
        { new() { RotaryBase = 0 }, ["RotaryBase", "0"] },
        { new() { RotaryBase = double.NaN }, ["RotaryBase", "NaN"] },
        { new() { RotaryBase = double.PositiveInfinity }, ["RotaryBase", "∞"] },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Wrong_ones_are_refused_naming_the_value(ByteTransformerOptions options, string[] parts)
    {
        string message = Assert.ThrowsAny<ArgumentException>(() => new ByteTransformer(options)).Message
            .Replace("Infinity", "∞", StringComparison.Ordinal);
        foreach (string part in parts) Assert.Contains(part, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Null_is_refused() => Assert.Throws<ArgumentNullException>(() => new ByteTransformer(null!));

    [Fact]
    public void The_head_has_the_width_of_a_vocabulary_of_ones_own()
    {
        using var body = new ByteTransformer(GoldenBody.Options with { Vocabulary = 300, Layers = 1 });
        Assert.Equal(new long[] { 300, 64 }, body.state_dict()["head.weight"].shape);
    }
}
