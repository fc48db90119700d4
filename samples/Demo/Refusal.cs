using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.RateLimiting;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Error responses that say what was wrong with a request and what is allowed.</summary>
internal static class Refusal
{
    public static ProblemHttpResult BadRequest(string detail) =>
        Problem(StatusCodes.Status400BadRequest, "The request is not valid", detail);

    public static ProblemHttpResult TooLarge(int limit) =>
        Problem(StatusCodes.Status413PayloadTooLarge, "The request is too large", $"At most {limit} bytes are taken.");

    public static ProblemHttpResult WrongType(string? got, string wanted) =>
        Problem(StatusCodes.Status415UnsupportedMediaType, "The content type is not supported", $"Expected {wanted}; got '{got}'.");

    public static ProblemHttpResult NoWeights() =>
        Problem(StatusCodes.Status503ServiceUnavailable, "There is no model",
            "No weights were found. Start the program with --weights and a model file.");

    /// <summary>429, with the time to wait before a retry.</summary>
    public static async ValueTask TooManyAsync(OnRejectedContext context, CancellationToken cancellationToken)
    {
        context.HttpContext.Response.Headers.RetryAfter = "1";
        await Problem(StatusCodes.Status429TooManyRequests, "The server is busy",
            "Too many requests are running or waiting. Try again in a moment.")
            .ExecuteAsync(context.HttpContext);
    }

    private static ProblemHttpResult Problem(int status, string title, string detail) => TypedResults.Problem(detail, null, status, title);
}
