using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Benchmarks;

/// <summary>The devices that benchmarks run on: the CPU, and CUDA where there is one.</summary>
internal static class BenchmarkDevices
{
    public static string[] All { get; } = TryInitializeDeviceType(DeviceType.CUDA) ? ["cpu", "cuda"] : ["cpu"];

    /// <summary>Waits until a device has done what it was given; the CPU always has.</summary>
    public static void Wait(string device)
    {
        if (device == "cuda") cuda.synchronize();
    }
}
