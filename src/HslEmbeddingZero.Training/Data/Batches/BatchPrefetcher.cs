using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>Prefetches the micro-batches of a <see cref="BatchSampler"/> on a separate thread, into tensors that are reused.</summary>
/// <remarks>
/// <para>
/// Lifetime of a batch: it may be read until <see cref="Next"/> has been called <see cref="Lifetime"/> = capacity/2 more times. That call
/// returns its tensors to be filled again. The tensors belong to the prefetcher and to no dispose scope. Never dispose them, and clone what
/// must live longer.
/// </para>
/// <para>
/// On the CPU, the batch is the ring's own tensors. On CUDA, the ring is in pinned memory, and each batch is copied to fixed tensors on the
/// device without blocking. The copy is in the default stream. It therefore runs before the work that reads it, and after the work that
/// read the slot before.
/// </para>
/// <para>
/// The batches are equal to those that the sampler gives directly, bit for bit. Only one thread at a time may call <see cref="Next"/>.
/// </para>
/// </remarks>
public sealed class BatchPrefetcher : IDisposable
{
    private readonly BatchSampler _sampler;
    private readonly BatchShare _share;
    private readonly Device _device;
    private readonly BatchSlot[] _ring;
    private readonly SemaphoreSlim _free;
    private readonly SemaphoreSlim _ready = new(0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _filler;
    private readonly long _first;
    private long _filled;
    private long _taken;
    private Exception? _failure;
    private bool _disposed;

    /// <summary>Starts the prefetch.</summary>
    /// <param name="sampler">Determines what each micro-batch holds.</param>
    /// <param name="device">The device of the batches.</param>
    /// <param name="firstMicroBatch">The index of the first micro-batch, above 0 when a run is resumed.</param>
    /// <param name="capacity">Micro-batches in the ring, at least 2.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="firstMicroBatch"/> is negative or <paramref name="capacity"/> below 2.
    /// </exception>
    public BatchPrefetcher(BatchSampler sampler, Device device, long firstMicroBatch, int capacity = 16)
        : this(sampler, WholeOf(sampler), device, firstMicroBatch, capacity)
    {
    }

    /// <summary>Prefetches one process' part of every step. Indices count the pieces of its share.</summary>
    internal BatchPrefetcher(BatchSampler sampler, BatchShare share, Device device, long firstMicroBatch, int capacity = 16)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfNegative(firstMicroBatch);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 2);

        _sampler = sampler;
        _share = share;
        _device = device;
        _first = firstMicroBatch;
        _free = new(capacity);
        _ring = new BatchSlot[capacity];
        for (int i = 0; i < capacity; i++)
            _ring[i] = new(sampler, share.Rows, device);
        Lifetime = capacity / 2;
        _filler = new(FillRing) { IsBackground = true, Name = "HslEmbeddingZero batch prefetcher" };
        _filler.Start();
    }

    /// <summary>After this number of further calls of <see cref="Next"/>, a batch is no longer valid.</summary>
    public int Lifetime { get; }

    /// <summary>Returns the next micro-batch in order, on the device. Waits until it is prepared.</summary>
    /// <exception cref="ObjectDisposedException">The prefetcher is disposed.</exception>
    /// <exception cref="InvalidOperationException">The micro-batch could not be prepared; the inner exception says why.</exception>
    public ByteBatch Next()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_taken >= Lifetime)
            _free.Release();
        _ready.Wait();
        if (_taken == Volatile.Read(ref _filled))
        {
            _ready.Release();
            throw new InvalidOperationException(
                $"Micro-batch {_share.At(_first + _taken).MicroBatch} could not be prepared. {_failure!.Message}", _failure);
        }

        return _ring[_taken++ % _ring.Length].Current;
    }

    /// <summary>Stops the thread, waits for it and frees all tensors, including those of batches that were given out.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _stop.Cancel();
        _filler.Join();
        foreach (BatchSlot slot in _ring)
            slot.Dispose();
        _stop.Dispose();
        _ready.Dispose();
        _free.Dispose();
    }

    private static BatchShare WholeOf(BatchSampler sampler)
    {
        ArgumentNullException.ThrowIfNull(sampler);
        return new(rank: 0, size: 1, microBatches: 1, sampler.BatchSize);
    }

    private void FillRing()
    {
        try
        {
            while (true)
            {
                _free.Wait(_stop.Token);
                AwaitCopies();
                (long microBatch, int firstRow) = _share.At(_first + _filled);
                _ring[_filled % _ring.Length].Fill(_sampler, microBatch, firstRow);
                Volatile.Write(ref _filled, _filled + 1);
                _ready.Release();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
        catch (Exception failure)
        {
            _failure = failure;
            _ready.Release();
        }
    }

    /// <summary>
    /// Pinned memory may be written again only after its last copy to the device is complete. One wait per half ring is enough. The other
    /// half stays ready for the training thread meanwhile.
    /// </summary>
    private void AwaitCopies()
    {
        if (_device.type == DeviceType.CUDA && _filled % Lifetime == 0)
            cuda.synchronize(_device);
    }
}
