using System.Net;
using System.Text;
using System.Text.Json;
using HslEmbeddingZero.Samples.Demo;
using Microsoft.AspNetCore.Http;

namespace HslEmbeddingZero.Demo.Tests;

/// <summary>Clients that send or read slowly, or not at all.</summary>
public class SlowClientTests
{
    /// <summary>Nobody waits: a request that finds no free place is refused.</summary>
    private static readonly DemoLimits OnePlace = new() { Generations = 1, WaitingGenerations = 0, Features = 1, WaitingFeatures = 0 };

    [Theory]
    [InlineData("/api/generate", "")]
    [InlineData("/api/generate", "{\"prompt\":\"a")]
    [InlineData("/api/features", "a")]
    [InlineData("/api/slots", "a")]
    public async Task Clients_that_never_finish_their_bodies_hold_no_place(string path, string sent)
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(OnePlace);
        List<RawClient> slow = [];
        try
        {
            for (int i = 0; i < 5; i++)
            {
                slow.Add(await RawClient.ConnectAsync(demo));
                await slow[^1].SendAsync(RawClient.Post(path, 100, "Expect: 100-continue\r\n"));
                // The server asks for the body: the request is past everything that comes before.
                Assert.Equal("HTTP/1.1 100 Continue", await slow[^1].ReadLineAsync());
                await slow[^1].SendAsync(sent);
            }

            Assert.Equal(3, (await demo.GenerateAsync(new { prompt = "a", length = 2 })).Length);
            foreach (string encoder in new[] { "/api/features", "/api/slots" })
            {
                using HttpResponseMessage answer = await demo.PostBytesAsync(encoder, [1, 2, 3]);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            }
        }
        finally
        {
            slow.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task Clients_that_do_not_read_hold_no_place()
    {
        DemoModel model = RunningDemo.SmallModel();
        using var places = Places.ForModels(OnePlace);
        GenerationEndpoint endpoint = new(model, places, OnePlace, CancellationToken.None);
        List<(UnreadStream Answer, Task Request)> slow = [];
        for (int i = 0; i < 5; i++)
        {
            UnreadStream answer = new();
            slow.Add((answer, endpoint.RunAsync(Request("""{"prompt":"abc","length":448}""", answer))));
            await await Task.WhenAny(answer.Blocked, slow[i].Request); // the first line is being sent
            while (endpoint.Running > 0) await Task.Delay(1); // the generation runs on, and ends
        }

        using MemoryStream read = new();
        HttpContext normal = Request("""{"prompt":"abc","length":448}""", read);
        await endpoint.RunAsync(normal);
        Assert.Equal(StatusCodes.Status200OK, normal.Response.StatusCode);
        Assert.Equal(449, Encoding.UTF8.GetString(read.ToArray()).Count(c => c == '\n'));
        Assert.All(slow, client => Assert.False(client.Request.IsCompleted));

        // Nothing is lost: the slow clients get the same answer, when they read.
        foreach ((UnreadStream answer, Task request) in slow)
        {
            answer.Release();
            await request;
            Assert.Equal(read.ToArray(), answer.ToArray());
        }
    }

    [Fact]
    public async Task The_features_of_a_client_that_does_not_read_hold_no_place()
    {
        using FeatureEndpoints endpoint = new(OnePlace, CancellationToken.None);
        List<(UnreadStream Answer, Task Request)> slow = [];
        for (int i = 0; i < 5; i++)
        {
            UnreadStream answer = new();
            slow.Add((answer, endpoint.EncodeAsync(Request("abc", answer, "application/octet-stream"))));
            await await Task.WhenAny(answer.Blocked, slow[i].Request);
        }

        Assert.All(slow, client => Assert.False(client.Request.IsCompleted));
        foreach ((UnreadStream answer, Task request) in slow)
        {
            answer.Release();
            await request;
            Assert.Equal(3 * HslFeatures.Dimension * sizeof(float), answer.Length);
        }
    }

    [Fact]
    public async Task A_client_that_reads_too_slowly_is_disconnected()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(
            new DemoLimits { ReadingTime = TimeSpan.FromMilliseconds(300) });
        const int whole = 512 * 512 * sizeof(float);
        using RawClient client = await RawClient.ConnectAsync(demo, receiveBuffer: 4096);
        await client.SendAsync(RawClient.Post("/api/slots", 4096));
        await client.SendAsync(new byte[4096]);
        byte[] buffer = new byte[4096];
        int total = 0;
        for (int read; total < whole && (read = await client.ReadAsync(buffer)) > 0; await Task.Delay(50)) total += read;
        Assert.True(total < whole, $"All {total} bytes were sent.");
        Assert.Equal(2, (await demo.GenerateAsync(new { prompt = "a", length = 1 })).Length);
    }

    [Fact]
    public async Task A_client_that_never_reads_does_not_keep_its_answer_for_ever()
    {
        DemoModel model = RunningDemo.SmallModel();
        DemoLimits brief = OnePlace with { GenerationTime = TimeSpan.FromMilliseconds(50), ReadingTime = TimeSpan.FromMilliseconds(50) };
        using var places = Places.ForModels(brief);
        GenerationEndpoint generation = new(model, places, brief, CancellationToken.None);
        using FeatureEndpoints features = new(brief, CancellationToken.None);
        using UnreadStream never = new();
        await generation.RunAsync(Request("""{"prompt":"abc"}""", never));
        await features.PackAsync(Request("abc", never, "application/octet-stream"));
        Assert.Equal(0, never.Length);
    }

