namespace HslEmbeddingZero.Training.Tests.Distributed;

public sealed class LaunchVariablesTests
{
    [Theory]
    [InlineData("OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_SIZE=8 OMPI_COMM_WORLD_LOCAL_RANK=1 OMPI_COMM_WORLD_LOCAL_SIZE=2 PMIX_RANK=3",
        nameof(Launcher.OpenMpi), 3, 8, 1, 2)]
    [InlineData("PMI_RANK=0 PMI_SIZE=4 MPI_LOCALRANKID=0 MPI_LOCALNRANKS=4", nameof(Launcher.Hydra), 0, 4, 0, 4)]
    [InlineData("PMI_RANK=5 PMI_SIZE=6 SLURM_LOCALID=2", nameof(Launcher.Hydra), 5, 6, 2, null)]
    [InlineData("PMIX_RANK=2 SLURM_STEP_NUM_TASKS=3 SLURM_NTASKS=12 SLURM_LOCALID=1", nameof(Launcher.Pmix), 2, 3, 1, null)]
    [InlineData("PMIX_RANK=2 SLURM_NTASKS=12", nameof(Launcher.Pmix), 2, 12, null, null)]
    [InlineData("RANK=1 WORLD_SIZE=2 LOCAL_RANK=1 LOCAL_WORLD_SIZE=2 MASTER_ADDR=node1 MASTER_PORT=29500",
        nameof(Launcher.Rendezvous), 1, 2, 1, 2)]
    [InlineData("RANK=1 WORLD_SIZE=2 MASTER_ADDR=node1 MASTER_PORT=1", nameof(Launcher.Rendezvous), 1, 2, null, null)]
    // mpirun and hydra start their own helpers by srun, whose variables the ranks inherit.
    [InlineData("OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_SIZE=8 PMI_RANK=1 PMI_SIZE=2", nameof(Launcher.OpenMpi), 3, 8, null, null)]
    [InlineData("PMI_RANK=3 PMI_SIZE=8 MPI_LOCALRANKID=3 SLURM_LOCALID=0 PMIX_RANK=0 SLURM_STEP_NUM_TASKS=2",
        nameof(Launcher.Hydra), 3, 8, 3, null)]
    // A program under mpirun may have torchrun's variables of the same meaning.
    [InlineData("OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_SIZE=8 RANK=3 WORLD_SIZE=8", nameof(Launcher.OpenMpi), 3, 8, null, null)]
    // The shell of a Slurm step is one process; what it starts has its own variables.
    [InlineData("PMIX_RANK=0 SLURM_STEP_NUM_TASKS=1 RANK=1 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=65535",
        nameof(Launcher.Rendezvous), 1, 2, null, null)]
    public void The_variables_of_each_launcher_are_read(
        string variables, string launcher, int rank, int size, int? localRank, int? localSize)
    {
        LaunchVariables launch = Read(variables);
        Assert.Equal(launcher, launch.Launcher.ToString());
        Assert.Equal((rank, size, localRank, localSize), (launch.Rank, launch.Size, launch.LocalRank, launch.LocalSize));
        Assert.False(launch.IsAlone);
        Assert.Equal(launch.Launcher != Launcher.Rendezvous, launch.IsMpi);
    }

    [Theory]
    [InlineData("")]
    [InlineData("RANK= WORLD_SIZE=")]
    [InlineData("OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=1 OMPI_COMM_WORLD_LOCAL_RANK=0 OMPI_COMM_WORLD_LOCAL_SIZE=1")]
    [InlineData("PMI_RANK=0 PMI_SIZE=1")]
    [InlineData("RANK=0 WORLD_SIZE=1")]
    [InlineData("SLURM_PROCID=0 SLURM_NTASKS=64 SLURM_LOCALID=0")] // a batch script
    [InlineData("SLURM_PROCID=0 SLURM_NTASKS=64 SLURM_STEP_NUM_TASKS=1")]
    [InlineData("MASTER_ADDR=node1 MASTER_PORT=29500 LOCAL_RANK=3")]
    public void One_process_is_alone(string variables) => Assert.Equal(new LaunchVariables(), Read(variables));

