using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Error answers, all in one JSON form (RFC 9457). They say what was wrong with a request and what is allowed.</summary>
internal static class Refusal
{
    public static ProblemHttpResult BadRequest(string detail) =>
        Problem(StatusCodes.Status400BadRequest, "The request is not valid", detail);

    /// <summary>The server cannot read the request, or not further. It closes the connection.</summary>
    public static ProblemHttpResult Unreadable(BadHttpRequestException error) =>
        Problem(error.StatusCode, "The request cannot be read", error.Message);

    /// <summary>The body did not arrive in time. Its rest may still come, so the connection is closed.</summary>
    public static ProblemHttpResult TooSlow(HttpContext context)
    {
        Close(context);
        return Problem(StatusCodes.Status408RequestTimeout, "The request took too long",
            "The body did not arrive in time. Send it again, faster.");
    }

    /// <summary>The rest of the body is not wanted, so the connection is closed.</summary>
    public static ProblemHttpResult TooLarge(HttpContext context, int limit)
    {
        Close(context);
        return Problem(StatusCodes.Status413PayloadTooLarge, "The request is too large", $"At most {limit} bytes are taken.");
    }

    public static ProblemHttpResult WrongType(string got, string expected) =>
        Problem(StatusCodes.Status415UnsupportedMediaType, "The content type is not supported", $"Expected {expected}; got {got}.");

    /// <summary>429, with the time to wait before a retry.</summary>
    public static ProblemHttpResult TooMany(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "1";
        return Problem(StatusCodes.Status429TooManyRequests, "The server is busy",
            "Too many requests are running or waiting. Try again in a moment.");
    }

    public static ProblemHttpResult ModelFailed(string detail) =>
        Problem(StatusCodes.Status500InternalServerError, "The model failed", detail);

    public static ProblemHttpResult NoWeights() =>
        Problem(StatusCodes.Status503ServiceUnavailable, "There is no model",
            "No weights were found. Start the program with --weights and a model file.");

    public static ProblemHttpResult Stopping(HttpContext context)
    {
        Close(context);
        return Problem(StatusCodes.Status503ServiceUnavailable, "The server is stopping", "Start the program again, then try again.");
    }

    /// <summary>The answer where only a status was set, by the framework or by the handler of unexpected errors.</summary>
    public static ProblemHttpResult OfStatus(HttpContext context)
    {
        (int status, HttpRequest request) = (context.Response.StatusCode, context.Request);
        string allowed = context.Response.Headers.Allow.ToString();
        return Problem(status, ReasonPhrases.GetReasonPhrase(status), status switch
        {
            // Every other 400 has its detail already.
            StatusCodes.Status400BadRequest => $"The host name '{request.Host}' is not accepted. Use the address that the program prints.",
            StatusCodes.Status404NotFound => $"There is nothing at {request.Path}.",
            StatusCodes.Status405MethodNotAllowed => $"{request.Path} does not take {request.Method}; it takes {allowed}.",
            StatusCodes.Status500InternalServerError => "The server failed. Its console shows the error.",
            _ => null,
        });
    }

    private static void Close(HttpContext context) => context.Response.Headers.Connection = "close";

    private static ProblemHttpResult Problem(int status, string title, string? detail) => TypedResults.Problem(detail, null, status, title);
}
