using System.Net;
using Microsoft.AspNetCore.Mvc;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>The web server: the page and its API, with limits on every request.</summary>
internal static class DemoServer
{
    private const string FeaturesPolicy = "features";
    private const string GenerationPolicy = "generation";

    /// <summary>Creates a server that is ready to start. The caller disposes the model; with null, there is no generation.</summary>
    public static WebApplication Create(DemoOptions options, DemoModel? model)
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
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = limits.Connections;
            kestrel.Limits.MaxRequestBodySize = Math.Max(limits.InputBytes, limits.RequestBytes);
            kestrel.Listen(options.Host, options.Port);
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(2));
        builder.Services.AddProblemDetails();
        // Against DNS rebinding: another site can make its name point at this machine. Such names are refused.
        builder.Services.AddHostFiltering(
            hosts => hosts.AllowedHosts = IPAddress.IsLoopback(options.Host) ? ["localhost", "127.0.0.1", "[::1]"] : ["*"]);
        builder.Services.AddRateLimiter(limiter =>
        {
            limiter.AddConcurrencyPolicy(FeaturesPolicy, limits.Features, limits.WaitingFeatures);
            limiter.AddConcurrencyPolicy(GenerationPolicy, limits.Generations, limits.WaitingGenerations);
            limiter.OnRejected = Refusal.TooManyAsync;
        });

        WebApplication app = builder.Build();
        FeatureEndpoints features = new(limits);
        GenerationEndpoint generation = new(model, limits, app.Lifetime.ApplicationStopping);
        app.Lifetime.ApplicationStopped.Register(features.Dispose);

        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseHostFiltering();
        app.Use(SecurityHeaders.AddAsync);
        app.UseDefaultFiles();
        app.UseStaticFiles(new StaticFileOptions { OnPrepareResponse = file => file.Context.Response.Headers.CacheControl = "no-cache" });
        app.UseRouting();
        app.UseRateLimiter();

        var about = AboutPage.Of(limits, model?.Description);
        byte[] cosmos = Cosmos.Compute().ToJson();
        app.MapGet("/api/about", () => TypedResults.Json(about, DemoJson.Options));
        app.MapGet("/api/cosmos", () => TypedResults.Bytes(cosmos, "application/json"));
        app.MapPost("/api/features", features.EncodeAsync).RequireRateLimiting(FeaturesPolicy).WithMetadata(
            new RequestSizeLimitAttribute(limits.InputBytes));
        app.MapPost("/api/slots", features.PackAsync).RequireRateLimiting(FeaturesPolicy).WithMetadata(
            new RequestSizeLimitAttribute(limits.InputBytes));
        app.MapPost("/api/generate", generation.RunAsync).RequireRateLimiting(GenerationPolicy).WithMetadata(
            new RequestSizeLimitAttribute(limits.RequestBytes));
        if (options.Diagnostics) app.MapGet("/api/diagnostics", () => TypedResults.Json(Diagnostics.Now(generation), DemoJson.Options));
        return app;
    }
}