    [Theory]
    [InlineData("RANK=1", "RANK is 1, but WORLD_SIZE is not set. Set both, or neither.")]
    [InlineData("WORLD_SIZE=4", "WORLD_SIZE is 4, but RANK is not set. Set both, or neither.")]
    [InlineData("PMI_SIZE=4", "PMI_SIZE is 4, but PMI_RANK is not set. Set both, or neither.")]
    [InlineData("OMPI_COMM_WORLD_RANK=4", "OMPI_COMM_WORLD_RANK is 4, but OMPI_COMM_WORLD_SIZE is not set. Set both, or neither.")]
    [InlineData("PMIX_RANK=4", "PMIX_RANK is 4, but SLURM_NTASKS is not set. Set both, or neither.")]
    [InlineData("RANK=one WORLD_SIZE=4", "RANK is 'one'; it must be a whole number from 0 to 2147483647.")]
    [InlineData("RANK=-1 WORLD_SIZE=4", "RANK is '-1'; it must be a whole number from 0 to 2147483647.")]
    [InlineData("RANK=1.5 WORLD_SIZE=4", "RANK is '1.5'; it must be a whole number from 0 to 2147483647.")]
    [InlineData("RANK=1 WORLD_SIZE=0", "WORLD_SIZE is '0'; it must be a whole number from 1 to 2147483647.")]
    [InlineData("RANK=1 WORLD_SIZE=99999999999", "WORLD_SIZE is '99999999999'; it must be a whole number from 1 to 2147483647.")]
    [InlineData("RANK=4 WORLD_SIZE=4", "RANK is 4; it must be below WORLD_SIZE, which is 4.")]
    [InlineData("RANK=1 WORLD_SIZE=4 LOCAL_RANK=2 LOCAL_WORLD_SIZE=2", "LOCAL_RANK is 2; it must be below LOCAL_WORLD_SIZE, which is 2.")]
    [InlineData("PMI_RANK=1 PMI_SIZE=4 MPI_LOCALRANKID=2 MPI_LOCALNRANKS=2",
        "MPI_LOCALRANKID is 2; it must be below MPI_LOCALNRANKS, which is 2.")]
    [InlineData("RANK=1 WORLD_SIZE=4", "WORLD_SIZE is 4, but MASTER_ADDR is not set. Set MASTER_ADDR to the machine of rank 0 and "
        + "MASTER_PORT to a free port on it, or start with mpirun.")]
    [InlineData("RANK=1 WORLD_SIZE=4 MASTER_ADDR=a", "WORLD_SIZE is 4, but MASTER_PORT is not set. Set MASTER_ADDR to the machine of rank "
        + "0 and MASTER_PORT to a free port on it, or start with mpirun.")]
    [InlineData("RANK=1 WORLD_SIZE=4 MASTER_ADDR=a MASTER_PORT=65536",
        "MASTER_PORT is '65536'; it must be a whole number from 1 to 65535.")]
    [InlineData("RANK=1 WORLD_SIZE=4 MASTER_ADDR=a MASTER_PORT=0", "MASTER_PORT is '0'; it must be a whole number from 1 to 65535.")]
    [InlineData("OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=4 RANK=2 WORLD_SIZE=4",
        "RANK is 2, but OMPI_COMM_WORLD_RANK is 1. Two launchers contradict each other: unset RANK for MPI.")]
    [InlineData("PMI_RANK=1 PMI_SIZE=4 RANK=1 WORLD_SIZE=8",
        "WORLD_SIZE is 8, but PMI_SIZE is 4. Two launchers contradict each other: unset WORLD_SIZE for MPI.")]
    [InlineData("PMIX_RANK=1 SLURM_NTASKS=4 WORLD_SIZE=8",
        "WORLD_SIZE is 8, but the number of srun's tasks is 4. Two launchers contradict each other: unset WORLD_SIZE for MPI.")]
    [InlineData("SLURM_PROCID=1 SLURM_STEP_NUM_TASKS=4", "SLURM_STEP_NUM_TASKS is 4, but srun gives the tasks no way to find each other. "
        + "Start them with srun --mpi=pmix, or with mpirun.")]
    public void Wrong_variables_are_refused_by_name_and_value(string variables, string message) =>
        Assert.Equal(message, Assert.Throws<ProcessGroupException>(() => Read(variables)).Message);

