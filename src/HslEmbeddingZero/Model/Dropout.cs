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
    private int _firstRow;
    private int _allRows; // 0: the input holds all rows of its micro-batch

    /// <summary>Starts a new sequence of masks on a device.</summary>
    /// <param name="seed">Seed of the micro-batch.</param>
    /// <param name="device">Device of the masks.</param>
    /// <param name="firstRow">Place of the input's first row in the micro-batch.</param>
    /// <param name="allRows">Rows of the whole micro-batch, if the input holds a part of them; otherwise 0.</param>
    public void Seed(ulong seed, Device device, int firstRow = 0, int allRows = 0)
    {
        (_firstRow, _allRows) = (firstRow, allRows);
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
        bool isNative = _generator is null || form.IsAccelerator(x);
        if (_allRows > 0) return ApplyToPart(x, isNative);
        if (isNative) return nn.functional.dropout(x, probability, training: true);
        using Tensor mask = Mask(x.shape, x);
        return x * mask;
    }

    /// <summary>Draws the masks of all rows of the micro-batch, as a process that computes all of them does, and uses its own.</summary>
    private Tensor ApplyToPart(Tensor x, bool isNative)
    {
        long[] shape = [_allRows, .. x.shape[1..]];
        using Tensor drawn = isNative ? ones(shape, x.dtype, x.device) : Mask(shape, x);
        using Tensor whole = isNative ? nn.functional.dropout(drawn, probability, training: true) : drawn.alias();
        using Tensor mask = whole.narrow(0, _firstRow, x.size(0));
        return x * mask;
    }

    /// <summary>0, or 1 divided by the probability to keep a value.</summary>
    private Tensor Mask(long[] shape, Tensor like)
    {
        Tensor mask = empty(shape, like.dtype, like.device);
        using Scalar kept = 1 - probability;
        mask.bernoulli_(1 - probability, _generator!).div_(kept);
        return mask;
    }

    public void Dispose() => _generator?.Dispose();
}
