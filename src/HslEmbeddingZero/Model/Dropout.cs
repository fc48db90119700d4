using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// Dropout (Srivastava et al. 2014). Training seeds it again before each micro-batch, so the masks depend on the seed alone. A resumed run
/// needs no random state, and any process can compute any micro-batch.
/// </summary>
/// <remarks>
/// On a CPU, a seeded body draws from its own generator, so two models in one process do not disturb each other. TorchSharp 0.107 cannot
/// make a generator for another device: its generator is always a CPU generator, and CUDA operations refuse it. On other devices,
/// libtorch's own dropout therefore draws from the device's global generator.
/// </remarks>
internal sealed class Dropout(double probability, DeviceForm form) : IDisposable
{
    private Generator? _generator; // null before Seed: torch's global generator then draws the masks

    /// <summary>Starts a new sequence of masks on a device.</summary>
    public void Seed(ulong seed, Device device)
    {
        if (probability == 0) return;
        if (device.type == DeviceType.CPU && !form.ForcesAccelerator)
        {
            Generator fresh = new(seed);
            _generator?.Dispose();
            _generator = fresh;
        }
        else if (device.type == DeviceType.CUDA)
        {
            // Only stores a number on the host for each device: there is no wait, and the body may be on any CUDA device.
            cuda.manual_seed_all(unchecked((long)seed));
        }
        else
        {
            manual_seed(unchecked((long)seed)).Dispose();
        }
    }

    public Tensor Apply(Tensor x, bool training)
    {
        if (!training || probability == 0) return x;
        if (_generator is null || form.IsAccelerator(x)) return nn.functional.dropout(x, probability, training: true);
        using Tensor mask = empty(x.shape, x.dtype, x.device);
        using Scalar kept = 1 - probability;
        mask.bernoulli_(1 - probability, _generator).div_(kept);
        return x * mask;
    }

    public void Dispose() => _generator?.Dispose();
}