    [Fact]
    public void The_meeting_place_is_read_also_after_MPI_which_needs_none()
    {
        LaunchVariables torchrun = Read("RANK=1 WORLD_SIZE=4 MASTER_ADDR=node1 MASTER_PORT=29500");
        LaunchVariables mpi = Read("PMI_RANK=1 PMI_SIZE=4 MASTER_ADDR=node1 MASTER_PORT=29500");
        LaunchVariables mpiAlone = Read("PMI_RANK=1 PMI_SIZE=4 MASTER_ADDR=node1");
        Assert.Equal(("node1", 29500), (torchrun.MasterAddress, torchrun.MasterPort));
        Assert.Equal(("node1", 29500), (mpi.MasterAddress, mpi.MasterPort));
        Assert.Null(mpiAlone.MasterAddress);
    }

    [Theory]
    [InlineData("RANK=1 WORLD_SIZE=4 LOCAL_RANK=1", null, "1")]
    [InlineData("RANK=1 WORLD_SIZE=4 LOCAL_RANK=1", "4,6", "6")]
    [InlineData("RANK=1 WORLD_SIZE=4 LOCAL_RANK=1", " GPU-1, GPU-2 ,GPU-3", "GPU-2")]
    [InlineData("RANK=1 WORLD_SIZE=4 LOCAL_RANK=1", "4", null)] // one GPU: someone has chosen already
    [InlineData("RANK=1 WORLD_SIZE=4", "4", null)]
    [InlineData("RANK=1 WORLD_SIZE=4 LOCAL_RANK=1", "4,-1,6", null)] // for CUDA the list ends before -1
    [InlineData("RANK=1 WORLD_SIZE=4 LOCAL_RANK=1", "", null)]
    [InlineData("RANK=1 WORLD_SIZE=4 LOCAL_RANK=1", "-1", null)]
    [InlineData("", "4,5,6", null)]
    [InlineData("", null, null)]
    public void A_rank_takes_the_GPU_of_its_number_on_the_machine(string variables, string? list, string? chosen) =>
        Assert.Equal(chosen, VisibleGpus.Choose(ReadWithMaster(variables), list));

    [Theory]
    [InlineData("RANK=2 WORLD_SIZE=4 LOCAL_RANK=2", "4,5", "CUDA_VISIBLE_DEVICES is '4,5', which has 2 GPUs, but rank 2 is number 2 on "
        + "this machine, counted from 0. Start one rank for each GPU.")]
    [InlineData("RANK=2 WORLD_SIZE=4", null, "Rank 2 of 4 does not know its number on this machine, so it cannot choose a GPU. "
        + "Set LOCAL_RANK, or set CUDA_VISIBLE_DEVICES to one GPU for each rank.")]
    public void A_rank_without_a_GPU_of_its_own_is_refused(string variables, string? list, string message) =>
        Assert.Equal(message, Assert.Throws<ProcessGroupException>(() => VisibleGpus.Choose(ReadWithMaster(variables), list)).Message);

    [Fact]
    public void This_process_is_alone()
    {
        Assert.Null(ProcessGroup.Join());
        Assert.Equal((0, 1, 0, 1), (ProcessGroup.LaunchedRank, ProcessGroup.LaunchedSize, ProcessGroup.LocalRank, ProcessGroup.LocalSize));
    }

    private static LaunchVariables ReadWithMaster(string variables) => Read($"{variables} MASTER_ADDR=a MASTER_PORT=1");

    private static LaunchVariables Read(string variables)
    {
        var values = variables.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        return LaunchVariables.Read(values.GetValueOrDefault);
    }
}
