using System.Net;
using System.Text.RegularExpressions;
using HslEmbeddingZero.Samples.Tests;
using HslEmbeddingZero.Tests;

namespace HslEmbeddingZero.Demo.Tests;

/// <summary>The program as a user starts it.</summary>
public partial class DemoProgramTests
{
    [SkippableFact]
    public async Task It_prints_its_address_serves_and_ends_on_ctrl_c()
    {
        SampleProcess.SkipUnlessInterruptible();
        using TemporaryFolder folder = new();
        string weights = folder.PathOf("small.safetensors");
        RunningDemo.SaveSmallModel(weights);
        using SampleProcess process = new("Demo.dll", "--port", "0", "--weights", weights);
        string address = "";
        process.WaitUntil(() => (address = Address().Match(process.Output).Value).Length > 0);
        Assert.StartsWith("http://127.0.0.1:", address, StringComparison.Ordinal);
        Assert.Contains("small.safetensors", process.Output, StringComparison.Ordinal);

        using HttpClient client = new() { BaseAddress = new Uri(address) };
        Assert.Contains("Bytes, as a model reads them", await client.GetStringAsync("/"), StringComparison.Ordinal);
        process.Interrupt();
        (int code, _, string error) = process.Finish();
        Assert.Equal((0, ""), (code, error));
    }

    [Fact]
    public void A_port_in_use_is_told()
    {
        using HttpListener taken = new();
        int port = Random.Shared.Next(20_000, 30_000);
        taken.Prefixes.Add($"http://127.0.0.1:{port}/");
        taken.Start();
        (int code, _, string error) = SampleProcess.Run("Demo.dll", "--port", $"{port}");
        Assert.Equal(1, code);
        Assert.StartsWith("error: ", error, StringComparison.Ordinal);
        Assert.Contains($"{port}", error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Theory]
    [InlineData("--port", "70000", "70000")]
    [InlineData("--port", "x", "'x'")]
    [InlineData("--host", "example.org", "example.org")]
    [InlineData("--weights", "no-such-file", "no-such-file")]
    public void A_wrong_option_is_refused_with_its_value(string option, string value, string told)
    {
        (int code, _, string error) = SampleProcess.Run("Demo.dll", option, value);
        Assert.NotEqual(0, code);
        Assert.Contains(told, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_model_is_refused()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("broken.safetensors");
        File.WriteAllText(path, "not a model");
        (int code, _, string error) = SampleProcess.Run("Demo.dll", "--port", "0", "--weights", path);
        Assert.Equal(1, code);
        Assert.Contains(path, error, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"http://[\d.]+:\d+")]
    private static partial Regex Address();
}
