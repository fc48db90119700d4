using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Reads a small request body, or refuses it with a reason.</summary>
internal static class RequestBody
{
    /// <summary>
    /// A body that is too large is read on and discarded up to this size. If the connection were closed at once, most clients would report
    /// a broken connection: they look for the answer only when their body is sent.
    /// </summary>
    public const int MostDiscarded = 16 << 20;

    /// <summary>Reads the whole body.</summary>
    /// <param name="context">The request.</param>
    /// <param name="type">The content type that is expected.</param>
    /// <param name="limit">Most bytes of the body.</param>
    /// <param name="time">Longest time until the whole body is there.</param>
    /// <returns>The body; null if the request has its answer, or if no client is left.</returns>
    public static async Task<byte[]?> ReadAsync(HttpContext context, string type, int limit, TimeSpan time)
    {
        HttpRequest request = context.Request;
        if (FindWrongType(request, type) is { } wrong)
        {
            await wrong.ExecuteAsync(context);
            return null;
        }

        // A client that disconnects ends the read by itself. A read that is cancelled must be the last: Kestrel takes it for unfinished.
        using var late = new CancellationTokenSource(time);
        try
        {
            byte[] buffer = new byte[limit + 1]; // one byte above the limit shows that the body is too large
            int length = request.ContentLength > limit
                ? buffer.Length
                : await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, late.Token);
            if (length <= limit) return buffer[..length];
            await Refusal.TooLarge(context, limit).ExecuteAsync(context);
            await context.Response.CompleteAsync();
            await request.Body.CopyToAsync(Stream.Null, late.Token);
        }
        catch (BadHttpRequestException error) when (!context.Response.HasStarted)
        {
            ProblemHttpResult refusal = error.StatusCode switch
            {
                StatusCodes.Status408RequestTimeout => Refusal.TooSlow(context),
                StatusCodes.Status413PayloadTooLarge => Refusal.TooLarge(context, limit),
                _ => Refusal.Unreadable(error),
            };
            await refusal.ExecuteAsync(context);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !context.Response.HasStarted)
        {
            await Refusal.TooSlow(context).ExecuteAsync(context);
        }
        catch (BadHttpRequestException error) when (error.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            // The client has its answer, and would send more than is discarded.
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            context.Abort(); // the client has disconnected, or has its answer and does not stop sending
        }

        return null;
    }

    private static ProblemHttpResult? FindWrongType(HttpRequest request, string type)
    {
        const string utf8 = "utf-8";
        _ = MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? got);
        if (!string.Equals(got?.MediaType.Value, type, StringComparison.OrdinalIgnoreCase))
            return Refusal.WrongType(request.ContentType is { } text ? $"'{text}'" : "none", type);
        string charset = got!.Charset.HasValue ? HeaderUtilities.RemoveQuotes(got.Charset).ToString() : utf8;
        if (!charset.Equals(utf8, StringComparison.OrdinalIgnoreCase)) return Refusal.WrongType($"charset '{charset}'", utf8);
        string encoding = request.Headers.ContentEncoding.ToString();
        return encoding is "" or "identity" ? null : Refusal.WrongType($"content encoding '{encoding}'", "a body without compression");
    }
}
