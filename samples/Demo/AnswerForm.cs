using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>
/// Gives every answer its security headers, and every error its JSON form. A startup filter: the framework puts its host filter before all
/// that the application adds, and the answers of that filter have the same form.
/// </summary>
internal sealed class AnswerForm : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(AddHeadersAsync);
        app.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandler = DescribeStatusAsync });
        app.UseStatusCodePages(page => DescribeStatusAsync(page.HttpContext));
        next(app);
    };

    private static Task AddHeadersAsync(HttpContext context, RequestDelegate next)
    {
        // When the answer starts, and not here: the handler of unexpected errors clears the headers that are set.
        context.Response.OnStarting(() =>
        {
            SecurityHeaders.Add(context.Response.Headers);
            return Task.CompletedTask;
        });
        return next(context);
    }

    private static Task DescribeStatusAsync(HttpContext context) => Refusal.OfStatus(context).ExecuteAsync(context);
}

/// <summary>
/// Gives the security headers to the answers of Kestrel itself, to requests that the application never sees: without a host, with a header
/// that is too long, or no HTTP at all. These answers have no body. Kestrel has no hook for them but its diagnostic event.
/// </summary>
internal sealed class AnswersOfKestrel : IObserver<KeyValuePair<string, object?>>
{
    private const string BadRequest = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    /// <summary>Begins. Dispose the result when the server has stopped.</summary>
    public static IDisposable Subscribe(DiagnosticListener kestrel) =>
        kestrel.Subscribe(new AnswersOfKestrel(), static name => name == BadRequest);

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Value is not IFeatureCollection features) return;
        HttpResponse response = new DefaultHttpContext(features).Response;
        if (response.HasStarted) return;
        SecurityHeaders.Add(response.Headers);
        response.Headers.Connection = "close";
        response.ContentLength = 0; // there is no body stream yet
        _ = response.StartAsync(); // else Kestrel sets the headers anew. The buffer is empty, so this is done at once.
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }
}
