using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;

namespace HslEmbeddingZero.Demo.Tests;

public class DemoServerTests
{
    [Fact]
    public async Task The_page_may_load_only_its_own_files()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        foreach (string path in new[] { "/", "/app.css", "/app/main.js", "/api/about" })
        {
            using HttpResponseMessage response = await demo.Client.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            string policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith("default-src 'none'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
            Assert.False(response.Headers.Contains("Server"));
        }
    }

    [Theory]
    [InlineData("GET", "/nothing", HttpStatusCode.NotFound)]
    [InlineData("GET", "/../../etc/passwd", HttpStatusCode.NotFound)]
    [InlineData("GET", "/api/generate", HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "/api/features", HttpStatusCode.MethodNotAllowed)]
    public async Task What_is_not_there_is_refused_with_a_reason(string method, string path, HttpStatusCode expected)
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        using HttpRequestMessage request = new(new HttpMethod(method), path);
        using HttpResponseMessage response = await demo.Client.SendAsync(request);
        Assert.Equal(expected, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.NotEmpty(problem.RootElement.GetProperty("title").GetString()!);
    }

    [Fact]
    public async Task It_listens_on_this_machine_alone()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        Assert.True(demo.Address.IsLoopback);
        IPAddress? own = (await Dns.GetHostAddressesAsync(Dns.GetHostName())).FirstOrDefault(
            a => a.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(a));
        if (own is null) return; // a machine without a network has no other address to try
        using TcpClient other = new();
        await Assert.ThrowsAnyAsync<SocketException>(() => other.ConnectAsync(own, demo.Address.Port));
    }

    [Fact]
    public async Task Malformed_requests_never_break_the_server()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync();
        Random random = new(27);
        byte[] sound = """{"prompt":"The é \n","length":2,"temperature":0.5,"topK":3,"topP":0.5,"seed":9}"""u8.ToArray();
        string[] paths = ["/api/generate", "/api/features", "/api/slots", "/api/about", "/api/cosmos"];
        string[] types = ["application/json", "application/octet-stream", "application/json; charset=utf-16", "multipart/form-data", "*"];
        for (int i = 0; i < 400; i++)
        {
            byte[] body = [.. sound];
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                int at = random.Next(body.Length);
                body = random.Next(4) switch
                {
                    0 => [.. body[..at], .. body[(at + 1)..], (byte)' '],
                    1 => [.. body[..at], .. sound, .. body[at..]],
                    2 => [.. body[..at], (byte)random.Next(256), .. body[(at + 1)..]],
                    _ => body[..Math.Max(1, at)],
                };
            }

            using HttpRequestMessage request = new(HttpMethod.Post, i % 2 == 0 ? paths[0] : paths[random.Next(paths.Length)])
            {
                Content = new ByteArrayContent(body),
            };
            request.Content.Headers.TryAddWithoutValidation("Content-Type", i % 2 == 0 ? types[0] : types[random.Next(types.Length)]);
            using HttpResponseMessage response = await demo.Client.SendAsync(request);
            Assert.True((int)response.StatusCode < 500, $"{response.StatusCode}: {Encoding.UTF8.GetString(body)}");
        }

        Assert.Equal(3, (await demo.GenerateAsync(new { prompt = "still there", length = 2 })).Length);
    }

    [Fact]
    public async Task Diagnostics_are_told_only_when_asked_for()
    {
        await using WebApplication app = Samples.Demo.DemoServer.Create(new Samples.Demo.DemoOptions { Port = 0 }, null);
        await app.StartAsync();
        using HttpClient client = new();
        using HttpResponseMessage response = await client.GetAsync(new Uri(new Uri(app.Urls.First()), "/api/diagnostics"));
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }
}
