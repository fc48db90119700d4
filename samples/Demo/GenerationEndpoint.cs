using System.Net.Mime;
using System.Threading.Channels;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>
/// Continues a prompt and sends each byte as soon as it is drawn, as one line of JSON. When a client disconnects, its generation stops.
/// </summary>
/// <param name="model">The model; null where there is none.</param>
/// <param name="places">Places for requests that use a model.</param>
/// <param name="limits">Limits of requests.</param>
/// <param name="stopping">Ends all generations.</param>
internal sealed class GenerationEndpoint(DemoModel? model, Places places, DemoLimits limits, CancellationToken stopping)
{
    private int _running;

    /// <summary>Generations that hold a generator now.</summary>
    public int Running => Volatile.Read(ref _running);

    public async Task RunAsync(HttpContext context)
    {
        if (await RequestBody.ReadAsync(context, MediaTypeNames.Application.Json, limits.RequestBytes, limits.BodyTime) is not { } body)
            return;
        GenerationRequest request;
        try
        {
            request = RequestReader.Read(body, limits);
        }
        catch (InvalidDataException error)
        {
            await Refusal.BadRequest(error.Message).ExecuteAsync(context);
            return;
        }

        if (model is null)
        {
            await Refusal.NoWeights().ExecuteAsync(context);
            return;
        }

        if (await places.TakeAsync(context, stopping) is not { } place) return;
        // The generation runs ahead of a client that reads slowly. There is room for the whole answer, so it never waits for the client.
        var lines = Channel.CreateBounded<GenerationLine>(
            new BoundedChannelOptions(request.Length + 1) { SingleReader = true, SingleWriter = true });
        var generating = Task.Run(() =>
        {
            using (place) Generate(model.Decoder, request, lines.Writer, context.RequestAborted);
        });
        try
        {
            await SendAsync(context, lines.Reader);
        }
        finally
        {
            await generating;
        }
    }

    private void Generate(ByteDecoder decoder, GenerationRequest request, ChannelWriter<GenerationLine> lines, CancellationToken gone)
    {
        using var deadline = new CancellationTokenSource(limits.GenerationTime);
        Interlocked.Increment(ref _running);
        try
        {
            foreach (GenerationLine line in Continuation.Of(decoder, request, Interruption)) lines.TryWrite(line);
            lines.Complete();
        }
        catch (Exception error)
        {
            lines.Complete(error); // whoever reads the lines reports it
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }

        GenerationEnd? Interruption() => stopping.IsCancellationRequested ? GenerationEnd.Stop
            : gone.IsCancellationRequested || deadline.IsCancellationRequested ? GenerationEnd.Time : null;
    }

    private async Task SendAsync(HttpContext context, ChannelReader<GenerationLine> lines)
    {
        using var unread = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        unread.CancelAfter(limits.GenerationTime + limits.ReadingTime);
        try
        {
            context.Response.ContentType = "application/x-ndjson; charset=utf-8";
            await foreach (GenerationLine line in lines.ReadAllAsync(unread.Token))
            {
                byte[] json = [.. line.ToJson(), (byte)'\n'];
                await context.Response.Body.WriteAsync(json, unread.Token);
                await context.Response.Body.FlushAsync(unread.Token);
            }
        }
        catch (OperationCanceledException) when (unread.IsCancellationRequested)
        {
            context.Abort(); // the client has disconnected, or reads too slowly
        }
        catch (NotFiniteNumberException error) when (!context.Response.HasStarted)
        {
            await Refusal.ModelFailed(error.Message).ExecuteAsync(context);
        }
    }
}
