using System.Diagnostics;
using HslEmbeddingZero.Training;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Ranks;

/// <summary>Ways in which rank 1 ends while the other ranks wait for it.</summary>
internal static class Ends
{
    /// <returns>The exit code that rank 1 returns at once.</returns>
    public static int Take(IProcessGroup group, string step)
    {
        if (group.Rank == 1)
        {
            if (step == "exit0") return 0;
            if (step == "exit3") return 3;
            if (step == "throw") throw new InvalidDataException("Rank 1 throws.");
            if (step == "crash") Process.GetCurrentProcess().Kill();
            else if (step == "abort") group.Abort();
            else if (step == "abort-waiting") new Thread(() => AbortSoon(group)) { IsBackground = true }.Start();
            else throw new ArgumentException($"Unknown step '{step}'.");
        }
        else if (step == "abort-waiting")
        {
            Thread.Sleep(Timeout.Infinite);
        }

        using Tensor values = ones(1000, dtype: ScalarType.Float32, device: CPU);
        group.AllReduce(values);
        throw new InvalidDataException("Rank 1 took part.");
    }

    private static void AbortSoon(IProcessGroup group)
    {
        Thread.Sleep(500);
        group.Abort();
    }
}
