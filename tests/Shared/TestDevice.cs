using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests;

/// <summary>
/// The devices that a test runs on: the CPU, where it shows that the test itself works, and CUDA, where it is skipped without a device.
/// </summary>
internal static class TestDevice
{
    public static TheoryData<string> Names => new("cpu", "cuda");

    /// <summary>The same, and the form of accelerators on the CPU.</summary>
    public static TheoryData<string> Forms => new("cpu", AcceleratorOnCpu, "cuda");

    private const string AcceleratorOnCpu = "cpu, accelerator's form";

    /// <summary>
    /// The device of a form, and whether the body is to take an accelerator's form there; skips the test where there is none.
    /// </summary>
    public static Device RequireForm(string form, out bool asAccelerator)
    {
        asAccelerator = form == AcceleratorOnCpu;
        return Require(asAccelerator ? "cpu" : form);
    }

    /// <summary>Skips the test where oneDNN's convolutions cannot be trusted, and the library does not use them.</summary>
    public static void RequireConvolution() =>
        Skip.If(Processor.Current.HidesCaches, "This processor hides its caches, and oneDNN's convolution gives wrong numbers.");

    /// <summary>The device of a name; skips the test where there is none.</summary>
    public static Device Require(string name)
    {
        TorchRuntime.EnsureLoaded();
        Skip.If(name == "cuda" && !TryInitializeDeviceType(DeviceType.CUDA), "There is no CUDA device.");
        return device(name);
    }
}
