using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
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
        using SampleProcess process = StartSmall(folder, out Uri address);
        Assert.StartsWith("http://127.0.0.1:", address.AbsoluteUri, StringComparison.Ordinal);
        Assert.Contains("small.safetensors", process.Output, StringComparison.Ordinal);

        using HttpClient client = new() { BaseAddress = address };
        Assert.Contains("Bytes, as a model reads them", await client.GetStringAsync("/"), StringComparison.Ordinal);
        process.Interrupt();
        (int code, _, string error) = process.Finish();
        Assert.Equal((0, ""), (code, error));
    }

    [SkippableTheory]
    [InlineData("INT", "INT")]
    [InlineData("TERM", "TERM")]
    [InlineData("TERM", "INT")]
    [InlineData("HUP", "HUP")]
    [InlineData("QUIT", "TERM")]
    public async Task A_second_signal_changes_nothing_and_an_open_answer_ends(string first, string second)
    {
        SampleProcess.SkipUnlessInterruptible();
        using TemporaryFolder folder = new();
        using SampleProcess process = StartSmall(folder, out Uri address);
        using HttpClient client = new() { BaseAddress = address };
        using HttpRequestMessage request = new(HttpMethod.Post, "/api/generate")
        {
            Content = JsonContent.Create(new { prompt = "a", length = 448 }),
        };
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        process.Send(first);
        process.Send(second);
        using var last = JsonDocument.Parse((await response.Content.ReadAsStringAsync()).TrimEnd('\n').Split('\n')[^1]);
        Assert.Matches("^(stop|length)$", last.RootElement.GetProperty("end").GetString()); // it may have been done before
        (int code, _, string error) = process.Finish();
        Assert.Equal((0, ""), (code, error));
    }

    [SkippableFact]
    public async Task Faults_of_clients_leave_nothing_in_the_output()
    {
        SampleProcess.SkipUnlessInterruptible();
        using TemporaryFolder folder = new();
        using SampleProcess process = StartSmall(folder, out Uri address);
        const string body = "{\"prompt\":\"a\",\"length\":448}";
        string[] requests =
        [
            "nonsense\r\n\r\n",
            RawClient.Post("/api/generate", 100) + "{\"prompt",
            RawClient.Post("/api/generate", 3) + "{]}",
            RawClient.Post("/api/generate", body.Length) + body,
            RawClient.Post("/api/generate", 5000) + "{",
            RawClient.Post("/api/slots", 4096) + new string('a', 4096),
            "POST /api/slots HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n"
                + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            "GET /app.css HTTP/1.1\r\nHost: localhost\r\nRange: bytes=9999999-\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n",
        ];
        foreach (string request in requests)
        {
            foreach (int patience in new[] { 0, 20, 100 })
            {
                using (RawClient resets = await RawClient.ConnectAsync(address))
                {
                    await resets.SendAsync(request);
                    await Task.Delay(patience);
                    resets.Reset();
                }

                using RawClient closes = await RawClient.ConnectAsync(address);
                await closes.SendAsync(request);
                await Task.Delay(patience);
            }
        }

        using HttpClient client = new() { BaseAddress = address };
        Assert.Contains("Bytes, as a model reads them", await client.GetStringAsync("/"), StringComparison.Ordinal);
        process.Interrupt();
        (int code, string output, string error) = process.Finish();
        Assert.Equal((0, ""), (code, error));
        Assert.False(LoggedFault().IsMatch(output), output);
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
    [InlineData("--port", "5,000", "'5,000'")]
    [InlineData("--prot", "5000", "unknown option '--prot'; did you mean --port?")]
    [InlineData("--host", "example.org", "example.org")]
    [InlineData("--weights", "no-such-file", "no-such-file")]
    [InlineData("--weights", "", "there is no file ''")]
    public void A_wrong_option_is_refused_with_its_value(string option, string value, string told)
    {
        (int code, _, string error) = SampleProcess.Run("Demo.dll", option, value);
        Assert.NotEqual(0, code);
        Assert.Contains(told, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Fact]
    public void Options_of_a_server_are_refused_where_a_static_site_is_written()
    {
        (int code, _, string error) = SampleProcess.Run("Demo.dll", "--static", "site", "--port", "80");
        Assert.Equal((1, "error: --static writes files and serves nothing, so it does not go with --port."), (code, error.Trim()));
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

    /// <summary>Libtorch lies beside it in the folder of the tests, so what the program itself asks for is read.</summary>
    [Fact]
    public void The_program_needs_no_libtorch()
    {
        string needed = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Demo.deps.json"));
        Assert.Contains("HslEmbeddingZero.Inference", needed, StringComparison.Ordinal);
        Assert.DoesNotContain("torch", needed, StringComparison.OrdinalIgnoreCase);
    }

    private static SampleProcess StartSmall(TemporaryFolder folder, out Uri address)
    {
        string weights = folder.PathOf("small.safetensors");
        RunningDemo.SaveSmallModel(weights);
        SampleProcess process = new("Demo.dll", "--port", "0", "--weights", weights);
        string printed = "";
        process.WaitUntil(() => (printed = Address().Match(process.Output).Value).Length > 0);
        address = new Uri(printed);
        return process;
    }

    [GeneratedRegex(@"http://[\d.]+:\d+")]
    private static partial Regex Address();

    [GeneratedRegex("(?m)^(warn|fail|crit):|^ +at ")]
    private static partial Regex LoggedFault();
}
