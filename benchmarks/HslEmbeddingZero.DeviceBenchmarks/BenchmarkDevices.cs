using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>The devices that benchmarks run on: the CPU, and CUDA where there is one.</summary>
internal static partial class BenchmarkDevices
{
    private const int LongestName = 256;

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

    /// <summary>The device in words: a graphics card has a name, which TorchSharp does not tell and the driver does.</summary>
    public static string NameOf(string device)
    {
        if (device != "cuda") return $"{device}, {get_num_threads()} threads";
        byte[] name = new byte[LongestName];
        try
        {
            // Only a machine with an NVIDIA driver has this library.
            if (Initialize(0) != 0 || ReadName(name, name.Length, 0) != 0) return device;
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            return device;
        }

        return $"{device}, {System.Text.Encoding.ASCII.GetString(name).TrimEnd('\0')}";
    }

    [LibraryImport("libcuda.so.1", EntryPoint = "cuInit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Initialize(uint flags);

    [LibraryImport("libcuda.so.1", EntryPoint = "cuDeviceGetName")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ReadName([Out] byte[] name, int length, int device);
}
