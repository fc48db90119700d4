using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Samples.Tests.OnnxGenerate;

public sealed class OnnxGenerateTests : IDisposable
{
    private const string Sample = "OnnxGenerate.dll";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_continues_the_text_as_its_page_says_and_keeps_the_file()
    {
        string path = _folder.PathOf("model.onnx");
        (int code, string output, string error) = SampleProcess.Run(
            Sample, "--prompt", "The history of the city", "--bytes", "40", "--attention", "group-query", "--save", path);
        Assert.True(code == 0, error);
        Assert.Equal(" of the son. The following to the source", output.TrimEnd('\n'));
        Assert.Contains("17.2 MB of ONNX", error, StringComparison.Ordinal);
        Assert.Equal([path], Directory.GetFiles(_folder.FullName));
    }

    [Fact]
    public void A_wrong_option_or_file_is_one_line_and_an_exit_code()
    {
        string none = _folder.PathOf("none.safetensors");
        Refused("error: --attention must be standard or group-query; got 'fast'.", "--attention", "fast");
        Refused($"error: Could not find file '{none}'.", "--model", none);

        static void Refused(string message, params string[] arguments)
        {
            (int code, string output, string error) = SampleProcess.Run(Sample, arguments);
            Assert.Equal((1, "", $"{message}\n"), (code, output, error));
        }
    }
}
