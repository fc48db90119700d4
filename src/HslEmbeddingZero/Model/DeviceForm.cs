using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// Which form an operation of the body takes. A CPU wants small pieces that stay in its caches. An accelerator wants few launches: at this
/// size of model the host needs longer to ask for an operation than the device to do it.
/// </summary>
internal sealed class DeviceForm
{
    /// <summary>Takes the accelerator's form on a CPU too; for tests.</summary>
    public bool ForcesAccelerator { get; set; }

    public bool IsAccelerator(Tensor x) => ForcesAccelerator || x.device_type != DeviceType.CPU;
}