    [Theory]
    [InlineData("/api/generate")]
    [InlineData("/api/features")]
    [InlineData("/api/slots")]
    public async Task A_body_that_does_not_come_in_time_is_answered_with_408_and_the_connection_is_closed(string path)
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(new DemoLimits { BodyTime = TimeSpan.FromMilliseconds(200) });
        using RawClient silent = await RawClient.ConnectAsync(demo);
        await silent.SendAsync(RawClient.Post(path, 100) + "{");
        RawAnswer answer = await silent.ReadToEndAsync();
        Assert.Equal((408, "close"), (answer.Status, answer.Headers["Connection"]));
        Assert.Equal("The body did not arrive in time. Send it again, faster.", answer.Detail);
        AnswerFormTests.AssertSecure(answer.Headers);
    }

    [Theory]
    [InlineData(" ")]
    [InlineData("1\r\n \r\n")]
    public async Task A_body_that_drips_is_too_slow_too(string drop)
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(new DemoLimits { BodyTime = TimeSpan.FromMilliseconds(300) });
        using RawClient client = await RawClient.ConnectAsync(demo);
        await client.SendAsync(RawClient.Post("/api/generate", 4000).Replace("Content-Length: 4000",
            drop == " " ? "Content-Length: 4000" : "Transfer-Encoding: chunked", StringComparison.Ordinal));
        Task<RawAnswer> answer = client.ReadToEndAsync();
        while (!answer.IsCompleted)
        {
            try
            {
                await client.SendAsync(drop);
            }
            catch (IOException)
            {
                break; // the server has closed the connection
            }

            await Task.Delay(10);
        }

        Assert.Equal(408, (await answer).Status);
    }

    [Fact]
    public async Task Nobody_waits_for_a_place_longer_than_the_limit()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(OnePlace with
        {
            GeneratedBytes = 1_000_000,
            WaitingGenerations = 8,
            WaitingTime = TimeSpan.FromMilliseconds(50),
        });
        using HttpResponseMessage running = await demo.BeginAsync(1_000_000);
        using HttpResponseMessage waited = await demo.BeginAsync(1);
        Assert.Equal(HttpStatusCode.TooManyRequests, waited.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), waited.Headers.RetryAfter!.Delta);
        Assert.StartsWith("place;dur=", Assert.Single(waited.Headers.GetValues("Server-Timing")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clients_that_leave_the_queue_make_room_in_it()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(OnePlace with
        {
            GeneratedBytes = 1_000_000,
            WaitingGenerations = 1,
            WaitingTime = TimeSpan.FromMinutes(1),
        });
        HttpResponseMessage running = await demo.BeginAsync(1_000_000);
        for (int i = 0; i < 5; i++)
        {
            using CancellationTokenSource impatient = new();
            Task<HttpResponseMessage> waiting = demo.BeginAsync(1, impatient.Token);
            await demo.WaitUntilAsync(now => now.Waiting == 1);
            using (HttpResponseMessage full = await demo.BeginAsync(1)) Assert.Equal(HttpStatusCode.TooManyRequests, full.StatusCode);
            await impatient.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
            await demo.WaitUntilAsync(now => now.Waiting == 0);
        }

        running.Dispose();
        Assert.Equal(0, (await demo.ComeToRestAsync()).Generations);
    }

    [Fact]
    public async Task A_server_that_stops_ends_open_answers_and_refuses_those_who_wait()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(OnePlace with
        {
            GeneratedBytes = 1_000_000,
            WaitingGenerations = 1,
            WaitingTime = TimeSpan.FromMinutes(1),
        });
        using HttpResponseMessage running = await demo.BeginAsync(1_000_000);
        Task<HttpResponseMessage> waiting = demo.BeginAsync(1);
        await demo.WaitUntilAsync(now => now.Waiting == 1);
        using StreamReader reader = new(await running.Content.ReadAsStreamAsync());
        Task<string> rest = reader.ReadToEndAsync();
        Task stopped = demo.StopAsync();
        using var last = JsonDocument.Parse((await rest).TrimEnd('\n').Split('\n')[^1]);
        Assert.Equal("stop", last.RootElement.GetProperty("end").GetString());
        using HttpResponseMessage refused = await waiting;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Contains("stopping", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await stopped;
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(3_000_000)]
    public async Task A_client_that_sends_too_much_gets_its_answer_and_no_broken_connection(int length)
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        foreach (bool chunked in new[] { false, true })
        {
            using HttpRequestMessage request = new(HttpMethod.Post, "/api/features")
            {
                Content = new StreamContent(new MemoryStream(new byte[length])),
            };
            request.Content.Headers.ContentType = new("application/octet-stream");
            request.Headers.TransferEncodingChunked = chunked;
            using HttpResponseMessage response = await demo.Client.SendAsync(request);
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
            Assert.True(response.Headers.ConnectionClose);
        }
    }

    private static DefaultHttpContext Request(string body, Stream answer, string type = "application/json")
    {
        DefaultHttpContext context = new();
        context.Request.ContentType = type;
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        context.Response.Body = answer;
        return context;
    }

    /// <summary>The connection of a client that does not read until it is told to.</summary>
    private sealed class UnreadStream : MemoryStream
    {
        private readonly TaskCompletionSource _blocked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _reads = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Completes when something waits to be read.</summary>
        public Task Blocked => _blocked.Task;

        public void Release() => _reads.SetResult();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _blocked.TrySetResult();
            await _reads.Task.WaitAsync(cancellationToken);
            Write(buffer.Span);
        }
    }
}
