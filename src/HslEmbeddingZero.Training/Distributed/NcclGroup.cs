using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// A group of processes with one GPU each, which exchange by NCCL. A call only enqueues its work on the default stream, where TorchSharp
/// runs everything. So it follows the work that was enqueued before, such as a backward pass, and precedes the work that comes after.
/// </summary>
/// <remarks>
/// A rank that leaves without <see cref="Complete"/> would leave the others waiting. So at the end of the process it takes care that the
/// exit code is not zero, which makes a launcher end the others.
/// </remarks>
internal sealed unsafe class NcclGroup : IProcessGroup
{
    private const nint DefaultStream = 0; // CUDA's legacy default stream

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>ncclCommAbort itself can hang, so nobody waits longer for it.</summary>
    private static readonly TimeSpan AbortLimit = TimeSpan.FromSeconds(2);

    private readonly NcclLibrary _nccl;
    private readonly Device _device;
    private nint _communicator; // zero once it is destroyed or aborted
    private bool _isCompleted;
    private bool _isDisposed;

    /// <summary>
    /// Makes the group; returns when all ranks have made it. The device is not checked, so that a stand-in works on a CPU.
    /// </summary>
    /// <param name="nccl">The library, the same on every rank.</param>
    /// <param name="rank">0 to <paramref name="size"/> - 1.</param>
    /// <param name="size">2 or more.</param>
    /// <param name="device">Where the tensors are.</param>
    /// <param name="id">The id that rank 0 made, 128 bytes.</param>
    /// <exception cref="ProcessGroupException">NCCL refuses, for example because two ranks have the same GPU.</exception>
    internal NcclGroup(NcclLibrary nccl, int rank, int size, Device device, ReadOnlySpan<byte> id)
    {
        _nccl = nccl;
        _device = device;
        Rank = rank;
        Size = size;
        NcclUniqueId value;
        id.CopyTo(new Span<byte>(value.Bytes, NcclUniqueId.Length));
        nint communicator;
        Check("ncclCommInitRank", nccl.CommInitRank(&communicator, size, value, rank));
        _communicator = communicator;
    }

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Size { get; }

    /// <summary>Waits until the device has done all its work. Tests replace it.</summary>
    internal Action WaitForDevice { get; init; } = () => cuda.synchronize();

    /// <summary>Leaves the process with an exit code, at once. Tests replace it.</summary>
    internal Action<int> Leave { get; init; } = ImmediateExit.Now;

    /// <summary>How many bytes of each rank a sum in rank order gathers at a time.</summary>
    internal long PieceBytes { get; init; } = 4 << 20;

    /// <summary>
    /// Joins the group of this process. It must see its GPU as the first, because NCCL takes the current device of the process.
    /// </summary>
    /// <param name="rank">0 to <paramref name="size"/> - 1.</param>
    /// <param name="size">2 or more.</param>
    /// <param name="device">The first GPU that the process sees.</param>
    /// <param name="shareId">
    /// Copies the 128 bytes of rank 0 into the array of every other rank, by whatever connects the ranks already.
    /// </param>
    /// <exception cref="ArgumentException">The device is not the first GPU.</exception>
    /// <exception cref="ProcessGroupException">NCCL was not found, or refuses.</exception>
    public static NcclGroup Join(int rank, int size, Device device, Action<byte[]> shareId)
    {
        if (device.type != DeviceType.CUDA || device.index > 0)
        {
            throw new ArgumentException(
                $"device is {device}; NCCL needs cuda:0, one GPU for each process. Set CUDA_VISIBLE_DEVICES to the GPU of this rank.",
                nameof(device));
        }

        TorchRuntime.EnsureLoaded();
        var nccl = NcclLibrary.Find();
        byte[] id = rank == 0 ? nccl.CreateId() : new byte[NcclUniqueId.Length];
        shareId(id);
        var group = new NcclGroup(nccl, rank, size, device, id);
        AppDomain.CurrentDomain.ProcessExit += group.LeaveIncomplete;
        return group;
    }

    /// <inheritdoc/>
    public void AllReduce(Tensor values, bool inRankOrder = false)
    {
        RequireOpen();
        RequireUsable(values);
        int type = values.dtype switch
        {
            ScalarType.Float32 => NcclLibrary.Float32,
            ScalarType.Float64 => NcclLibrary.Float64,
            _ => throw new ArgumentException($"values is {values.dtype}; a sum over ranks takes Float32 or Float64.", nameof(values)),
        };
        if (values.numel() == 0) return;
        if (inRankOrder) SumInRankOrder(values, type);
        else Sum(values, type);
    }

    /// <inheritdoc/>
    public void Broadcast(Tensor values)
    {
        RequireOpen();
        RequireUsable(values);
        if (values.numel() == 0) return;
        nint data = TensorPointer.Of(values);
        nuint bytes = (nuint)(values.numel() * values.element_size());
        Check("ncclBroadcast", _nccl.Broadcast(data, data, bytes, NcclLibrary.UInt8, 0, _communicator, DefaultStream));
        GC.KeepAlive(values);
        CheckAsynchronous("ncclBroadcast");
    }

