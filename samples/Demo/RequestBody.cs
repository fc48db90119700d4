namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Reads a small request body, or refuses it with a reason.</summary>
internal static class RequestBody
{
    /// <summary>Returns the body, or the refusal to answer with.</summary>
    public static async Task<(byte[] Bytes, IResult? Refusal)> ReadAsync(HttpRequest request, string type, int limit)
    {
        string? got = request.ContentType?.Split(';')[0].Trim();
        if (!string.Equals(got, type, StringComparison.OrdinalIgnoreCase)) return ([], Refusal.WrongType(got, type));
        if (request.ContentLength > limit) return TooLarge(request, limit);

        byte[] buffer = new byte[limit + 1]; // one byte above the limit shows that the body is too large
        try
        {
            int length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false,
                request.HttpContext.RequestAborted);
            return length > limit ? TooLarge(request, limit) : (buffer[..length], null);
        }
        catch (BadHttpRequestException error)
        {
            return error.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? TooLarge(request, limit) : ([], Refusal.BadRequest(error.Message));
        }
    }

    /// <summary>
    /// The rest of the body is not read, so the connection cannot serve another request. "Connection: close" tells the client.
    /// </summary>
    private static (byte[] Bytes, IResult? Refusal) TooLarge(HttpRequest request, int limit)
    {
        request.HttpContext.Response.Headers.Connection = "close";
        return ([], Refusal.TooLarge(limit));
    }
}
