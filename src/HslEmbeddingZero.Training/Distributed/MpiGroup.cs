using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>The ranks that mpirun or srun started, which exchange tensors of the CPU through MPI.</summary>
/// <remarks>
/// If the process ends before <see cref="Complete"/>, it ends all ranks with its own exit code, or with 1 for 0. MPI itself would let them
/// wait, or would take 0 for success.
/// </remarks>
internal sealed unsafe class MpiGroup : IProcessGroup
{
    /// <summary>MPI_THREAD_SERIALIZED: any thread may call, one at a time.</summary>
    private const int Serialized = 2;

    private static readonly Lock Gate = new();
    private static bool _joined;

    private readonly MpiLibrary _mpi;
    private byte[] _received = [];
    private byte[] _padded = [];
    private int _calls; // 1 while a thread is in a call
    private volatile bool _completed;
    private volatile bool _disposed;

    private MpiGroup(MpiLibrary mpi, LaunchVariables launch)
    {
        _mpi = mpi;
        Rank = launch.Rank;
        Size = launch.Size;
    }

    public int Rank { get; }

    public int Size { get; }

    /// <summary>Bytes in one call of MPI, whose counts are ints. Also a span cannot cover 2 GiB. Tests make it small.</summary>
    internal int ChunkBytes { get; set; } = 64 << 20;

    /// <summary>
    /// The same for a sum in rank order, which needs twice as much scratch memory. A smaller one stays in the caches of the processor.
    /// </summary>
    internal int OrderedChunkBytes { get; set; } = 4 << 20;

    /// <summary>Starts MPI, which is possible once in a process.</summary>
    /// <exception cref="ProcessGroupException">There is no MPI library, or it is not the one of the launcher.</exception>
    /// <exception cref="InvalidOperationException">This process has joined before.</exception>
    public static MpiGroup Join(LaunchVariables launch)
    {
        lock (Gate)
        {
            if (_joined)
            {
                throw new InvalidOperationException(
                    "This process has joined its group before, and MPI starts once in a process. Keep the group and use it everywhere.");
            }

            var mpi = MpiLibrary.Load(launch, Environment.GetEnvironmentVariable);
            if (mpi.IsInitialized)
            {
                throw new InvalidOperationException(
                    $"Other code has started MPI ('{mpi.Path}') in this process. Join the group first, and start MPI nowhere else.");
            }

            MpiGroup group = new(mpi, launch);
            group.Start();
            _joined = true;
            AppDomain.CurrentDomain.ProcessExit += (_, _) => group.AbortUnlessCompleted();
            return group;
        }
    }

    public void AllReduce(Tensor values, bool inRankOrder = false)
    {
        ArgumentNullException.ThrowIfNull(values);
        nint type = _mpi.TypeOf(values.dtype);
        if (type == 0)
            throw new ArgumentException($"The dtype of values is {values.dtype}; it must be Float32 or Float64.", nameof(values));
        Enter(nameof(AllReduce), values);
        try
        {
            // The sum of two ranks has one order only.
            if (!inRankOrder || Size == 2)
                ForEachChunk(values, ChunkBytes, (bytes, count) => Sum(bytes, count, type));
            else if (values.dtype == ScalarType.Float32)
                ForEachChunk(values, OrderedChunkBytes, (bytes, _) => SumInOrder<float>(bytes, type));
            else
                ForEachChunk(values, OrderedChunkBytes, (bytes, _) => SumInOrder<double>(bytes, type));
        }
        finally
        {
            Leave();
        }
    }

    public void Broadcast(Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        Enter(nameof(Broadcast), values);
        try
        {
            ForEachChunk(values, ChunkBytes, (bytes, _) =>
            {
                fixed (byte* start = bytes) Check(_mpi.Broadcast(start, bytes.Length), "MPI_Bcast");
            });
        }
        finally
        {
            Leave();
        }
    }

    public void Complete()
    {
        if (_completed) return;
        Enter(nameof(Complete));
        try
        {
            Check(_mpi.Barrier(), "MPI_Barrier");
            Check(_mpi.Shutdown(), "MPI_Finalize");
            _completed = true;
        }
        finally
        {
            Leave();
        }
    }

    /// <remarks>Any thread may call it, also during another call and after <see cref="Dispose"/>: it is the way out.</remarks>
    public void Abort()
    {
        if (_completed) throw WasCompleted(nameof(Abort));
        Abort(1);
    }

    /// <summary>Does not wait for the other ranks. A group that was not completed still ends all ranks when the process ends.</summary>
    public void Dispose()
    {
        _disposed = true;
        _received = [];
        _padded = [];
    }

    private void AbortUnlessCompleted()
    {
        if (_completed) return;
        int code = Environment.ExitCode;
        if (code == 0)
            Console.Error.WriteLine($"error: rank {Rank} of {Size} ends before the work of the group is complete. All ranks end.");
        Abort(code == 0 ? 1 : code);
    }

