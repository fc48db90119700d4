using HslEmbeddingZero.Training;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Ranks;

/// <summary>Ranks of MPI that would exchange by NCCL: the id goes through MPI, and the calls go to the group of the GPUs.</summary>
internal static class NcclId
{
    public static int Share()
    {
        List<string> calls = [];
        byte[] received = [];
        using NcclUnderMpiGroup group = new(MpiGroup.Join(LaunchVariables.OfThisProcess()), share =>
        {
            received = [.. Enumerable.Range(0, NcclUniqueId.Length).Select(i => (byte)(ProcessGroup.LaunchedRank == 0 ? 255 - i : 0))];
            share(received);
            return new Recorded(calls);
        });
        using Tensor values = zeros(3, ScalarType.Float32, CPU);
        group.AllReduce(values, inRankOrder: true);
        group.Broadcast(values);
        group.Complete();
        group.Dispose();
        Console.WriteLine($"rank {group.Rank} of {group.Size}: id {Convert.ToHexStringLower(received)}, {string.Join(", ", calls)}");
        return 0;
    }

    private sealed class Recorded(List<string> calls) : IProcessGroup
    {
        public int Rank => -1;

        public int Size => -1;

        public void AllReduce(Tensor values, bool inRankOrder = false) => calls.Add($"sum of {values.numel()} {inRankOrder}");

        public void Broadcast(Tensor values) => calls.Add($"broadcast of {values.numel()}");

        public void Complete() => calls.Add("complete");

        public void Abort() => calls.Add("abort");

        public void Dispose() => calls.Add("dispose");
    }
}
