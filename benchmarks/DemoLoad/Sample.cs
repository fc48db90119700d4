namespace HslEmbeddingZero.DemoLoad;

/// <summary>What the demo told of itself at a moment.</summary>
/// <param name="Seconds">Since the load began.</param>
/// <param name="Told">Its diagnostics.</param>
internal sealed record Sample(double Seconds, Diagnostics Told);

/// <summary>The demo's /api/diagnostics.</summary>
internal sealed record Diagnostics(long LiveTensors, long ResidentBytes, long ManagedBytes, int Threads, int Generations);