    private void Abort(int exitCode)
    {
        Console.Out.Flush();
        Console.Error.Flush();
        _ = _mpi.Abort(exitCode);
        Process.GetCurrentProcess().Kill();
    }

    private void Start()
    {
        Check(_mpi.Initialize(Serialized, out int provided), "MPI_Init_thread");
        Check(_mpi.ReturnErrors(), "MPI_Comm_set_errhandler");
        Check(_mpi.GetSize(out int size), "MPI_Comm_size");
        Check(_mpi.GetRank(out int rank), "MPI_Comm_rank");
        if (size != Size || rank != Rank)
        {
            throw new ProcessGroupException($"The launcher says rank {Rank} of {Size}, but '{_mpi.Path}' ({_mpi.Version}) says rank {rank} "
                + $"of {size}. Start with the mpirun of that library, or set {MpiLibrary.PathVariable} to the path of the "
                + "launcher's library.");
        }

        if (provided < Serialized)
        {
            throw new ProcessGroupException($"'{_mpi.Path}' ({_mpi.Version}) gives thread level {provided}; it must be {Serialized} "
                + "(MPI_THREAD_SERIALIZED) or more. Use a build of MPI with threads.");
        }
    }

    private void Sum(Span<byte> bytes, int count, nint type)
    {
        fixed (byte* start = bytes) Check(_mpi.AllReduce(start, count, type), "MPI_Allreduce");
    }

    /// <summary>
    /// Each rank sums one segment of the values, in the order of the ranks, and then all ranks get all segments. That moves as many bytes
    /// as a sum by a ring does.
    /// </summary>
    private void SumInOrder<T>(Span<byte> bytes, nint type)
        where T : unmanaged, INumber<T>
    {
        int count = bytes.Length / sizeof(T);
        int segment = (count + Size - 1) / Size;
        int padded = segment * Size * sizeof(T);

        // Only the last chunk needs padding, so the others are sent from where they are.
        bool fits = padded == bytes.Length;
        Span<byte> values = bytes;
        if (!fits)
        {
            values = Scratch(ref _padded, padded);
            bytes.CopyTo(values);
            values[bytes.Length..].Clear();
        }

        Span<byte> received = Scratch(ref _received, padded);
        fixed (byte* own = values, parts = received)
        {
            Check(_mpi.AllToAll(own, parts, segment, type), "MPI_Alltoall");
            RankOrder.Sum(MemoryMarshal.Cast<byte, T>(received), Size);
            Check(_mpi.AllGather(parts, own, segment, type), "MPI_Allgather");
        }

        if (!fits) values[..bytes.Length].CopyTo(bytes);
    }

    private static Span<byte> Scratch(ref byte[] scratch, int length)
    {
        if (scratch.Length < length) scratch = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        return scratch.AsSpan(0, length);
    }

    /// <summary>
    /// Passes the values to an action, piece by piece and in order. A piece is a multiple of the group's size, except the last.
    /// </summary>
    private void ForEachChunk(Tensor values, int chunkBytes, ChunkAction action)
    {
        long count = values.numel();
        if (count == 0) return;
        long step = Math.Max(1, chunkBytes / values.ElementSize / Size) * Size;
        using IDisposable withoutGradients = no_grad();
        using Tensor flat = values.view(-1);
        for (long start = 0; start < count; start += step)
        {
            using Tensor chunk = flat.narrow(0, start, Math.Min(step, count - start));
            action(chunk.bytes, (int)chunk.numel());
        }
    }

    private void Enter(string call, Tensor values)
    {
        string? problem = values.IsInvalid ? "has been disposed"
            : values.device_type != DeviceType.CPU ? $"is on {values.device}; the group is on the CPU"
            : !values.is_contiguous() ? "is not contiguous; call contiguous() first"
            : null;
        if (problem is not null) throw new ArgumentException($"The tensor values {problem}.", nameof(values));
        Enter(call);
    }

    /// <summary>Takes the group for one call of this thread.</summary>
    private void Enter(string call)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_completed) throw WasCompleted(call);
        if (Interlocked.Exchange(ref _calls, 1) != 0)
        {
            throw new InvalidOperationException(
                $"{call} was called on rank {Rank} while another thread is in a call of the group. Make one call at a time.");
        }
    }

    private void Leave() => Volatile.Write(ref _calls, 0);

    private static InvalidOperationException WasCompleted(string call) =>
        new($"{call} was called after {nameof(Complete)}, which ends the group.");

    private void Check(int code, string call)
    {
        if (code != 0) throw new ProcessGroupException($"{call} failed on rank {Rank} of {Size} with code {code}: {_mpi.Explain(code)}");
    }

    private delegate void ChunkAction(Span<byte> bytes, int count);
}
