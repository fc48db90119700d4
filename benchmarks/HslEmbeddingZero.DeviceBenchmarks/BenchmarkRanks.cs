using HslEmbeddingZero.Training;
using static TorchSharp.torch;

namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>The processes that mpirun started for a measurement.</summary>
internal static class BenchmarkRanks
{
    /// <summary>Loads libtorch and joins the group. The caller owns it.</summary>
    /// <returns>The group; null for one process.</returns>
    public static IProcessGroup? Join()
    {
        TorchRuntime.EnsureLoaded();

        // libtorch would start a thread for each core in every rank.
        if (ProcessGroup.LocalSize > 1 && Environment.GetEnvironmentVariable("OMP_NUM_THREADS") is null)
            set_num_threads(Math.Max(1, Environment.ProcessorCount / ProcessGroup.LocalSize));
        return ProcessGroup.Join();
    }
}
