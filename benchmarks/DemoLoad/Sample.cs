namespace HslEmbeddingZero.DemoLoad;

/// <summary>The state of the demo at one moment.</summary>
/// <param name="Seconds">Seconds since the program began.</param>
/// <param name="Told">Diagnostics of the demo.</param>
internal sealed record Sample(double Seconds, Diagnostics Told);

/// <summary>The demo's /api/diagnostics.</summary>
internal sealed record Diagnostics(long ResidentBytes, long ManagedBytes, int Threads, int Generations);
