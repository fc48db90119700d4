using System.Diagnostics;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Figures for load tests.</summary>
/// <param name="ResidentBytes">Resident memory of the process.</param>
/// <param name="ManagedBytes">Memory of the managed heap.</param>
/// <param name="Threads">Threads of the process.</param>
/// <param name="Generations">Running generations.</param>
/// <param name="Waiting">Requests that wait for a model.</param>
internal sealed record Diagnostics(long ResidentBytes, long ManagedBytes, int Threads, int Generations, int Waiting)
{
    public static Diagnostics Now(GenerationEndpoint generation, Places places)
    {
        int running = generation.Running; // first, so that the counts below include no generation that this misses
        using var process = Process.GetCurrentProcess();
        return new Diagnostics(process.WorkingSet64, GC.GetTotalMemory(forceFullCollection: false),
            process.Threads.Count, running, places.Waiting);
    }
}
