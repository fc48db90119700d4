using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// One place in the ring of a <see cref="BatchPrefetcher"/>: for each modality of the mix, tensors in host memory to fill and, where
/// the device is another one, tensors there to copy them to.
/// </summary>
internal sealed class BatchSlot : IDisposable
{
    private readonly Dictionary<Modality, (ByteBatch Host, ByteBatch OnDevice)> _batches = [];

    public BatchSlot(BatchSampler sampler, Device device)
    {
        foreach (var modality in Enum.GetValues<Modality>())
        {
            if (sampler.Mix.Weight(modality) == 0)
                continue;
            var host = Allocate(modality, sampler.BatchSize, CPU, pinned: device.type == DeviceType.CUDA);
            var onDevice = device.type == DeviceType.CPU ? host : Allocate(modality, sampler.BatchSize, device, pinned: false);
            _batches[modality] = (host, onDevice);
        }
    }

    /// <summary>The batch last filled in, on the device.</summary>
    public ByteBatch Current { get; private set; }

    public void Fill(BatchSampler sampler, long microBatch)
    {
        var modality = sampler.ModalityAt(microBatch);
        var (host, onDevice) = _batches[modality];
        if (modality == Modality.Text)
            sampler.Fill(microBatch, Ids(host.Context), Ids(host.Targets));
        else
            sampler.Fill(microBatch, host.Context.bytes, host.Targets.bytes);

        if (!ReferenceEquals(host.Context, onDevice.Context))
        {
            onDevice.Context.copy_(host.Context, nonBlocking: true);
            onDevice.Targets.copy_(host.Targets, nonBlocking: true);
        }

        Current = onDevice;
    }

    public void Dispose()
    {
        foreach (var (host, onDevice) in _batches.Values)
        {
            host.Context.Dispose();
            host.Targets.Dispose();
            onDevice.Context.Dispose();
            onDevice.Targets.Dispose();
        }
    }

    private static Span<short> Ids(Tensor tensor) => MemoryMarshal.Cast<byte, short>(tensor.bytes);

    private static ByteBatch Allocate(Modality modality, int batchSize, Device device, bool pinned)
    {
        var shape = SampleShape.Of(modality);
        var type = modality == Modality.Text ? ScalarType.Int16 : ScalarType.Byte;
        return new(modality, Allocate(batchSize, shape.ContextLength), Allocate(batchSize, shape.TargetLength));

        Tensor Allocate(int rows, int columns)
        {
            var tensor = empty(rows, columns, type, device).DetachFromDisposeScope();
            if (!pinned)
                return tensor;
            using (tensor)
                return tensor.pin_memory().DetachFromDisposeScope();
        }
    }
}
