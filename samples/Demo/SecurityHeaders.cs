using Microsoft.Net.Http.Headers;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Security headers: the page loads, runs and embeds only its own files.</summary>
internal static class SecurityHeaders
{
    /// <summary>
    /// The policy of a page without a server, for a meta element, in which frame-ancestors has no effect. The page starts a worker, and
    /// the worker compiles WebAssembly.
    /// </summary>
    public const string StaticPolicy = OwnFiles + "; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";

    private const string Policy = OwnFiles + "; script-src 'self'; frame-ancestors 'none'";
    private const string OwnFiles =
        "default-src 'none'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'";

    public static void Add(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.TryAdd(HeaderNames.CacheControl, "no-store");
    }
}
