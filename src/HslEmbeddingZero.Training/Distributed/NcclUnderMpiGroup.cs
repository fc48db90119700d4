using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// Ranks that a launcher of MPI started, with one GPU each. MPI brings NCCL's id to the ranks and ends them, NCCL does the rest.
/// </summary>
internal sealed class NcclUnderMpiGroup : IProcessGroup
{
    private readonly MpiGroup _mpi;
    private readonly IProcessGroup _nccl;

    /// <param name="mpi">The group on the CPU. This object takes ownership.</param>
    /// <param name="join">Joins the group of the GPUs. Its argument copies the bytes of rank 0 into the array of every other rank.</param>
    public NcclUnderMpiGroup(MpiGroup mpi, Func<Action<byte[]>, IProcessGroup> join)
    {
        _mpi = mpi;
        _nccl = join(Share);
    }

    public int Rank => _mpi.Rank;

    public int Size => _mpi.Size;

    public void AllReduce(Tensor values, bool inRankOrder = false) => _nccl.AllReduce(values, inRankOrder);

    public void Broadcast(Tensor values) => _nccl.Broadcast(values);

    public void Complete()
    {
        _nccl.Complete();
        _mpi.Complete();
    }

    public void Abort() => _mpi.Abort();

    public void Dispose()
    {
        _nccl.Dispose();
        _mpi.Dispose();
    }

    private void Share(byte[] id)
    {
        using Tensor shared = tensor(id, device: CPU);
        _mpi.Broadcast(shared);
        shared.bytes.CopyTo(id);
    }
}
