using System.Diagnostics;
using TorchSharp;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>What a load test watches.</summary>
/// <param name="LiveTensors">Tensors that are neither disposed nor collected.</param>
/// <param name="ResidentBytes">Memory of the process.</param>
/// <param name="ManagedBytes">Memory of the managed heap.</param>
/// <param name="Threads">Threads of the process.</param>
/// <param name="Generations">Generations that run.</param>
internal sealed record Diagnostics(long LiveTensors, long ResidentBytes, long ManagedBytes, int Threads, int Generations)
{
    public static Diagnostics Now(GenerationEndpoint generation)
    {
        int running = generation.Running; // first: what is counted after it cannot belong to a generation that it missed
        using var process = Process.GetCurrentProcess();
        return new Diagnostics(torch.Tensor.TotalCount, process.WorkingSet64, GC.GetTotalMemory(forceFullCollection: false),
            process.Threads.Count, running);
    }
}
