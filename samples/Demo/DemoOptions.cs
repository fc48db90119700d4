using System.Net;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Where the page is served, with which model, and how much it gives away.</summary>
internal sealed record DemoOptions
{
    /// <summary>Address to listen on.</summary>
    public IPAddress Host { get; init; } = IPAddress.Loopback;

    /// <summary>Port to listen on; 0 takes a free one.</summary>
    public int Port { get; init; } = 5027;

    /// <summary>Model file; null takes the one that comes with the program.</summary>
    public FileInfo? Weights { get; init; }

    /// <summary>Whether /api/diagnostics tells live tensors and memory.</summary>
    public bool Diagnostics { get; init; }

    /// <summary>What a request may ask for, and how many may ask at once.</summary>
    public DemoLimits Limits { get; init; } = new();
}
