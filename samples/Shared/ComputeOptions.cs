using System.CommandLine;
using HslEmbeddingZero.Training;
using TorchSharp;

namespace HslEmbeddingZero.Samples;

/// <summary>The options --device, --precision, --checkpoint-minutes and --claim-minutes of a sample.</summary>
internal static class ComputeOptions
{
    public static Option<string> Device() => CheckedOptions.Choice("--device", "auto, cpu or cuda.", "auto", "auto", "cpu", "cuda");

    public static Option<string> Precision() => CheckedOptions.Choice(
        "--precision",
        "float32, tf32 (CUDA only), bfloat16 (float32 master weights), or auto. auto depends on the processor: "
            + "bfloat16 on CUDA, with AMX, and on AMD with AVX512_BF16; else float32.",
        "auto", "float32", "tf32", "bfloat16", "auto");

    /// <summary>Returns the device that a command line names. Loads libtorch, and lets the process retain freed memory blocks.</summary>
    /// <param name="name">auto, cpu or cuda.</param>
    /// <param name="onlyNamed">True where nothing is computed on the device. The machine need not have it then.</param>
    public static torch.Device ChooseDevice(string name, bool onlyNamed = false)
    {
        ProcessGroupException? noGpu = name == "cpu" ? null : SelectGpu(); // before libtorch looks for GPUs
        TorchMemory.RetainFreedBlocks(); // The tensors of each step have the same sizes, so freed blocks fit again.
        TorchRuntime.Load();
        TorchRuntime.EnsureLoaded();
        ShareCores();
        if (name == "cuda" && onlyNamed) return new torch.Device(DeviceType.CUDA); // torch.CUDA would look for a CUDA device
        bool hasCuda = name != "cpu" && torch.TryInitializeDeviceType(DeviceType.CUDA);
        if (name == "cuda" && !hasCuda)
            throw new ArgumentException(
                "--device cuda: no CUDA device is available to this build of libtorch (build with -p:TorchBackend=cuda-linux or "
                    + "cuda-windows).");
        if (hasCuda && noGpu is not null) throw noGpu;
        return hasCuda ? torch.CUDA : torch.CPU;
    }

    /// <returns>Why this process has no GPU of its own, which matters only if there is one; null where all is well.</returns>
    private static ProcessGroupException? SelectGpu()
    {
        try
        {
            ProcessGroup.SelectGpu();
            return null;
        }
        catch (ProcessGroupException error)
        {
            return error;
        }
    }

    /// <summary>
    /// Processes of one launch on one machine share its cores. libtorch would start a thread for each core in each of them.
    /// </summary>
    private static void ShareCores()
    {
        if (ProcessGroup.LocalSize > 1 && Environment.GetEnvironmentVariable("OMP_NUM_THREADS") is null)
            torch.set_num_threads(Math.Max(1, Environment.ProcessorCount / ProcessGroup.LocalSize));
    }

    /// <summary>Returns the precision that a command line names.</summary>
    public static Precision ChoosePrecision(string name, torch.Device device) => name switch
    {
        "auto" => RecommendedPrecision.For(device),
        "float32" => Training.Precision.Float32,
        "bfloat16" => Training.Precision.BFloat16,
        "tf32" when device.type == DeviceType.CUDA => Training.Precision.TensorFloat32,
        _ => throw new ArgumentException("--precision tf32 needs a CUDA device; this run is on the CPU."),
    };

    /// <summary>The command line's name of a precision.</summary>
    public static string NameOf(Precision precision) =>
        precision == Training.Precision.TensorFloat32 ? "tf32" : precision.ToString().ToLowerInvariant();

    /// <summary>--checkpoint-minutes: how often a long run writes a checkpoint.</summary>
    public static Option<double> CheckpointMinutes() => CheckedOptions.Number(
        "--checkpoint-minutes", "Minutes between two checkpoints of a run; 0 writes one only when the run is interrupted.", 2,
        value => value is >= 0 and <= 1e6, "minutes from 0 to 1,000,000");

    /// <summary>Time between two checkpoints; null for checkpoints at an interruption only.</summary>
    public static TimeSpan? CheckpointInterval(double minutes) => minutes > 0 ? TimeSpan.FromMinutes(minutes) : null;

    /// <summary>--claim-minutes: when a run is taken over from a process that no longer lives.</summary>
    public static Option<double> ClaimMinutes() => CheckedOptions.Number(
        "--claim-minutes",
        "Minutes without a sign of life after which another process may take a run over. On the same machine, the run of a process that "
            + "has ended is taken over at once.",
        2, value => value is >= 0.1 and <= 1440, "minutes from 0.1 to 1440");

    /// <summary>Name of the device, as tables and model cards show it.</summary>
    public static string NameOf(torch.Device device) => device.type == DeviceType.CPU
        ? $"CPU, {torch.get_num_threads()} thread{(torch.get_num_threads() == 1 ? "" : "s")}, "
            + $"{System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture}"
        : TorchRuntime.CudaDeviceName(Math.Max(0, device.index)); // torch.CUDA has index -1
}
