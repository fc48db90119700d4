using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests;

/// <summary>
/// The devices of a test: the CPU, to show that the test itself works, and CUDA, which is skipped without a device.
/// </summary>
internal static class TestDevice
{
    public static TheoryData<string> Names => new("cpu", "cuda");

    /// <summary>The same devices, and the accelerator form on the CPU.</summary>
    public static TheoryData<string> Forms => new("cpu", AcceleratorOnCpu, "cuda");

    private const string AcceleratorOnCpu = "cpu, accelerator's form";

    /// <summary>
    /// The device for a form, and whether the body takes the accelerator form on it. Skips the test where there is no such device.
    /// </summary>
    public static Device RequireForm(string form, out bool asAccelerator)
    {
        asAccelerator = form == AcceleratorOnCpu;
        return Require(asAccelerator ? "cpu" : form);
    }

    /// <summary>Skips the test where oneDNN's convolutions are unreliable and the library does not use them.</summary>
    public static void RequireConvolution() =>
        Skip.If(Processor.Current.HidesCaches, "This processor hides its caches, and oneDNN's convolution gives wrong numbers.");

    /// <summary>The device of a name. Skips the test where there is no such device.</summary>
    public static Device Require(string name)
    {
        TorchRuntime.EnsureLoaded();
        Skip.If(name == "cuda" && !TryInitializeDeviceType(DeviceType.CUDA), "There is no CUDA device.");
        return device(name);
    }
}
