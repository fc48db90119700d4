using System.Globalization;

namespace HslEmbeddingZero.Training;

/// <summary>What started the processes of a group.</summary>
internal enum Launcher
{
    /// <summary>Nothing: the process is alone.</summary>
    None,

    /// <summary>mpirun of OpenMPI.</summary>
    OpenMpi,

    /// <summary>mpiexec of MPICH, Intel MPI or MS-MPI, or <c>srun --mpi=pmi2</c>.</summary>
    Hydra,

    /// <summary><c>srun --mpi=pmix</c>.</summary>
    Pmix,

    /// <summary>torchrun, or anything else that sets its variables. The ranks meet at the address of rank 0.</summary>
    Rendezvous,
}

/// <summary>How this process was started, from the environment variables that launchers set.</summary>
internal sealed record LaunchVariables
{
    /// <summary>Number of the process in the group.</summary>
    public int Rank { get; private init; }

    /// <summary>How many processes the group has. 1: no group.</summary>
    public int Size { get; private init; } = 1;

    /// <summary>Number of the process among those of its machine; null if the launcher does not say.</summary>
    public int? LocalRank { get; private init; }

    /// <summary>How many processes of the group the machine has; null if the launcher does not say.</summary>
    public int? LocalSize { get; private init; }

    public Launcher Launcher { get; private init; }

    /// <summary>Name or address of the machine of rank 0. Never null after <see cref="Launcher.Rendezvous"/>.</summary>
    public string? MasterAddress { get; private init; }

    /// <summary>Port on that machine, from 1 to 65535. Never null after <see cref="Launcher.Rendezvous"/>.</summary>
    public int? MasterPort { get; private init; }

    public bool IsAlone => Size == 1;

    /// <summary>Whether the launcher is one of MPI.</summary>
    public bool IsMpi => Launcher is Launcher.OpenMpi or Launcher.Hydra or Launcher.Pmix;

    /// <summary>The variables of this process.</summary>
    /// <exception cref="ProcessGroupException">As <see cref="Read"/>.</exception>
    public static LaunchVariables OfThisProcess() => Read(Environment.GetEnvironmentVariable);

    /// <param name="variable">Gives the value of an environment variable. An empty one counts as not set.</param>
    /// <exception cref="ProcessGroupException">A value is missing, not possible, or contradicts another.</exception>
    public static LaunchVariables Read(Func<string, string?> variable)
    {
        LaunchVariables? mpi = ReadMpi(variable);
        bool hasRendezvous = IsSet(variable, "RANK") || IsSet(variable, "WORLD_SIZE");

        // A single process of MPI may be the shell of a Slurm step. Then torchrun's variables come from a launcher inside of it.
        if (mpi is { IsAlone: false } || (mpi is not null && !hasRendezvous))
        {
            CheckAgreement(variable, mpi.Launcher, "RANK", mpi.Rank);
            CheckAgreement(variable, mpi.Launcher, "WORLD_SIZE", mpi.Size);
            return mpi.IsAlone ? new() : WithMaster(mpi, variable);
        }

        if (hasRendezvous)
        {
            LaunchVariables place = ReadPlace(variable, Launcher.Rendezvous, "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")!;
            return place.IsAlone ? new() : WithMaster(place, variable);
        }

        // In a batch script, Slurm describes the job although there is one process. Only srun counts the tasks of a step.
        const string tasks = "SLURM_STEP_NUM_TASKS";
        return Number(variable, tasks, 1) is > 1 and var count
            ? throw new ProcessGroupException(
                $"{tasks} is {count}, but srun gives the tasks no way to find each other. Start them with srun --mpi=pmix, or with mpirun.")
            : new();
    }

