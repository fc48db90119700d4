using System.Net;
using System.Text.Json;
using HslEmbeddingZero.Samples.Demo;

namespace HslEmbeddingZero.Demo.Tests;

/// <summary>What every answer has: security headers, and one JSON form for errors.</summary>
public class AnswerFormTests
{
    private const string Generate = "POST /api/generate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    private const string Features = "POST /api/features HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    private const string Json = "Content-Type: application/json\r\n";
    private const string Get = " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";

    [Theory]
    [InlineData("GET /" + Get + "\r\n", 200)]
    [InlineData("GET /app.css" + Get + "\r\n", 200)]
    [InlineData("GET /api/about" + Get + "\r\n", 200)]
    [InlineData("GET /api/cosmos" + Get + "\r\n", 200)]
    [InlineData("HEAD /" + Get + "\r\n", 200)]
    [InlineData(Generate + Json + "Content-Length: 25\r\n\r\n{\"prompt\":\"a\",\"length\":1}", 200)]
    [InlineData(Features + "Content-Type: application/octet-stream\r\nContent-Length: 1\r\n\r\na", 200)]
    [InlineData("GET /app.css" + Get + "If-None-Match: *\r\n\r\n", 304)]
    public async Task Every_answer_has_the_security_headers(string request, int status)
    {
        RawAnswer answer = await AskAsync(request);
        Assert.Equal(status, answer.Status);
        AssertSecure(answer.Headers);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n", 400,
        "The host name 'elsewhere.example' is not accepted.")]
    [InlineData("GET /api/about HTTP/1.1\r\nHost: 127.0.0.1.elsewhere.example:80\r\nConnection: close\r\n\r\n", 400,
        "The host name '127.0.0.1.")]
    [InlineData("GET /nothing" + Get + "\r\n", 404, "There is nothing at /nothing.")]
    [InlineData("GET /nothing" + Get + "Accept: text/html\r\n\r\n", 404, "There is nothing at /nothing.")]
    [InlineData("GET /api/generate" + Get + "\r\n", 405, "/api/generate does not take GET; it takes POST.")]
    [InlineData("POST /api/about" + Get + "Content-Length: 0\r\n\r\n", 405, "/api/about does not take POST; it takes GET.")]
    [InlineData("GET /app.css" + Get + "Range: bytes=9999999-\r\n\r\n", 416, null)]
    [InlineData(Generate + Json + "Content-Length: 0\r\n\r\n", 400, "The request is empty.")]
    [InlineData(Generate + Json + "Content-Length: 2\r\n\r\n{]", 400, "The request is not valid JSON; line 1, byte 2.")]
    [InlineData(Generate + Json + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "Bad chunk size data.")]
    [InlineData(Generate + Json + "Content-Length: 5000\r\n\r\n", 413, "At most 4096 bytes are taken.")]
    [InlineData(Features + "Content-Type: application/octet-stream\r\nContent-Length: 99999999999\r\n\r\n", 413,
        "At most 4096 bytes are taken.")]
    [InlineData(Generate + "Content-Length: 2\r\n\r\n{}", 415, "Expected application/json; got none.")]
    [InlineData(Generate + "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", 415, "Expected application/json; got 'text/plain'.")]
    [InlineData(Generate + "Content-Type: json\r\nContent-Length: 2\r\n\r\n{}", 415, "Expected application/json; got 'json'.")]
    [InlineData(Generate + "Content-Type: application/json; charset=utf-16\r\nContent-Length: 2\r\n\r\n{}", 415,
        "Expected utf-8; got charset 'utf-16'.")]
    [InlineData(Generate + Json + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", 415,
        "Expected a body without compression; got content encoding 'gzip'.")]
    [InlineData(Features + Json + "Content-Length: 2\r\n\r\n{}", 415, "Expected application/octet-stream; got 'application/json'.")]
    public async Task Every_error_has_the_security_headers_and_one_json_form(string request, int status, string? detail)
    {
        RawAnswer answer = await AskAsync(request);
        AssertProblem(answer, status);
        if (detail is not null) Assert.StartsWith(detail, answer.Detail, StringComparison.Ordinal);
        if (status == 413) Assert.Equal("close", answer.Headers["Connection"]);
    }

    [Theory]
    [InlineData("nonsense\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost\r\nNo colon\r\n\r\n", 400)]
    [InlineData("GET /api/about HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n", 400)]
    [InlineData("GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", 505)]
    [InlineData("LONG PATH", 414)]
    [InlineData("LONG HEADER", 431)]
    public async Task Kestrels_own_errors_have_the_security_headers_and_no_body(string request, int status)
    {
        request = request switch
        {
            "LONG PATH" => $"GET /{new string('a', 10_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "LONG HEADER" => $"GET / HTTP/1.1\r\nHost: localhost\r\nLong: {new string('a', 40_000)}\r\n\r\n",
            _ => request,
        };
        RawAnswer answer = await AskAsync(request);
        Assert.Equal((status, "0", "close", ""),
            (answer.Status, answer.Headers["Content-Length"], answer.Headers["Connection"], answer.Body));
        AssertSecure(answer.Headers);
    }

    [Fact]
    public async Task A_request_that_is_no_http_after_one_that_is_has_them_too()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        using RawClient client = await RawClient.ConnectAsync(demo);
        await client.SendAsync("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        while (await client.ReadLineAsync() is { Length: > 0 })
        {
            // the first answer
        }

        await client.SendAsync("nonsense\r\n\r\n");
        RawAnswer second = await client.ReadToEndAsync();
        Assert.Equal(400, second.Status);
        AssertSecure(second.Headers);
    }

    [Fact]
    public async Task A_busy_server_a_missing_model_and_a_failure_have_the_same_form()
    {
        const string body = "{\"prompt\":\"a\",\"length\":1}";
        string request = RawClient.Post("/api/generate", body.Length, "Connection: close\r\n") + body;
        await using (RunningDemo without = await RunningDemo.StartAsync(withModel: false))
            AssertProblem(await AskAsync(without, request), 503);

        await using RunningDemo demo = await RunningDemo.StartAsync(
            new DemoLimits { Generations = 1, WaitingGenerations = 0, GeneratedBytes = 1_000_000 });
        using (await demo.BeginAsync(1_000_000)) AssertProblem(await AskAsync(demo, request), 429);
        await demo.ComeToRestAsync();

        DemoModel damaged = RunningDemo.DamagedModel();
        await using RunningDemo failing = await RunningDemo.StartAsync(null, damaged);
        RawAnswer failed = await AskAsync(failing, request);
        AssertProblem(failed, 500);
        Assert.Contains("NaN", failed.Detail, StringComparison.Ordinal);

        await using RunningDemo broken = await RunningDemo.StartAsync(null, damaged with { Decoder = null! });
        RawAnswer unexpected = await AskAsync(broken, request); // an error that nobody expects
        AssertProblem(unexpected, 500);
        Assert.Equal("The server failed. Its console shows the error.", unexpected.Detail);
    }

    /// <summary>Asserts that an answer has the headers that keep the page to itself.</summary>
    internal static void AssertSecure(IReadOnlyDictionary<string, string> headers)
    {
        Assert.StartsWith("default-src 'none'", headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Equal("nosniff", headers["X-Content-Type-Options"]);
        Assert.Equal("no-referrer", headers["Referrer-Policy"]);
        Assert.Equal("same-origin", headers["Cross-Origin-Resource-Policy"]);
        Assert.StartsWith("no-", headers["Cache-Control"], StringComparison.Ordinal);
        Assert.DoesNotContain("Server", headers.Keys);
    }

    private static void AssertProblem(RawAnswer answer, int status)
    {
        Assert.Equal((status, "application/problem+json"), (answer.Status, answer.Headers["Content-Type"]));
        AssertSecure(answer.Headers);
        using var problem = JsonDocument.Parse(answer.Body);
        Assert.Equal(status, problem.RootElement.GetProperty("status").GetInt32());
        Assert.NotEmpty(problem.RootElement.GetProperty("title").GetString()!);
        Assert.DoesNotMatch(@"System\.|HslEmbeddingZero|   at ", answer.Body);
    }

    private static async Task<RawAnswer> AskAsync(string request)
    {
        await using RunningDemo demo = await RunningDemo.StartAsync();
        RawAnswer answer = await AskAsync(demo, request);
        using HttpResponseMessage after = await demo.Client.GetAsync("/");
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
        return answer;
    }

    private static async Task<RawAnswer> AskAsync(RunningDemo demo, string request)
    {
        using RawClient client = await RawClient.ConnectAsync(demo);
        await client.SendAsync(request);
        return await client.ReadToEndAsync();
    }
}
