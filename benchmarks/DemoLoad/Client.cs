using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace HslEmbeddingZero.DemoLoad;

/// <summary>One client: it sends requests and reads the answers, with short pauses, until its time is over.</summary>
/// <param name="http">Connections to the demo.</param>
/// <param name="tally">Counts the results.</param>
/// <param name="number">Number of the client, the seed of its random choices.</param>
/// <param name="leaves">Whether it disconnects from every generation after a few bytes.</param>
internal sealed class Client(HttpClient http, Tally tally, int number, bool leaves)
{
    private const int MostLength = 256;
    private const int MostPrompt = 512;
    private const int MostInput = 4096;
    private const int MostBeforeLeaving = 20;

    private readonly Random _random = new(number);

    public async Task RunAsync(CancellationToken over)
    {
        try
        {
            while (!over.IsCancellationRequested)
            {
                try
                {
                    if (_random.Next(3) == 0) await EncodeAsync(over);
                    else await GenerateAsync(over);
                }
                catch (Exception error) when (error is HttpRequestException or IOException)
                {
                    tally.Broken(error);
                }

                await Task.Delay(_random.Next(50, 500), over);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // Its time is over.
        }
    }

    /// <summary>Sends the largest request of each kind, so that everything that is created once exists before the first sample.</summary>
    public async Task WarmUpAsync(CancellationToken over)
    {
        await EncodeAsync("/api/features", MostInput, over);
        await EncodeAsync("/api/slots", MostInput, over);
        await GenerateAsync(0, 1, over);
        await GenerateAsync(MostPrompt, MostLength, over);
    }

    private async Task EncodeAsync(CancellationToken over)
    {
        await EncodeAsync(_random.Next(2) == 0 ? "/api/features" : "/api/slots", _random.Next(MostInput + 1), over);
    }

    private async Task EncodeAsync(string path, int length, CancellationToken over)
    {
        byte[] input = new byte[length];
        _random.NextBytes(input);
        ByteArrayContent content = new(input);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        long began = Stopwatch.GetTimestamp();
        using HttpResponseMessage response = await http.PostAsync(path, content, over);
        tally.Answer(path, response.StatusCode, Stopwatch.GetElapsedTime(began).TotalMilliseconds, Waited(response));
    }

    private async Task GenerateAsync(CancellationToken over)
    {
        await GenerateAsync(_random.Next(MostPrompt + 1), _random.Next(1, MostLength + 1), over);
    }

    private async Task GenerateAsync(int promptLength, int length, CancellationToken over)
    {
        var body = new { prompt = new string((char)_random.Next('a', 'z'), promptLength), length, seed = _random.Next() };
        using HttpRequestMessage request = new(HttpMethod.Post, "/api/generate") { Content = JsonContent.Create(body) };
        long began = Stopwatch.GetTimestamp();
        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, over);
        tally.Answer("/api/generate", response.StatusCode, Stopwatch.GetElapsedTime(began).TotalMilliseconds, Waited(response));
        if (response.StatusCode != HttpStatusCode.OK) return;

        int patience = leaves ? _random.Next(1, MostBeforeLeaving + 1) : int.MaxValue;
        using StreamReader lines = new(await response.Content.ReadAsStreamAsync(over));
        for (int read = 0; await lines.ReadLineAsync(over) is { } line; read++)
        {
            if (line.StartsWith("{\"byte\"", StringComparison.Ordinal)) tally.Generated();
            if (read < patience) continue;
            tally.Leave();
            return;
        }
    }

    /// <summary>Milliseconds that the request waited for its place, from the header Server-Timing, which is "place;dur=12.3".</summary>
    private static double Waited(HttpResponseMessage response) =>
        double.Parse(response.Headers.GetValues("Server-Timing").Single().Split("dur=")[1], CultureInfo.InvariantCulture);
}
