using System.Diagnostics;

namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>Resident memory of this process, in MiB.</summary>
internal static class ProcessMemory
{
    public static double Resident()
    {
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64 / (double)(1 << 20);
    }

    /// <summary>The most since the process began.</summary>
    public static double Highest()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64 / (double)(1 << 20);
    }
}
