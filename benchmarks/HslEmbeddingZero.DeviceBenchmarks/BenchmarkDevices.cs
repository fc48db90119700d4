using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>The devices that benchmarks run on: the CPU, and CUDA where there is one.</summary>
internal static class BenchmarkDevices
{
    public static string[] All { get; } = TryInitializeDeviceType(DeviceType.CUDA) ? ["cpu", "cuda"] : ["cpu"];

    /// <summary>Throws if the requested device does not exist.</summary>
    public static void Require(string device)
    {
        if (device == "cuda" && !All.Contains(device)) throw new ArgumentException("device=cuda: there is no CUDA device.");
    }

    /// <summary>Waits until a device has finished its work; the CPU always has.</summary>
    public static void Wait(string device)
    {
        if (device == "cuda") cuda.synchronize();
    }

    /// <summary>Description of the device.</summary>
    public static string NameOf(string device) =>
        device == "cuda" ? $"cuda, {TorchRuntime.CudaDeviceName()}" : $"{device}, {get_num_threads()} threads";
}
