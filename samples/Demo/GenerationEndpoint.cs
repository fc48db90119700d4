using System.Net.Mime;
using System.Text.Json;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>
/// Continues a prompt and sends each byte as soon as it is drawn, as one line of JSON. When a client disconnects, its generation stops and
/// its memory is freed at once.
/// </summary>
internal sealed class GenerationEndpoint(DemoModel? model, DemoLimits limits, CancellationToken stopping)
{
    private static readonly byte[] LineEnd = [(byte)'\n'];
    private int _running;

    /// <summary>Generations that hold a generator now.</summary>
    public int Running => Volatile.Read(ref _running);

    public async Task RunAsync(HttpContext context)
    {
        (byte[] body, IResult? refusal) = await RequestBody.ReadAsync(context.Request, MediaTypeNames.Application.Json,
            limits.RequestBytes);
        if (refusal is null && model is null) refusal = Refusal.NoWeights();
        if (refusal is not null)
        {
            await refusal.ExecuteAsync(context);
            return;
        }

        (GenerationRequest? request, byte[] prompt, string? fault) = GenerationRequest.Parse(body, limits);
        if (fault is not null)
        {
            await Refusal.BadRequest(fault).ExecuteAsync(context);
            return;
        }

        using var deadline = new CancellationTokenSource(limits.GenerationTime);
        using var cancellationToken = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping, deadline.Token);
        Interlocked.Increment(ref _running);
        try
        {
            using var generator = ByteGenerator.ForText(model!.Model, prompt);
            context.Response.ContentType = "application/x-ndjson; charset=utf-8";
            GenerationEnd end = await StreamAsync(context, generator, request!, deadline.Token, cancellationToken.Token);
            await SendAsync(context, new GenerationLine(null, NextBytes.Of(generator.Probabilities()), end));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested || stopping.IsCancellationRequested)
        {
            context.Abort(); // no client is left, or the server stops
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private static async Task<GenerationEnd> StreamAsync(
        HttpContext context, ByteGenerator generator, GenerationRequest request, CancellationToken deadline,
        CancellationToken cancellationToken)
    {
        int sent = 0;
        try
        {
            NextByte[] next = NextBytes.Of(generator.Probabilities());
            await foreach (byte value in generator.GenerateAsync(request.Length, request.Sampling(), cancellationToken))
            {
                await SendAsync(context, new GenerationLine(value, next));
                next = NextBytes.Of(generator.Probabilities()); // reads the byte just drawn
                sent++;
            }
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            return GenerationEnd.Time;
        }

        return sent < request.Length ? GenerationEnd.Document : GenerationEnd.Length;
    }

    /// <summary>
    /// Sends a line. Only a disconnected client cancels the write: a write cancelled for another reason would drop the connection.
    /// </summary>
    private static async Task SendAsync(HttpContext context, GenerationLine line)
    {
        CancellationToken cancellationToken = context.RequestAborted;
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(line, DemoJson.Options), cancellationToken);
        await context.Response.Body.WriteAsync(LineEnd, cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
    }
}
