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
        "float32, tf32 (CUDA only), bfloat16 (float32 master weights), or auto: bfloat16 where a trial finds it faster, else tf32 on CUDA and float32 on a CPU.",
        "auto", "float32", "tf32", "bfloat16", "auto");

    /// <summary>The device that a command line names, with libtorch and the process ready for much work on it.</summary>
    public static torch.Device ChooseDevice(string name)
    {
        FreedMemory.Keep(); // A step's tensors have the sizes of the last step's.
        TorchRuntime.Load();
        TorchRuntime.EnsureLoaded();
        bool hasCuda = name != "cpu" && torch.TryInitializeDeviceType(DeviceType.CUDA);
        if (name == "cuda" && !hasCuda)
            throw new ArgumentException("--device cuda: no CUDA device is available to this build of libtorch (build with -p:TorchBackend=cuda-linux or cuda-windows).");
        return hasCuda ? torch.CUDA : torch.CPU;
    }

    /// <summary>The precision that a command line names; null for auto.</summary>
    public static Precision? GivenPrecision(string name, torch.Device device) => name switch
    {
        "auto" => null,
        "float32" => Training.Precision.Float32,
        "bfloat16" => Training.Precision.BFloat16,
        "tf32" when device.type == DeviceType.CUDA => Training.Precision.TensorFloat32,
        _ => throw new ArgumentException("--precision tf32 needs a CUDA device; this run is on the CPU."),
    };

    /// <summary>
    /// The precision that a trial finds fastest. It is kept in the run's folder: a resumed run must go on in it, whatever a second trial would say.
    /// </summary>
    public static Precision FastestPrecisionOf(ByteTransformerOptions body, torch.Device device, DirectoryInfo output, bool resume)
    {
        string kept = Path.Combine(output.FullName, $"precision-{device.type.ToString().ToLowerInvariant()}.txt");
        if (resume && File.Exists(kept) && Enum.TryParse(File.ReadAllText(kept).Trim(), out Precision earlier) && Enum.IsDefined(earlier)) return earlier;
        Precision fastest = FastestPrecision.Find(body, device);
        AtomicFile.WriteText(kept, fastest.ToString());
        return fastest;
    }

    /// <summary>The device in words, as tables and cards show it.</summary>
    public static string NameOf(torch.Device device) => device.type == DeviceType.CPU
        ? $"CPU, {torch.get_num_threads()} thread{(torch.get_num_threads() == 1 ? "" : "s")}, {System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture}"
        : $"CUDA device {device.index}";
}
