using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Mime;
using System.Text;
using System.Text.Json;
using HslEmbeddingZero.Samples.Demo;
using HslEmbeddingZero.Tests;
using Microsoft.AspNetCore.Builder;

namespace HslEmbeddingZero.Demo.Tests;

/// <summary>The demo on a free port of this machine, with a small untrained model.</summary>
internal sealed class RunningDemo : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>A bias with which the end of the document is never drawn.</summary>
    private const float NeverEnds = -100;

    private readonly WebApplication _app;

    private RunningDemo(WebApplication app, DemoModel? model)
    {
        _app = app;
        Model = model;
        // Disposing an unread response closes the connection at once, without reading the rest.
        Client = new HttpClient(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero })
        {
            BaseAddress = new Uri(app.Urls.First()),
            Timeout = TimeSpan.FromMinutes(1)
        };
    }

    public DemoModel? Model { get; }

    public HttpClient Client { get; }

    public Uri Address => Client.BaseAddress!;

    public static Task<RunningDemo> StartAsync(DemoLimits? limits = null, bool withModel = true) =>
        StartAsync(limits, withModel ? SmallModel() : null);

    public static async Task<RunningDemo> StartAsync(DemoLimits? limits, DemoModel? model, DemoKnowledge? knowledge = null)
    {
        DemoOptions options = new() { Port = 0, Diagnostics = true, Limits = limits ?? new DemoLimits() };
        WebApplication app = DemoServer.Create(options, model, knowledge);
        await app.StartAsync();
        return new RunningDemo(app, model);
    }

    /// <summary>A model of one layer, written to a file and read back as the demo does.</summary>
    /// <param name="endOfDocument">As in <see cref="SaveSmallModel"/>.</param>
    /// <param name="arm">Arm of the door.</param>
    public static DemoModel SmallModel(float endOfDocument = NeverEnds, string arm = "zero")
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("small.safetensors");
        SaveSmallModel(path, endOfDocument, arm);
        return DemoModel.Load(path);
    }

    /// <summary>A model with a bias that is NaN, as a file can have it. The library writes no such file.</summary>
    public static DemoModel DamagedModel()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("damaged.safetensors");
        SaveSmallModel(path);
        var header = SafetensorsHeader.Read(path);
        using (FileStream file = new(path, FileMode.Open, FileAccess.Write))
        {
            file.Position = header.DataStart + header.Tensors["head.bias"].Begin;
            file.Write(BitConverter.GetBytes(float.NaN));
        }

        return DemoModel.Load(path);
    }

    /// <param name="path">File to write.</param>
    /// <param name="endOfDocument">Bias of the end-of-document logit.</param>
    /// <param name="arm">Arm of the door.</param>
    public static void SaveSmallModel(string path, float endOfDocument = NeverEnds, string arm = "zero")
    {
        TorchSharp.torch.manual_seed(1);
        using var model = new ByteLanguageModel(DoorArms.Create(arm, 8, 256),
            new ByteTransformer(new ByteTransformerOptions { Dim = 256, Layers = 1, Heads = 4 }));
        using (TorchSharp.torch.no_grad())
        using (TorchSharp.torch.Tensor bias = model.Weights()["head.bias"].narrow(0, ByteIds.EndOfSequence, 1)) bias.fill_(endOfDocument);
        model.Save(path);
    }

    public Task<HttpResponseMessage> PostBytesAsync(string path, byte[] bytes)
    {
        ByteArrayContent content = new(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue(MediaTypeNames.Application.Octet);
        return Client.PostAsync(path, content);
    }

    public Task<HttpResponseMessage> PostJsonAsync(string json) =>
        Client.PostAsync("/api/generate", new StringContent(json, Encoding.UTF8, MediaTypeNames.Application.Json));

    /// <summary>Starts a generation and waits for its first line. Disposing the response disconnects the client.</summary>
    public async Task<HttpResponseMessage> BeginAsync(int length, CancellationToken cancellationToken = default)
    {
        using HttpRequestMessage request = new(HttpMethod.Post,
            "/api/generate")
        { Content = JsonContent.Create(new { prompt = "abc", length }) };
        HttpResponseMessage response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.IsSuccessStatusCode)
            await (await response.Content.ReadAsStreamAsync(cancellationToken)).ReadExactlyAsync(new byte[1], cancellationToken);
        return response;
    }

    public async Task<JsonElement[]> GenerateAsync(object request)
    {
        using HttpResponseMessage response = await Client.PostAsJsonAsync("/api/generate", request);
        string answer = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, answer);
        return [.. answer.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }

    /// <summary>Reads the diagnostics.</summary>
    public async Task<Diagnostics> DiagnoseAsync() => (await Client.GetFromJsonAsync<Diagnostics>("/api/diagnostics", DemoJson.Options))!;

    /// <summary>Waits until no generation is running.</summary>
    public Task<Diagnostics> ComeToRestAsync() => WaitUntilAsync(now => now.Generations == 0);

    /// <summary>Waits until something holds.</summary>
    public async Task<Diagnostics> WaitUntilAsync(Predicate<Diagnostics> holds)
    {
        using CancellationTokenSource late = new(Patience);
        for (; ; await Task.Delay(20, late.Token))
            if (await DiagnoseAsync() is { } now && holds(now)) return now;
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
