namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Reads a small body whole, or says why not.</summary>
internal static class RequestBody
{
    /// <summary>The body, or the answer to give instead.</summary>
    public static async Task<(byte[] Bytes, IResult? Refusal)> ReadAsync(HttpRequest request, string type, int limit)
    {
        string? got = request.ContentType?.Split(';')[0].Trim();
        if (!string.Equals(got, type, StringComparison.OrdinalIgnoreCase)) return ([], Refusal.WrongType(got, type));
        if (request.ContentLength > limit) return TooLarge(request, limit);

        byte[] buffer = new byte[limit + 1]; // one more than allowed shows that there is more
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
    /// What is left of such a body is not read, so the connection cannot serve another request, which its owner should know.
    /// </summary>
    private static (byte[] Bytes, IResult? Refusal) TooLarge(HttpRequest request, int limit)
    {
        request.HttpContext.Response.Headers.Connection = "close";
        return ([], Refusal.TooLarge(limit));
    }
}
