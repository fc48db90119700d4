using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// The processes that train one model together (data-parallel training). Each process is a rank. Every rank must make the same calls in the
/// same order, because a call ends only when all ranks have made it.
/// </summary>
/// <remarks>
/// <see cref="ProcessGroup.Join"/> gives the group that the program was started in. One process alone has no group: it passes null.
/// </remarks>
public interface IProcessGroup : IDisposable
{
    /// <summary>The number of this process, from 0 to <see cref="Size"/> - 1. Rank 0 writes the files.</summary>
    int Rank { get; }

    /// <summary>How many processes there are, 2 or more.</summary>
    int Size { get; }

    /// <summary>
    /// Replaces the values by their sums over all ranks. Afterwards every rank has the same bits. Blocks the calling thread (MPI) or the
    /// default stream of the device (NCCL).
    /// </summary>
    /// <param name="values">float32 or float64, contiguous, of the same length on every rank, on the device of the group.</param>
    /// <param name="inRankOrder">
    /// false: the library chooses the order of the additions. true: ((rank 0 + rank 1) + rank 2) and so on. The order matters from three
    /// ranks on, because float sums round.
    /// </param>
    void AllReduce(Tensor values, bool inRankOrder = false);

    /// <summary>Replaces the values by those of rank 0.</summary>
    /// <param name="values">Any dtype, contiguous, of the same number of bytes on every rank, on the device of the group.</param>
    void Broadcast(Tensor values);

    /// <summary>
    /// Ends the work in all ranks: waits for the others, then leaves the library. Call it once, when this rank needs the group no more.
    /// </summary>
    void Complete();

    /// <summary>Ends all processes of the group at once, with a non-zero exit code. Nothing is saved.</summary>
    void Abort();
}
