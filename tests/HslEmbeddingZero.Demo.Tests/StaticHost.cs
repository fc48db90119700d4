using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging;

namespace HslEmbeddingZero.Demo.Tests;

/// <summary>
/// A plain file server on a free port of this machine. It serves a folder below a path, sends no special headers, and knows of no types
/// but those of a web page of 2010.
/// </summary>
internal sealed class StaticHost : IAsyncDisposable
{
    private const string Below = "/pages/demo";

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<string> _missing = [];

    private StaticHost(string folder)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        PhysicalFileProvider files = new(folder);
        _app.UseDefaultFiles(new DefaultFilesOptions { FileProvider = files, RequestPath = Below });
        _app.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = files,
            RequestPath = Below,
            ServeUnknownFileTypes = true,
            DefaultContentType = "application/octet-stream",
            ContentTypeProvider = new FileExtensionContentTypeProvider(new Dictionary<string, string>
            {
                [".html"] = "text/html",
                [".js"] = "text/javascript",
                [".css"] = "text/css",
                [".svg"] = "image/svg+xml",
            }),
        });
        _app.Run(context =>
        {
            _missing.Enqueue($"{context.Request.Method} {context.Request.Path}");
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
    }

    public Uri Address => new(_app.Urls.First() + Below + "/");

    /// <summary>What was asked for and is not there.</summary>
    public IEnumerable<string> Missing => _missing;

    public static async Task<StaticHost> StartAsync(string folder)
    {
        StaticHost host = new(folder);
        await host._app.StartAsync();
        return host;
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
