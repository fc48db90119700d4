using System.Globalization;
using System.Net.Mime;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Answers a question with the facts of a store. The answer has a few bytes, so it is sent as a whole.</summary>
/// <param name="knowledge">The model and its stores; null where there are none.</param>
/// <param name="places">Places for requests that use a model.</param>
/// <param name="limits">Limits of requests.</param>
/// <param name="stopping">Ends all answers.</param>
internal sealed class AskEndpoint(DemoKnowledge? knowledge, Places places, DemoLimits limits, CancellationToken stopping)
{
    public async Task RunAsync(HttpContext context)
    {
        if (await RequestBody.ReadAsync(context, MediaTypeNames.Application.Json, limits.AskBytes, limits.BodyTime) is not { } body) return;
        if (knowledge is null)
        {
            await Refusal.NoWeights().ExecuteAsync(context);
            return;
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        ended.CancelAfter(limits.GenerationTime);
        try
        {
            var request = AskRequest.Read(body, limits);
            if (await places.TakeAsync(context, stopping) is not { } place) return;
            AskAnswer answer;
            using (place) answer = await Task.Run(() => knowledge.Answer(request, ended.Token), ended.Token);
            await TypedResults.Json(answer, DemoJson.Options).ExecuteAsync(context);
        }
        catch (Exception error) when (error is InvalidDataException or ArgumentException)
        {
            await Refusal.BadRequest(error.Message).ExecuteAsync(context);
        }
        catch (NotFiniteNumberException error)
        {
            await Refusal.ModelFailed(error.Message).ExecuteAsync(context);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await Refusal.Stopping(context).ExecuteAsync(context);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            context.Abort(); // the client has disconnected, or the time is over
        }
    }
}

/// <summary>A question, and which facts the model gets.</summary>
internal sealed record AskRequest
{
    private const string Form = "The request must be a JSON object with question (a string), facts (\"right\", \"swapped\", \"none\" or "
        + "\"text\") and, for \"text\", text (a string)";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    public required string Question { get; init; }

    public required AskedFacts Facts { get; init; }

    public string Text { get; init; } = "";

    /// <exception cref="InvalidDataException">The request is not valid. The message says why.</exception>
    public static AskRequest Read(ReadOnlySpan<byte> json, DemoLimits limits)
    {
        AskRequest request;
        try
        {
            request = JsonSerializer.Deserialize<AskRequest>(json, Json) ?? throw new InvalidDataException($"{Form}; got null.");
        }
        catch (JsonException error)
        {
            // Its message would name .NET types.
            throw new InvalidDataException(string.Create(
                CultureInfo.InvariantCulture, $"{Form}; line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}."), error);
        }

        if (string.IsNullOrWhiteSpace(request.Question)) throw new InvalidDataException("The question is empty.");
        if (Encoding.UTF8.GetByteCount(request.Text) is int length && length > limits.TextBytes)
            throw new InvalidDataException($"text has {length} UTF-8 bytes; at most {limits.TextBytes} are taken.");
        return request;
    }
}

/// <summary>Which facts a question is asked with.</summary>
internal enum AskedFacts
{
    /// <summary>The facts of the invented persons.</summary>
    Right,

    /// <summary>Those with the values of other persons.</summary>
    Swapped,

    /// <summary>None.</summary>
    None,

    /// <summary>The sentences of the visitor's text.</summary>
    Text,
}
