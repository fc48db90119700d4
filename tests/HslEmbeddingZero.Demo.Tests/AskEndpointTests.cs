using System.Net;
using System.Net.Http.Json;
using System.Net.Mime;
using System.Text;
using System.Text.Json;
using HslEmbeddingZero.Samples.Demo;

namespace HslEmbeddingZero.Demo.Tests;

/// <summary>Questions to the shipped model that reads facts.</summary>
public sealed class AskEndpointTests(AskEndpointTests.Knowledge shared) : IClassFixture<AskEndpointTests.Knowledge>
{
    private const string OwnText = "Zanira Quell was born in Skelmere. Zanira Quell collects amber whistles.";

    [Fact]
    public async Task An_answer_comes_with_its_facts_and_the_bits_of_each_byte()
    {
        await using RunningDemo demo = await StartAsync();
        using var about = JsonDocument.Parse(await demo.Client.GetStringAsync("/api/about"));
        JsonElement knowledge = about.RootElement.GetProperty("knowledge");
        Assert.Equal((200, 1200), (knowledge.GetProperty("persons").GetInt32(), knowledge.GetProperty("facts").GetInt32()));
        foreach (string question in knowledge.GetProperty("examples").EnumerateArray().Select(example => example.GetString()!))
        {
            JsonElement answer = await AskAsync(demo, new { question, facts = "right" });
            JsonElement[] facts = [.. answer.GetProperty("facts").EnumerateArray()];
            JsonElement[] bytes = [.. answer.GetProperty("bytes").EnumerateArray()];
            Assert.InRange(facts.Length, 1, 8);
            Assert.All(facts, fact => Assert.True(fact.GetProperty("score").GetDouble() > 0));
            byte[] values = [.. bytes.Select(one => one.GetProperty("value").GetByte())];
            Assert.Equal(answer.GetProperty("answer").GetString(), Encoding.UTF8.GetString(values));
            Assert.True(bytes.Sum(one => one.GetProperty("without").GetDouble() - one.GetProperty("with").GetDouble()) > 0);
        }
    }

    [Fact]
    public async Task Swapped_facts_no_facts_and_a_text_of_ones_own_change_the_answer()
    {
        await using RunningDemo demo = await StartAsync();
        JsonElement own = await AskAsync(demo, new { question = "Where was Zanira Quell born?", facts = "text", text = OwnText });
        Assert.Equal("Skelmere", own.GetProperty("answer").GetString());
        Assert.Equal(["Zanira Quell was born in Skelmere.", "Zanira Quell collects amber whistles."],
            own.GetProperty("facts").EnumerateArray().Select(fact => fact.GetProperty("text").GetString()));
        string question = shared.Model.Description.Examples[0];
        JsonElement[] answers =
        [
            await AskAsync(demo, new { question, facts = "right" }), await AskAsync(demo, new { question, facts = "swapped" }),
            await AskAsync(demo, new { question, facts = "none" }),
        ];
        Assert.NotEqual(answers[0].GetProperty("answer").GetString(), answers[1].GetProperty("answer").GetString());
        Assert.Empty(answers[2].GetProperty("facts").EnumerateArray());
        Assert.All(answers[2].GetProperty("bytes").EnumerateArray(), one =>
            Assert.Equal(one.GetProperty("without").GetDouble(), one.GetProperty("with").GetDouble()));
    }

    [Theory]
    [InlineData("", "The request must be a JSON object with question")]
    [InlineData("null", "got null.")]
    [InlineData("[]", "line 1, byte 2.")]
    [InlineData("""{"question":"a"}""", "facts (\"right\", \"swapped\", \"none\" or \"text\")")]
    [InlineData("""{"question":"a","facts":"wrong"}""", "line 1, byte 32.")]
    [InlineData("""{"question":"a","facts":1}""", "line 1, byte 26.")]
    [InlineData("""{"question":"a","facts":"none","store":"x"}""", "The request must be")]
    [InlineData("""{"question":"a","question":"b","facts":"none"}""", "The request must be")]
    [InlineData("""{"question":null,"facts":"none"}""", "The request must be")]
    [InlineData("""{"question":"\ud800","facts":"none"}""", "The request must be")]
    [InlineData("""{"question":" \n","facts":"none"}""", "The question is empty.")]
    public async Task A_request_that_is_not_valid_is_refused_with_its_form(string json, string reason)
    {
        await using RunningDemo demo = await StartAsync();
        (HttpStatusCode status, string detail) = await RefusedAsync(demo, json);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(reason, detail, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_too_long_is_refused_with_its_limit()
    {
        await using RunningDemo demo = await StartAsync();
        string request = JsonSerializer.Serialize(new { question = new string('x', 2000), facts = "none" });
        (HttpStatusCode status, string detail) = await RefusedAsync(demo, request);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(
            $"a prompt of this model has {shared.Model.Description.PromptBytes}", detail, StringComparison.Ordinal);
        request = JsonSerializer.Serialize(new { question = "a", facts = "text", text = new string('x', 65537) });
        (status, detail) = await RefusedAsync(demo, request);
        Assert.Equal((HttpStatusCode.BadRequest, "text has 65537 UTF-8 bytes; at most 65536 are taken."), (status, detail));
        request = JsonSerializer.Serialize(new { question = "a", facts = "text", text = new string('x', 200_000) });
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await RefusedAsync(demo, request)).Status);
    }

    [Fact]
    public async Task Without_the_model_there_are_no_answers_and_the_page_is_told()
    {
        await using RunningDemo demo = await RunningDemo.StartAsync(withModel: false);
        Assert.DoesNotContain("knowledge", await demo.Client.GetStringAsync("/api/about"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await RefusedAsync(demo, """{"question":"a","facts":"none"}""")).Status);
    }

    /// <summary>A busy machine must not make a request wait too long for its place.</summary>
    private Task<RunningDemo> StartAsync() =>
        RunningDemo.StartAsync(new DemoLimits { WaitingTime = TimeSpan.FromMinutes(1) }, model: null, shared.Model);

    private static async Task<JsonElement> AskAsync(RunningDemo demo, object request)
    {
        using HttpResponseMessage response = await demo.Client.PostAsJsonAsync("/api/ask", request);
        string answer = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, answer);
        return JsonDocument.Parse(answer).RootElement;
    }

    private static async Task<(HttpStatusCode Status, string Detail)> RefusedAsync(RunningDemo demo, string json)
    {
        using StringContent content = new(json, Encoding.UTF8, MediaTypeNames.Application.Json);
        using HttpResponseMessage response = await demo.Client.PostAsync("/api/ask", content);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return (response.StatusCode, problem.RootElement.GetProperty("detail").GetString()!);
    }

    /// <summary>The model, loaded once.</summary>
    public sealed class Knowledge : IDisposable
    {
        internal DemoKnowledge Model { get; } =
            DemoKnowledge.Find() ?? throw new InvalidOperationException("holo-small.safetensors does not stand beside the tests.");

        public void Dispose() => Model.Dispose();
    }
}
