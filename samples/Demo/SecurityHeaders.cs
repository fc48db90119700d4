using Microsoft.Net.Http.Headers;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Security headers: the page loads, runs and embeds only its own files.</summary>
internal static class SecurityHeaders
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action "
            + "'none'; frame-ancestors 'none'";

    public static void Add(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.TryAdd(HeaderNames.CacheControl, "no-store");
    }
}
