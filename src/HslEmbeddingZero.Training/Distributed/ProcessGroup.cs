using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>Joins the processes that one launcher started, so that they train one model together.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>On CPUs the ranks exchange by MPI: <c>mpirun -n 4 dotnet Program.dll</c>, or <c>srun --mpi=pmix</c>. The library of MPI is found
/// at run time. The environment variable <c>HSL_MPI_LIB</c> names the path of another one.</item>
/// <item>On CUDA devices they exchange by NCCL, one rank for each GPU. MPI's launchers work, and torchrun's variables <c>RANK</c>,
/// <c>WORLD_SIZE</c>, <c>LOCAL_RANK</c>, <c>LOCAL_WORLD_SIZE</c>, <c>MASTER_ADDR</c> and <c>MASTER_PORT</c>.</item>
/// </list>
/// The properties read the environment. They need no library and never throw, so a program can print its errors once, before it joins.
/// </remarks>
public static class ProcessGroup
{
    /// <summary>The number of this process among those that the launcher started, from 0.</summary>
    /// <value>0 if the process is alone, or if the launch variables are wrong; <see cref="Join"/> then says what is wrong.</value>
    public static int LaunchedRank => LaunchedOrAlone().Rank;

    /// <summary>How many processes the launcher started.</summary>
    /// <value>1 if the process is alone, or if the launch variables are wrong.</value>
    public static int LaunchedSize => LaunchedOrAlone().Size;

    /// <summary>The number of this process among those of the same launch on this machine, from 0.</summary>
    /// <value>0 if the process is alone, or if the launcher does not say.</value>
    public static int LocalRank => LaunchedOrAlone().LocalRank ?? 0;

    /// <summary>How many processes of the launch are on this machine. They share its cores and its GPUs.</summary>
    /// <value>1 if the process is alone, or if the launcher does not say.</value>
    public static int LocalSize => LaunchedOrAlone().LocalSize ?? 1;

    /// <summary>Joins the group that the process was started in. All ranks must call it, and each only once.</summary>
    /// <param name="device">Where the tensors of the exchange are: the CPU (the default) or a CUDA device.</param>
    /// <returns>
    /// The group, which the caller ends with <see cref="IProcessGroup.Complete"/> and disposes; null if the process is alone. A process
    /// that ends without <see cref="IProcessGroup.Complete"/> ends all ranks with a non-zero exit code.
    /// </returns>
    /// <exception cref="ProcessGroupException">
    /// The launch variables are incomplete or contradict each other, the library for the exchange is missing or does not fit the launcher.
    /// </exception>
    /// <exception cref="ArgumentException">The device is neither the CPU nor a CUDA device.</exception>
    /// <exception cref="InvalidOperationException">This process has joined before.</exception>
    public static IProcessGroup? Join(Device? device = null)
    {
        var launch = LaunchVariables.OfThisProcess();
        if (launch.IsAlone) return null;
        switch (device?.type ?? DeviceType.CPU)
        {
            case DeviceType.CPU when launch.IsMpi:
                return MpiGroup.Join(launch);
            case DeviceType.CPU:
                throw new ProcessGroupException($"RANK and WORLD_SIZE say that this is rank {launch.Rank} of {launch.Size}, but ranks on "
                    + $"CPUs exchange by MPI. Start with mpirun -n {launch.Size} and without these variables.");
            case DeviceType.CUDA when launch.IsMpi:
                return new NcclUnderMpiGroup(
                    MpiGroup.Join(launch), shareId => NcclGroup.Join(launch.Rank, launch.Size, device!, shareId));
            case DeviceType.CUDA:
                int port = NcclIdExchange.PortBeside(
                    launch.MasterPort!.Value, Environment.GetEnvironmentVariable(NcclIdExchange.AgentStoreVariable));
                NcclIdExchange exchange = new(launch.MasterAddress!, port, launch.Rank, launch.Size);
                return NcclGroup.Join(launch.Rank, launch.Size, device!, exchange.Share);
            default:
                throw new ArgumentException($"The device is {device}; ranks exchange tensors of cpu or cuda.", nameof(device));
        }
    }

    /// <summary>
    /// Makes this rank see one GPU, for one rank on each GPU: the entry of <c>CUDA_VISIBLE_DEVICES</c> at <see cref="LocalRank"/>, or the
    /// GPU of that number if the variable is not set. Call it before anything uses <c>torch</c>.
    /// </summary>
    /// <remarks>
    /// It sets <c>CUDA_VISIBLE_DEVICES</c> of this process. It does nothing if the process is alone, or if the variable names one GPU or
    /// none ("" or "-1"). The rank's GPU is <c>torch.CUDA</c> afterwards.
    /// </remarks>
    /// <exception cref="ProcessGroupException">
    /// There are more ranks on this machine than GPUs in the variable, the launcher does not say the number on the machine, or the launch
    /// variables are wrong.
    /// </exception>
    /// <exception cref="InvalidOperationException">libtorch is loaded already, and would not see the change.</exception>
    public static void SelectGpu()
    {
        string? chosen = VisibleGpus.Choose(LaunchVariables.OfThisProcess(), Environment.GetEnvironmentVariable(VisibleGpus.Variable));
        if (chosen is null) return;
        if (TorchLibraries.LoadedFolder() is not null)
        {
            throw new InvalidOperationException(
                $"{nameof(SelectGpu)} was called after libtorch was loaded, which would not see the change. Call it first in the program.");
        }

        NativeEnvironment.Set(VisibleGpus.Variable, chosen);
    }

    private static LaunchVariables LaunchedOrAlone()
    {
        try
        {
            return LaunchVariables.OfThisProcess();
        }
        catch (ProcessGroupException)
        {
            return new();
        }
    }
}
