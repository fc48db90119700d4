using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>The devices that benchmarks run on: the CPU, and CUDA where there is one.</summary>
internal static class BenchmarkDevices
{
    public static string[] All { get; } = TryInitializeDeviceType(DeviceType.CUDA) ? ["cpu", "cuda"] : ["cpu"];

    /// <summary>Throws where a device that was asked for is not there.</summary>
    public static void Require(string device)
    {
        if (device == "cuda" && !All.Contains(device)) throw new ArgumentException("device=cuda: there is no CUDA device.");
    }

    /// <summary>Waits until a device has done what it was given; the CPU always has.</summary>
    public static void Wait(string device)
    {
        if (device == "cuda") cuda.synchronize();
    }

    /// <summary>The device in words.</summary>
    public static string NameOf(string device) =>
        device == "cuda" ? $"cuda, {TorchRuntime.CudaDeviceName()}" : $"{device}, {get_num_threads()} threads";
}
