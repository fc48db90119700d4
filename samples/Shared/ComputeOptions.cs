using System.CommandLine;
using HslEmbeddingZero.Training;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>Where and in which arithmetic a sample computes: --device and --precision.</summary>
internal static class ComputeOptions
{
    public static Option<string> Device() => CheckedOptions.Choice("--device", "auto, cpu or cuda.", "auto", "auto", "cpu", "cuda");

    public static Option<string> Precision() => CheckedOptions.Choice(
        "--precision",
        "float32, tf32 (CUDA only), bfloat16 (float32 master weights), or auto, which goes by the processor: bfloat16 on CUDA, with AMX, "
            + "and on "
        + "AMD with AVX512_BF16; else float32.",
        "auto", "float32", "tf32", "bfloat16", "auto");

    /// <summary>The device that a command line names, with libtorch and the process ready for much work on it.</summary>
    /// <param name="name">auto, cpu or cuda.</param>
    /// <param name="onlyNamed">Nothing will be computed there, so that it need not be in this machine.</param>
    public static torch.Device ChooseDevice(string name, bool onlyNamed = false)
    {
        TorchMemory.RetainFreedBlocks(); // A step's tensors have the sizes of the last step's.
        TorchRuntime.Load();
        TorchRuntime.EnsureLoaded();
        if (name == "cuda" && onlyNamed) return new torch.Device(DeviceType.CUDA); // torch.CUDA would look for one
        bool hasCuda = name != "cpu" && torch.TryInitializeDeviceType(DeviceType.CUDA);
        if (name == "cuda" && !hasCuda)
            throw new ArgumentException(
                "--device cuda: no CUDA device is available to this build of libtorch (build with -p:TorchBackend=cuda-linux or "
                    + "cuda-windows).");
        return hasCuda ? torch.CUDA : torch.CPU;
    }

    /// <summary>The precision that a command line names.</summary>
    public static Precision ChoosePrecision(string name, torch.Device device) => name switch
    {
        "auto" => RecommendedPrecision.For(device),
        "float32" => Training.Precision.Float32,
        "bfloat16" => Training.Precision.BFloat16,
        "tf32" when device.type == DeviceType.CUDA => Training.Precision.TensorFloat32,
        _ => throw new ArgumentException("--precision tf32 needs a CUDA device; this run is on the CPU."),
    };

    /// <summary>A precision as the command line spells it.</summary>
    public static string NameOf(Precision precision) =>
        precision == Training.Precision.TensorFloat32 ? "tf32" : precision.ToString().ToLowerInvariant();

    /// <summary>--checkpoint-minutes: how often a long run is kept.</summary>
    public static Option<double> CheckpointMinutes() => CheckedOptions.Number(
        "--checkpoint-minutes", "Minutes between two checkpoints of a run; 0 keeps one only when the run is interrupted.", 2,
        value => value is >= 0 and <= 1e6, "minutes from 0 to 1,000,000");

    /// <summary>The time between two checkpoints; null for none.</summary>
    public static TimeSpan? CheckpointInterval(double minutes) => minutes > 0 ? TimeSpan.FromMinutes(minutes) : null;

    /// <summary>The device in words, as tables and cards show it.</summary>
    public static string NameOf(torch.Device device) => device.type == DeviceType.CPU
        ? $"CPU, {torch.get_num_threads()} thread{(torch.get_num_threads() == 1 ? "" : "s")}, "
            + $"{System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture}"
        : TorchRuntime.CudaDeviceName(Math.Max(0, device.index)); // torch.CUDA is no. -1
}
