using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>The web server: the page and its API, with limits on every request.</summary>
internal static class DemoServer
{
    /// <summary>Creates a server that is ready to start. Without a model there is no generation, without knowledge no answers.</summary>
    public static WebApplication Create(DemoOptions options, DemoModel? model, DemoKnowledge? knowledge = null)
    {
        DemoLimits limits = options.Limits;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            EnvironmentName = Environments.Production,
            ContentRootPath = AppContext.BaseDirectory,
            WebRootPath = Path.Combine(AppContext.BaseDirectory, "wwwroot"),
        });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None); // the program itself reports start and stop errors
        builder.Logging.AddFilter("Microsoft.AspNetCore.StaticFiles", LogLevel.Error); // a client's fault is none of the server's
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = limits.Connections;
            kestrel.Limits.MaxRequestBodySize = RequestBody.MostDiscarded; // each endpoint has a lower limit
            kestrel.Listen(options.Host, options.Port);
        });
        builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = endpoint =>
        {
            Socket socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            socket.SendBufferSize = limits.SendBuffer; // accepted sockets inherit it
            return socket;
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(2));
        builder.Services.AddProblemDetails();
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter, AnswerForm>()); // the first is the outermost
        // Against DNS rebinding: another site can make its name point at this machine. Such names are refused.
        builder.Services.AddHostFiltering(hosts =>
        {
            hosts.AllowedHosts = IPAddress.IsLoopback(options.Host) ? ["localhost", "127.0.0.1", "[::1]"] : ["*"];
            hosts.IncludeFailureMessage = false; // AnswerForm writes it
        });

        WebApplication app = builder.Build();
        FeatureEndpoints features = new(limits, app.Lifetime.ApplicationStopping);
        var places = Places.ForModels(limits);
        GenerationEndpoint generation = new(model, places, limits, app.Lifetime.ApplicationStopping);
        AskEndpoint asking = new(knowledge, places, limits, app.Lifetime.ApplicationStopping);
        IDisposable headers = AnswersOfKestrel.Subscribe(app.Services.GetRequiredService<DiagnosticListener>());
        app.Lifetime.ApplicationStopped.Register(() =>
        {
            headers.Dispose();
            features.Dispose();
            places.Dispose();
        });

        app.UseDefaultFiles();
        app.UseStaticFiles(new StaticFileOptions { OnPrepareResponse = file => file.Context.Response.Headers.CacheControl = "no-cache" });
        app.UseRouting();

        var about = AboutPage.Of(limits, model?.Description, knowledge?.Description);
        byte[] cosmos = Cosmos.Compute().ToJson();
        app.MapGet("/api/about", () => TypedResults.Json(about, DemoJson.Options));
        app.MapGet("/api/cosmos", () => TypedResults.Bytes(cosmos, "application/json"));
        app.MapPost("/api/features", features.EncodeAsync);
        app.MapPost("/api/slots", features.PackAsync);
        app.MapPost("/api/generate", generation.RunAsync);
        app.MapPost("/api/ask", asking.RunAsync);
        if (options.Diagnostics)
            app.MapGet("/api/diagnostics", () => TypedResults.Json(Diagnostics.Now(generation, places), DemoJson.Options));
        return app;
    }
}