    /// <summary>
    /// The first launcher that has set its variables. OpenMPI's and hydra's own helpers may be tasks of srun and pass on its variables,
    /// so those of srun come last.
    /// </summary>
    private static LaunchVariables? ReadMpi(Func<string, string?> variable)
    {
        const string step = "SLURM_STEP_NUM_TASKS", job = "SLURM_NTASKS", taskOfMachine = "SLURM_LOCALID";
        const string hydraOfMachine = "MPI_LOCALRANKID";
        return ReadPlace(variable, Launcher.OpenMpi, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
                "OMPI_COMM_WORLD_LOCAL_SIZE")
            ?? ReadPlace(variable, Launcher.Hydra, "PMI_RANK", "PMI_SIZE", IsSet(variable, hydraOfMachine) ? hydraOfMachine : taskOfMachine,
                "MPI_LOCALNRANKS")
            ?? (IsSet(variable, "PMIX_RANK")
                ? ReadPlace(variable, Launcher.Pmix, "PMIX_RANK", IsSet(variable, step) ? step : job, taskOfMachine, null)
                : null);
    }

    private static LaunchVariables? ReadPlace(
        Func<string, string?> variable, Launcher launcher, string rankName, string sizeName, string localRankName, string? localSizeName)
    {
        int? rank = Number(variable, rankName, 0), size = Number(variable, sizeName, 1);
        if (rank is null && size is null) return null;
        if (rank is null || size is null)
        {
            (string given, string missing) = rank is null ? (sizeName, rankName) : (rankName, sizeName);
            throw new ProcessGroupException($"{given} is {rank ?? size}, but {missing} is not set. Set both, or neither.");
        }

        CheckBelow(rankName, rank, sizeName, size);
        int? localRank = Number(variable, localRankName, 0);
        int? localSize = localSizeName is null ? null : Number(variable, localSizeName, 1);
        if (localSizeName is not null) CheckBelow(localRankName, localRank, localSizeName, localSize);
        return new()
        {
            Launcher = launcher,
            Rank = rank.Value,
            Size = size.Value,
            LocalRank = localRank,
            LocalSize = localSize,
        };
    }

    /// <summary>Adds the place where the ranks can meet. MPI needs none.</summary>
    private static LaunchVariables WithMaster(LaunchVariables place, Func<string, string?> variable)
    {
        const string addressName = "MASTER_ADDR", portName = "MASTER_PORT";
        int? port = Number(variable, portName, 1, 65535);
        string? missing = !IsSet(variable, addressName) ? addressName : port is null ? portName : null;
        if (missing is not null && place.Launcher == Launcher.Rendezvous)
        {
            throw new ProcessGroupException($"WORLD_SIZE is {place.Size}, but {missing} is not set. "
                + $"Set {addressName} to the machine of rank 0 and {portName} to a free port on it, or start with mpirun.");
        }

        return missing is null ? place with { MasterAddress = variable(addressName), MasterPort = port } : place;
    }

    private static void CheckBelow(string name, int? value, string limitName, int? limit)
    {
        if (value >= limit) throw new ProcessGroupException($"{name} is {value}; it must be below {limitName}, which is {limit}.");
    }

    private static void CheckAgreement(Func<string, string?> variable, Launcher launcher, string name, int value)
    {
        if (Number(variable, name, 0) is not { } other || other == value) return;
        (string rank, string size) = launcher switch
        {
            Launcher.OpenMpi => ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
            Launcher.Hydra => ("PMI_RANK", "PMI_SIZE"),
            _ => ("PMIX_RANK", "the number of srun's tasks"),
        };
        throw new ProcessGroupException($"{name} is {other}, but {(name == "RANK" ? rank : size)} is {value}. "
            + $"Two launchers contradict each other: unset {name} for MPI.");
    }

    private static bool IsSet(Func<string, string?> variable, string name) => !string.IsNullOrEmpty(variable(name));

    private static int? Number(Func<string, string?> variable, string name, int least, int most = int.MaxValue)
    {
        if (!IsSet(variable, name)) return null;
        string text = variable(name)!;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
            ? value
            : throw new ProcessGroupException($"{name} is '{text}'; it must be a whole number from {least} to {most}.");
    }
}
