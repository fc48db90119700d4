using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// Selects the form of the body's operations. A CPU is faster with small pieces that stay in its caches. An accelerator is faster with few
/// launches: at this model size, the host needs longer to launch an operation than the device to compute it.
/// </summary>
internal sealed class DeviceForm
{
    /// <summary>Uses the accelerator's form on a CPU too; for tests.</summary>
    public bool ForcesAccelerator { get; set; }

    public bool IsAccelerator(Tensor x) => ForcesAccelerator || x.device_type != DeviceType.CPU;
}
