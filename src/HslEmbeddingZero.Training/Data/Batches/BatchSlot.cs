using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// One place in the ring of a <see cref="BatchPrefetcher"/>. For each source that is trained on, it holds tensors in host memory to fill.
/// For another device, it also holds tensors there to copy to.
/// </summary>
internal sealed class BatchSlot : IDisposable
{
    private readonly (ByteBatch Host, ByteBatch OnDevice)?[] _batches;

    private readonly int _rows;

    /// <param name="sampler">Fills the batches.</param>
    /// <param name="rows">Rows of a micro-batch that this process computes.</param>
    /// <param name="device">Device of the batches.</param>
    public BatchSlot(BatchSampler sampler, int rows, Device device)
    {
        _rows = rows;
        _batches = new (ByteBatch, ByteBatch)?[sampler.Sources.Count];
        foreach ((int i, SampleSource source) in sampler.Sources.Index().Where(entry => entry.Item.Weight > 0))
        {
            ByteBatch host = Allocate(i, source.Shape, rows, CPU, pinned: device.type == DeviceType.CUDA);
            _batches[i] = (host, device.type == DeviceType.CPU ? host : Allocate(i, source.Shape, rows, device,
                pinned: false));
        }
    }

    /// <summary>The batch that was filled last, on the device.</summary>
    public ByteBatch Current { get; private set; }

    public void Fill(BatchSampler sampler, long microBatch, int firstRow)
    {
        (ByteBatch host, ByteBatch onDevice) = _batches[sampler.SourceAt(microBatch)]!.Value;
        sampler.Fill(microBatch, firstRow, _rows, Ids(host.Context), Ids(host.Targets));
        if (!ReferenceEquals(host.Context, onDevice.Context))
        {
            onDevice.Context.copy_(host.Context, nonBlocking: true);
            onDevice.Targets.copy_(host.Targets, nonBlocking: true);
        }

        Current = onDevice;
    }

    public void Dispose()
    {
        foreach ((ByteBatch Host, ByteBatch OnDevice)? batch in _batches)
        {
            if (batch is not var (host, onDevice)) continue;
            host.Context.Dispose();
            host.Targets.Dispose();
            onDevice.Context.Dispose();
            onDevice.Targets.Dispose();
        }
    }

    private static Span<short> Ids(Tensor tensor) => MemoryMarshal.Cast<byte, short>(tensor.bytes);

    private static ByteBatch Allocate(int source, SampleShape shape, int batchSize, Device device, bool pinned)
    {
        return new(source, Allocate(batchSize, shape.ContextLength), Allocate(batchSize, shape.TargetLength));

        Tensor Allocate(int rows, int columns)
        {
            Tensor tensor = empty(rows, columns, ScalarType.Int16, device).DetachFromDisposeScope();
            if (!pinned) return tensor;
            using (tensor) return tensor.pin_memory().DetachFromDisposeScope();
        }
    }
}
