using System.Net;
using System.Text;
using System.Text.Json;
using HslEmbeddingZero.Samples.Demo;

namespace HslEmbeddingZero.Demo.Tests;

public class GenerationEndpointTests
{
    private static readonly DemoLimits OneAtATime = new()
    {
        Generations = 1,
        WaitingGenerations = 0,
        WaitingTime = TimeSpan.FromMinutes(1),
        GeneratedBytes = 1_000_000,
    };

    [Fact]
    public async Task Bytes_are_those_of_the_library()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync();
        const string prompt = "Nineteen byte prompt";
        JsonElement[] lines = await demo.GenerateAsync(new { prompt, length = 40, temperature = 0.9, topK = 50, topP = 0.9, seed = 7 });

        using IByteGenerator generator = demo.Model!.Decoder.CreateTextGenerator(Encoding.UTF8.GetBytes(prompt));
        List<byte> expected = [];
        GenerationOptions options = new() { Temperature = 0.9, TopK = 50, TopP = 0.9, Seed = 7 };
        await foreach (byte value in generator.GenerateAsync(40, options)) expected.Add(value);
        Assert.Equal(expected, BytesOf(lines));
        Assert.NotEmpty(expected);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_bytes_and_another_gives_others()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync();
        byte[] first = BytesOf(await demo.GenerateAsync(new { prompt = "", length = 30, seed = 3 }));
        Assert.Equal(first, BytesOf(await demo.GenerateAsync(new { prompt = "", length = 30, seed = 3 })));
        Assert.NotEqual(first, BytesOf(await demo.GenerateAsync(new { prompt = "", length = 30, seed = 4 })));
    }

    [Fact]
    public async Task Every_line_tells_the_most_likely_bytes_and_the_last_one_why_it_is_the_last()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync();
        JsonElement[] lines = await demo.GenerateAsync(new { prompt = "abc", length = 20, temperature = 0 });
        Assert.Equal(21, lines.Length);
        foreach (JsonElement line in lines)
        {
            JsonElement[] next = [.. line.GetProperty("next").EnumerateArray()];
            double[] shares = [.. next.Select(n => n.GetProperty("probability").GetDouble())];
            Assert.Equal(12, shares.Length);
            Assert.Equal(shares.OrderDescending(), shares);
            Assert.True(shares.Sum() is > 0 and <= 1 + 1e-9);
            Assert.DoesNotContain(ByteIds.Mask, next.Select(n => n.GetProperty("id").GetInt32()));
        }

        // At temperature 0, the most likely byte is drawn.
        Assert.All(lines[..^1],
            line => Assert.Equal(line.GetProperty("next")[0].GetProperty("id").GetInt32(), line.GetProperty("byte").GetInt32()));
        Assert.All(lines[..^1], line => Assert.False(line.TryGetProperty("end", out _)));
        Assert.Equal("length", lines[^1].GetProperty("end").GetString());
        Assert.False(lines[^1].TryGetProperty("byte", out _));
    }

    [Fact]
    public async Task A_model_behind_codes_of_the_last_bytes_generates_and_the_page_is_told_of_them()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(null, RunningDemo.SmallModel(arm: "zero-ngram"));
        using var about = JsonDocument.Parse(await demo.Client.GetStringAsync("/api/about"));
        JsonElement model = about.RootElement.GetProperty("model");
        Assert.Equal(("zero-ngram", 0), (model.GetProperty("door").GetString(), model.GetProperty("doorParameters").GetInt32()));
        Assert.Equal([2, 3, 4], model.GetProperty("ngramOrders").EnumerateArray().Select(order => order.GetInt32()));
        Assert.Equal(192, model.GetProperty("ngramColumns").GetInt32());
        Assert.Equal(11, (await demo.GenerateAsync(new { prompt = "abcdef", length = 10 })).Length);

        await using RunningDemo plain = await RunningDemo.StartAsync();
        Assert.DoesNotContain("ngram", await plain.Client.GetStringAsync("/api/about"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_most_likely_ids_come_first()
    {
        double[] probabilities = new double[ByteIds.Count];
        (probabilities[65], probabilities[ByteIds.EndOfSequence], probabilities[7]) = (0.5, 0.25, 0.2);
        NextByte[] next = NextBytes.Of(probabilities);
        Assert.Equal(NextBytes.Count, next.Length);
        Assert.Equal([new(65, 0.5), new(ByteIds.EndOfSequence, 0.25), new(7, 0.2)], next[..3]);
    }

    [Theory]
    [InlineData("""{"prompt":"a","length":0}""", "length is 0")]
    [InlineData("""{"prompt":"a","length":449}""", "length is 449; it must be 1 to 448; line 1, byte 24.")]
    [InlineData("""{"prompt":"a","temperature":-0.1}""", "temperature is -0.1")]
    [InlineData("""{"prompt":"a","temperature":5.5}""", "temperature is 5.5; it must be 0 to 5; line 1, byte 29.")]
    [InlineData("""{"prompt":"a","topK":-1}""", "topK is -1")]
    [InlineData("""{"prompt":"a","topK":259}""", "topK is 259")]
    [InlineData("""{"prompt":"a","topP":0}""", "topP is 0")]
    [InlineData("""{"prompt":"a","topP":1.5}""", "topP is 1.5")]
    [InlineData("""{"prompt":"a","seed":-1}""", "seed is -1")]
    [InlineData("""{"prompt":null}""", "prompt must be a string; got null; line 1, byte 11.")]
    [InlineData("""{"prompt": 5}""", "prompt must be a string; got 5; line 1, byte 12.")]
    [InlineData("""{"prompt":["a"]}""", "prompt must be a string; got an array; line 1, byte 11.")]
    [InlineData("{\n  \"length\": 5,\n  \"prompt\": {}\n}", "prompt must be a string; got an object; line 3, byte 13.")]
    [InlineData("{\r\n\"length\":true}", "length must be a whole number; got true; line 2, byte 10.")]
    [InlineData("""{"length":5}""", "prompt is missing. It must be a string, and may be empty.")]
    [InlineData("{}", "prompt is missing. It must be a string, and may be empty.")]
    [InlineData("""{"prompt":"a","prompt":"b"}""", "'prompt' is given twice; line 1, byte 15.")]
    [InlineData("""{"prompt":"a","\u0070rompt":"b"}""", "'prompt' is given twice; line 1, byte 15.")]
    [InlineData("""{"prompt":"a","speed":5}""",
        "There is no field 'speed'. The fields are prompt, length, temperature, topK, topP and seed; line 1, byte 15.")]
    [InlineData("""{"Prompt":"a"}""", "There is no field 'Prompt'.")]
    [InlineData("""{"":5}""", "There is no field ''.")]
    [InlineData("""{"aVeryLongNameOfAFieldThatIsNoField":5}""", "There is no field 'aVeryLongNameOfAFieldTha...'.")]
    [InlineData("""{"prompt":"a","length":"5"}""", "length must be a whole number; got a string; line 1, byte 24.")]
    [InlineData("""{"prompt":"a","length":null}""", "length must be a whole number; got null; line 1, byte 24.")]
    [InlineData("""{"prompt":"a","length":5.5}""", "length must be a whole number in digits only; got 5.5; line 1, byte 24.")]
    [InlineData("""{"prompt":"a","length":1e2}""", "length must be a whole number in digits only; got 1e2; line 1, byte 24.")]
    [InlineData("""{"prompt":"a","length":-3}""", "length is -3; it must be 1 to 448; line 1, byte 24.")]
    [InlineData("""{"prompt":"a","seed":99999999999}""", "seed is 99999999999; it must be 0 to 2147483647; line 1, byte 22.")]
    [InlineData("""{"prompt":"a","seed":123456789012345678901234567890}""",
        "seed is 123456789012345678901234...; it must be 0 to 2147483647")]
    [InlineData("""{"prompt":"a","temperature":1e400}""", "temperature is 1e400; it must be 0 to 5; line 1, byte 29.")]
    [InlineData("""{"prompt":"a","temperature":-1e400}""", "temperature is -1e400; it must be 0 to 5; line 1, byte 29.")]
    [InlineData("""{"prompt":"a","temperature":"NaN"}""", "temperature must be a number; got a string; line 1, byte 29.")]
    [InlineData("""{"prompt":"a","temperature":NaN}""", "The value of temperature is not valid JSON; line 1, byte 29.")]
    [InlineData("""{"prompt":"a","temperature":-Infinity}""", "The value of temperature is not valid JSON; line 1, byte 30.")]
    [InlineData("""{"prompt":"a","topP":.5}""", "The value of topP is not valid JSON; line 1, byte 22.")]
    [InlineData("""{"prompt":"a","topP":false}""", "topP must be a number; got false; line 1, byte 22.")]
    [InlineData("""{"prompt":"a","seed":007}""", "The value of seed is not valid JSON; line 1, byte 23.")]
    [InlineData("""{"prompt":"\ud800"}""",
        "prompt is not valid Unicode: it holds invalid UTF-8, or half of a surrogate pair; line 1, byte 11.")]
    [InlineData("""{"\udc00":"a"}""", "A field name is not valid Unicode")]
    [InlineData("{\"prompt\":\"a\nb\"}", "The value of prompt is not valid JSON; line 1, byte 13.")]
    [InlineData("""{"prompt":'a'}""", "The value of prompt is not valid JSON; line 1, byte 11.")]
    [InlineData("""{"prompt":"a" """, "The request is not valid JSON; line 1, byte 15.")]
    [InlineData("""{"prompt":"a",}""", "The request is not valid JSON; line 1, byte 15.")]
    [InlineData("""{"prompt":"a"} x""", "The request is not valid JSON; line 1, byte 16.")]
    [InlineData("""{"prompt":"a"}{"prompt":"a"}""", "The request is not valid JSON; line 1, byte 15.")]
    [InlineData("""{"prompt":"a"/*b*/}""", "The request is not valid JSON; line 1, byte 14.")]
    [InlineData("null", "The request must be a JSON object; got null; line 1, byte 1.")]
    [InlineData("[]", "The request must be a JSON object; got an array; line 1, byte 1.")]
    [InlineData(" 5", "The request must be a JSON object; got 5; line 1, byte 2.")]
    [InlineData("prompt=a", "The request is not valid JSON; line 1, byte 1.")]
    [InlineData(" ", "The request is not valid JSON; line 1, byte 2.")]
    [InlineData("", "The request is empty. It must be a JSON object with a prompt.")]
    public async Task A_wrong_request_is_refused_with_its_reason(string json, string reason)
    {
        await using RunningDemo demo = await RunningDemo.StartAsync();
        using HttpResponseMessage response = await demo.PostJsonAsync(json);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        string detail = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("detail").GetString()!;
        Assert.StartsWith(reason, detail, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"System|HslEmbeddingZero|\.NET|Utf8JsonReader|Path: \$", detail);
    }

    [Fact]
    public async Task A_prompt_that_is_no_utf8_is_refused_and_a_byte_order_mark_is_not()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync();
        using HttpResponseMessage broken = await PostAsync(demo, [.. "{\"prompt\":\"a"u8, 0xC3, (byte)'"', (byte)'}']);
        Assert.Equal(HttpStatusCode.BadRequest, broken.StatusCode);
        Assert.Contains("prompt is not valid Unicode", await broken.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using HttpResponseMessage marked = await PostAsync(demo, [0xEF, 0xBB, 0xBF, .. "{\"prompt\":\"a\",\"length\":1}"u8]);
        Assert.Equal(HttpStatusCode.OK, marked.StatusCode);

        static Task<HttpResponseMessage> PostAsync(RunningDemo demo, byte[] json)
        {
            ByteArrayContent content = new(json);
            content.Headers.ContentType = new("application/json");
            return demo.Client.PostAsync("/api/generate", content);
        }
    }

    [Fact]
    public async Task The_longest_prompt_is_taken_and_one_byte_more_is_not()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync();
        Assert.Equal(2, (await demo.GenerateAsync(new { prompt = new string('é', 256), length = 1 })).Length);
        using HttpResponseMessage longer = await demo.PostJsonAsync(
            JsonSerializer.Serialize(new { prompt = new string('é', 256) + "a", length = 1 }));
        Assert.Equal(HttpStatusCode.BadRequest, longer.StatusCode);
        Assert.Contains("513 UTF-8 bytes", await longer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using HttpResponseMessage muchLonger = await demo.PostJsonAsync(
            JsonSerializer.Serialize(new { prompt = new string('a', 20_000), length = 1 }));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, muchLonger.StatusCode);
    }

    [Fact]
    public async Task A_flood_gets_429_and_a_time_to_come_back()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(OneAtATime);
        using HttpResponseMessage running = await demo.BeginAsync(1_000_000);
        Assert.Equal(HttpStatusCode.OK, running.StatusCode);
        HttpResponseMessage[] flood = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => demo.BeginAsync(5)));
        foreach (HttpResponseMessage refused in flood)
        {
            using (refused)
            {
                Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
                Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter!.Delta);
                Assert.Contains("Try again", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task A_client_that_leaves_frees_its_place_and_its_memory()
    {
        const long half = 1 << 19; // of the cache of a generation: 512 positions of 256 keys and values
        await using RunningDemo demo = await RunningDemo.StartAsync(OneAtATime);
        await demo.GenerateAsync(new { prompt = "warm", length = 2 });
        await demo.ComeToRestAsync();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < 5; i++)
        {
            using (await BeginWhenFreeAsync(demo, 1_000_000))
                Assert.InRange(GC.GetTotalMemory(forceFullCollection: true), before + half, long.MaxValue);
            await demo.ComeToRestAsync();
            long after = 0;
            for (int tries = 0; tries < 100 && (after = GC.GetTotalMemory(forceFullCollection: true)) > before + half; tries++)
                await Task.Delay(20); // the request itself ends a moment after its generation
            Assert.InRange(after, 0, before + half);
        }

        using HttpResponseMessage again = await BeginWhenFreeAsync(demo, 3);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    [Fact]
    public async Task One_more_waits_for_its_turn_and_may_leave_while_it_waits()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(OneAtATime with { WaitingGenerations = 1 });
        HttpResponseMessage running = await demo.BeginAsync(1_000_000);
        using CancellationTokenSource impatient = new();
        Task<HttpResponseMessage>[] two = [demo.BeginAsync(5, impatient.Token), demo.BeginAsync(5, impatient.Token)];
        Task<HttpResponseMessage> first = await Task.WhenAny(two);
        using (HttpResponseMessage refused = await first) Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => two.Single(task => task != first));

        Task<HttpResponseMessage> patient = BeginWhenFreeAsync(demo, 5);
        Assert.NotSame(patient, await Task.WhenAny(patient, Task.Delay(200)));
        running.Dispose();
        using HttpResponseMessage served = await patient;
        Assert.Equal(HttpStatusCode.OK, served.StatusCode);
    }

    [Fact]
    public async Task A_generation_ends_when_its_time_is_over()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(OneAtATime with { GenerationTime = TimeSpan.FromSeconds(1) });
        JsonElement[] lines = await demo.GenerateAsync(new { prompt = "a", length = 1_000_000, topK = 1 });
        Assert.Equal("time", lines[^1].GetProperty("end").GetString());
        Assert.Equal(0, (await demo.ComeToRestAsync()).Generations);
    }

    [Fact]
    public async Task The_model_may_end_the_document_first()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(null, RunningDemo.SmallModel(endOfDocument: 100));
        JsonElement line = Assert.Single(await demo.GenerateAsync(new { prompt = "a", length = 10 }));
        Assert.Equal("document", line.GetProperty("end").GetString());
        Assert.Equal(ByteIds.EndOfSequence, line.GetProperty("next")[0].GetProperty("id").GetInt32());
    }

    [Fact]
    public async Task Without_weights_it_says_so()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        using HttpResponseMessage response = await demo.PostJsonAsync("""{"prompt":"a"}""");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("--weights", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("\"model\"", await demo.Client.GetStringAsync("/api/about"), StringComparison.Ordinal);
    }

    /// <summary>The server notices a disconnected client after a moment.</summary>
    private static async Task<HttpResponseMessage> BeginWhenFreeAsync(RunningDemo demo, int length)
    {
        for (; ; await Task.Delay(20))
        {
            HttpResponseMessage response = await demo.BeginAsync(length);
            if (response.StatusCode != HttpStatusCode.TooManyRequests) return response;
            response.Dispose();
        }
    }

    private static byte[] BytesOf(JsonElement[] lines) =>
        [.. lines.Where(line => line.TryGetProperty("byte", out _)).Select(line => line.GetProperty("byte").GetByte())];
}
