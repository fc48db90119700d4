using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace HslEmbeddingZero.Samples.Tests.Common;

public sealed class SharedSampleTests
{
    [Theory]
    [InlineData("/x/a.txt /x/b.txt", "a.txt b.txt")]
    [InlineData("/x/a/part.txt /x/b/part.txt", "a/part.txt b/part.txt")]
    [InlineData("/x/a/part.txt /x/b/part.txt /x/c/other.txt", "a/part.txt b/part.txt other.txt")]
    [InlineData("/x/1/a/part.txt /x/2/a/part.txt", "1/a/part.txt 2/a/part.txt")]
    [InlineData("/part.txt /a/part.txt", "part.txt a/part.txt")]
    [InlineData("C:\\a\\part.txt C:\\b\\part.txt", "a/part.txt b/part.txt")]
    [InlineData("/a/x /a/x", "a/x a/x(2)")] // the same path: nothing but a number tells them apart
    [InlineData("/books/ /more/books", "books more/books")]
    public void Names_are_the_shortest_ends_of_paths_that_differ(string paths, string names) =>
        Assert.Equal(names.Split(' '), ShortestNames.Of(paths.Split(' ')).Select(name => name.Replace(" ", "", StringComparison.Ordinal)));

    [Fact]
    public void An_output_that_goes_away_is_an_error_at_the_end_and_not_in_the_work()
    {
        using LastingWriter writer = new(new Closed());
        writer.Write('a');
        writer.WriteLine("text");
        writer.Flush();
        Assert.Equal("no terminal", writer.Error!.Message);
    }

    [Theory]
    [InlineData("""{"key":{"steps":24},"training":{"steps":24}}""", """{"key":{"steps":12},"training":{"steps":12}}""",
        "--steps is 24 there and 12 here")]
    [InlineData("""{"training":{"precision":"float32","seed":1}}""", """{"training":{"precision":"bFloat16","seed":2}}""",
        "--precision is float32 there and bfloat16 here; the seed is 1 there and 2 here")]
    [InlineData("""{"body":{"dim":216}}""", """{"body":{"dim":256},"device":"CPU"}""",
        "body.dim is 216 there and 256 here; --device is not set there and CPU here")]
    [InlineData("", "{}", "its conditions are not stored")]
    [InlineData("damaged", "{}", "its conditions are not stored")]
    public void Other_options_are_named_with_both_values(string stored, string current, string expected) =>
        Assert.Equal(expected, OtherConditions.Describe(stored, current));

    [Fact]
    public void Hashes_of_other_data_are_cut()
    {
        string one = new('a', 64), two = new('b', 64), same = new('c', 64);
        Assert.Equal("the data (--text, --windows) is aaaaaaaaaaaa… there and bbbbbbbbbbbb… here",
            OtherConditions.Describe($$"""{"corpus":"seed 0 {{one}} {{same}}"}""", $$"""{"corpus":"seed 0 {{two}} {{same}}"}"""));
    }

    private sealed class Closed : StringWriter
    {
        public override void Write(char value) => throw new IOException("no terminal");

        public override void Write(string? value) => throw new InvalidOperationException("It writes after an error.");
    }

    /// <summary>libtorch adds the frames of its C++ code to its message. They tell a user nothing.</summary>
    [Fact]
    public void An_error_of_libtorch_is_its_first_line()
    {
        NativeError native = new(
            "shape '[7]' is invalid for input of size 6\nException raised from infer_size_impl at InferSize.h:38\nframe #0: c10::Error");
        Assert.Equal("libtorch: shape '[7]' is invalid for input of size 6", SampleProgram.Describe(native));
        Assert.Null(SampleProgram.Describe(new InvalidOperationException("an error of the program")));
    }

    /// <summary>As TorchSharp throws it.</summary>
    private sealed class NativeError(string message) : ExternalException(message);

    [Theory]
    [InlineData("""{"step":"x"}""", "$.step")]
    [InlineData("""{"step":1,"foo":2}""", "foo")]
    [InlineData("""{}""", "step")]
    [InlineData("""{"step":1,"step":2}""", "step")]
    [InlineData("""{"step":""", "LineNumber")]
    public void A_wrong_JSON_text_is_described_without_types_of_the_program(string json, string named)
    {
        JsonSerializerOptions strict = new(SampleJson.Line)
        {
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            AllowDuplicateProperties = false,
        };
        string message = SampleJson.Describe(Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<OneStep>(json, strict)));
        Assert.Contains(named, message, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", message, StringComparison.Ordinal);
        Assert.DoesNotContain("type", message, StringComparison.Ordinal);
        Assert.DoesNotContain(".NET", message, StringComparison.Ordinal);
    }

    private sealed record OneStep
    {
        public required int Step { get; init; }
    }
}
