namespace HslEmbeddingZero.Tests.Generation;

/// <summary>Generation with a model that is not this library's.</summary>
public class ByteGenerationTests
{
    [Fact]
    public async Task Any_model_of_bytes_continues_text()
    {
        PlainModel model = new();
        Assert.Equal("defgh", model.GenerateText("abc", 5));
        List<string> pieces = [];
        await foreach (string piece in model.GenerateTextAsync("abc", 3)) pieces.Add(piece);
        Assert.Equal(["d", "e", "f"], pieces);
        Assert.Equal("de", model.GenerateText("abc", 50, new() { StopSequences = ["fg"] }));
    }

    [Fact]
    public void A_text_of_any_length_is_continued_in_parts()
    {
        PlainModel model = new();
        byte[] bytes = [.. model.Generate("a"u8.ToArray(), 1000, new() { StreamBytes = 132 })];
        Assert.Equal(Enumerable.Range('b', 1000).Select(i => (byte)i), bytes);
        Assert.Equal(10, model.Generators);
    }

    [Fact]
    public void A_text_generator_divides_the_prompt_into_context_and_stream()
    {
        byte[] prompt = [.. Enumerable.Range(0, 70).Select(i => (byte)i)];
        using IByteGenerator generator = new PlainModel().CreateTextGenerator(prompt, contextBytes: 9);
        // The last 34 bytes are the stream, so that the context ends with a whole slot of 4. It has two slots.
        Assert.Equal(Enumerable.Range(28, 42).Select(i => (short)i), generator.Ids.ToArray());
        Assert.Equal([70, 71], generator.Generate(2));
        Assert.Equal(1, generator.Probabilities()[72], 1e-6);
        Assert.Throws<ArgumentOutOfRangeException>(() => new PlainModel().CreateTextGenerator(prompt, -1));
    }

    [Fact]
    public void A_model_that_is_not_ready_says_so_at_the_call()
    {
        PlainModel model = new() { IsReady = false };
        Assert.Throws<ArgumentException>(() => model.Generate("a"u8.ToArray(), 1));
        Assert.Throws<ArgumentException>(() => model.GenerateTextAsync("a", 1));
        Assert.Throws<ArgumentException>(() => model.CreateTextGenerator("a"u8));
        Assert.Equal(0, model.Generators);
    }

    [Fact]
    public void A_byte_costs_no_allocation()
    {
        using IByteGenerator generator = new PlainModel().CreateTextGenerator("abc"u8);
        GenerationOptions options = new() { TopK = 40, TopP = 0.9, RepetitionPenalty = 1.1, StopSequences = ["never"] };
        using IEnumerator<byte> bytes = generator.Generate(10_000, options).GetEnumerator();
        for (int i = 0; i < 1000; i++) Assert.True(bytes.MoveNext());
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 5000; i++) bytes.MoveNext();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