    /// <inheritdoc/>
    /// <exception cref="ProcessGroupException">The work of another rank failed. The group is aborted.</exception>
    public void Complete()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_isCompleted) return;
        RequireOpen();
        using (Tensor arrived = zeros(1, ScalarType.Float32, _device))
        {
            Sum(arrived, NcclLibrary.Float32); // ends when every rank has come here
            AwaitDevice();
        }

        if (_nccl.CommFinalize != null) Check("ncclCommFinalize", _nccl.CommFinalize(_communicator));
        Check("ncclCommDestroy", _nccl.CommDestroy(Interlocked.Exchange(ref _communicator, 0)));
        _isCompleted = true;
        AppDomain.CurrentDomain.ProcessExit -= LeaveIncomplete;
    }

    /// <inheritdoc/>
    public void Abort()
    {
        AbortCommunicator();
        Leave(1);
    }

    /// <summary>Without <see cref="Complete"/> before it, aborts what the device still does for this group.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        AbortCommunicator();
    }

    /// <summary>At the end of the process: a rank that has not completed must not look as if it had.</summary>
    internal void LeaveIncomplete(object? sender, EventArgs arguments)
    {
        if (_isCompleted) return;
        string rank = string.Create(CultureInfo.InvariantCulture, $"rank {Rank} of {Size}");
        Console.Error.WriteLine($"{rank} ends without IProcessGroup.Complete; the other ranks wait for it and must end too.");
        AbortCommunicator();
        Leave(Environment.ExitCode == 0 ? 1 : Environment.ExitCode);
    }

    private void Sum(Tensor values, int type)
    {
        nint data = TensorPointer.Of(values);
        Check("ncclAllReduce",
            _nccl.AllReduce(data, data, (nuint)values.numel(), type, NcclLibrary.Sum, _communicator, DefaultStream));
        GC.KeepAlive(values);
        CheckAsynchronous("ncclAllReduce");
    }

    /// <summary>Gathers a piece of every rank on every rank, and adds the pieces in the order of the ranks.</summary>
    private void SumInRankOrder(Tensor values, int type)
    {
        using IDisposable quiet = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor flat = values.view(-1);
        long longest = Math.Min(flat.numel(), PieceBytes / values.element_size());
        Tensor gathered = empty(longest * Size, values.dtype, values.device);
        for (long start = 0; start < flat.numel(); start += longest)
        {
            using DisposeScope pieceScope = NewDisposeScope();
            long count = Math.Min(longest, flat.numel() - start);
            Tensor piece = flat.narrow(0, start, count);
            Check("ncclAllGather",
                _nccl.AllGather(TensorPointer.Of(piece), TensorPointer.Of(gathered), (nuint)count, type, _communicator, DefaultStream));
            CheckAsynchronous("ncclAllGather");
            piece.copy_(gathered.narrow(0, 0, count));
            for (int rank = 1; rank < Size; rank++) piece.AddSafeInPlace(gathered.narrow(0, rank * count, count));
        }
    }

    /// <summary>
    /// Waits for the device on another thread, and meanwhile asks NCCL for errors: if another process is gone, the device waits for ever.
    /// </summary>
    private void AwaitDevice()
    {
        var waiting = Task.Run(WaitForDevice);
        while (Task.WaitAny([waiting], PollInterval) < 0) CheckAsynchronous("waiting for the other ranks");
        waiting.GetAwaiter().GetResult();
        CheckAsynchronous("waiting for the other ranks");
    }

    private void Check(string call, int result) => _nccl.Check(call, result, Rank);

    /// <summary>Throws if work that was enqueued before has failed, and stops what waits for it.</summary>
    private void CheckAsynchronous(string after)
    {
        int result;
        Check("ncclCommGetAsyncError", _nccl.CommGetAsyncError(_communicator, &result));
        if (result is NcclLibrary.Success or NcclLibrary.InProgress) return;
        ProcessGroupException failure = _nccl.Failure($"{after}: work between the ranks", result, Rank);
        AbortCommunicator();
        throw failure;
    }

    private void AbortCommunicator()
    {
        nint communicator = Interlocked.Exchange(ref _communicator, 0);
        if (communicator == 0) return;
        Thread aborting = new(() => _ = _nccl.CommAbort(communicator)) { IsBackground = true, Name = "HslEmbeddingZero NCCL abort" };
        aborting.Start();
        aborting.Join(AbortLimit);
    }

    private void RequireOpen()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_communicator != 0) return;
        throw new InvalidOperationException($"The group is {(_isCompleted ? "complete" : "aborted")}; it takes no further calls.");
    }

    private void RequireUsable(Tensor values)
    {
        bool isHere = values.device_type == _device.type && Math.Max(values.device_index, 0) == Math.Max(_device.index, 0);
        if (!isHere) throw new ArgumentException($"values is on {values.device}; the group is on {_device}.", nameof(values));
        if (!values.is_sparse && values.is_contiguous()) return;
        throw new ArgumentException("values is not contiguous; use contiguous() and copy the result back.", nameof(values));
    }
}
