using System.Net;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Options of the program: address, model, diagnostics and limits.</summary>
internal sealed record DemoOptions
{
    /// <summary>Address to listen on.</summary>
    public IPAddress Host { get; init; } = IPAddress.Loopback;

    /// <summary>Port to listen on; 0 chooses a free port.</summary>
    public int Port { get; init; } = 5027;

    /// <summary>Model file; null for the one that comes with the program.</summary>
    public FileInfo? Weights { get; init; }

    /// <summary>Folder to write the page to, as files for a static host; null to serve it.</summary>
    public DirectoryInfo? Site { get; init; }

    /// <summary>Whether /api/diagnostics reports memory, threads and generations.</summary>
    public bool Diagnostics { get; init; }

    /// <summary>Limits of requests, and of requests at once.</summary>
    public DemoLimits Limits { get; init; } = new();
}
