using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// Prepares the micro-batches of a <see cref="BatchSampler"/> ahead, on a thread of its own, in tensors that are used again and again.
/// </summary>
/// <remarks>
/// <para>
/// Lifetime of a batch: it may be read until <see cref="Next"/> has been called <see cref="Lifetime"/> = capacity/2 more times; that
/// call hands its tensors back to be filled anew. The tensors belong to the prefetcher and to no dispose scope: never dispose them,
/// and clone what must live longer.
/// </para>
/// <para>
/// On the CPU the batch is the ring's own tensors. On CUDA the ring is pinned and each batch is copied to fixed tensors on the device
/// without blocking, in the default stream, so that the copy is ordered before the work that reads it and after the work that read the
/// slot before.
/// </para>
/// <para>The batches are those that the sampler gives directly, bit for bit. One thread at a time may call <see cref="Next"/>.</para>
/// </remarks>
public sealed class BatchPrefetcher : IDisposable
{
    private readonly BatchSampler _sampler;
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

    /// <summary>Starts to prepare micro-batches.</summary>
    /// <param name="sampler">What each micro-batch holds.</param>
    /// <param name="device">Where the batches are wanted.</param>
    /// <param name="firstMicroBatch">The index of the first micro-batch, above 0 when a run is resumed.</param>
    /// <param name="capacity">Micro-batches in the ring, at least 2.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="firstMicroBatch"/> is negative or <paramref name="capacity"/> below 2.
    /// </exception>
    public BatchPrefetcher(BatchSampler sampler, Device device, long firstMicroBatch, int capacity = 16)
    {
        ArgumentNullException.ThrowIfNull(sampler);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfNegative(firstMicroBatch);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 2);

        _sampler = sampler;
        _device = device;
        _first = firstMicroBatch;
        _free = new(capacity);
        _ring = new BatchSlot[capacity];
        for (int i = 0; i < capacity; i++)
            _ring[i] = new(sampler, device);
        Lifetime = capacity / 2;
        _filler = new(FillRing) { IsBackground = true, Name = "HslEmbeddingZero batch prefetcher" };
        _filler.Start();
    }

    /// <summary>How many more calls of <see cref="Next"/> end the life of a batch.</summary>
    public int Lifetime { get; }

    /// <summary>The next micro-batch, in order, on the device; waits until it is prepared.</summary>
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
            throw new InvalidOperationException($"Micro-batch {_first + _taken} could not be prepared. {_failure!.Message}", _failure);
        }

        return _ring[_taken++ % _ring.Length].Current;
    }

    /// <summary>Stops the thread, waits for it and frees all tensors, those of the batches given out included.</summary>
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

    private void FillRing()
    {
        try
        {
            while (true)
            {
                _free.Wait(_stop.Token);
                AwaitCopies();
                _ring[_filled % _ring.Length].Fill(_sampler, _first + _filled);
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
    /// Before pinned memory is written again its last copy to the device must be over. Waiting once in half a ring is enough, and
    /// leaves the other half ready for the training thread meanwhile.
    /// </summary>
    private void AwaitCopies()
    {
        if (_device.type == DeviceType.CUDA && _filled % Lifetime == 0)
            cuda.synchronize(_device);
    }
}
