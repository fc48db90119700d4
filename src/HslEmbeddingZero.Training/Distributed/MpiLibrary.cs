using System.Runtime.InteropServices;
using System.Text;

namespace HslEmbeddingZero.Training;

/// <summary>
/// The MPI library of this machine: OpenMPI, or one with the binary interface of MPICH (MPICH, Intel MPI, MVAPICH, Cray MPICH, MS-MPI).
/// </summary>
/// <remarks>
/// MPI fixes the functions, not their handles. Those of OpenMPI are addresses of exported symbols, those of MPICH are numbers in mpi.h.
/// Both fit into a register, so every handle is a <c>nint</c>. All methods return MPI's error code; 0 is success.
/// </remarks>
internal sealed unsafe class MpiLibrary
{
    /// <summary>Name of the environment variable that holds the path of the library to use.</summary>
    public const string PathVariable = "HSL_MPI_LIB";

    private const int LongestText = 8192; // MPI_MAX_LIBRARY_VERSION_STRING of MPICH, the largest of all limits on texts

    /// <summary>What the text of MPI_Get_library_version names, in libraries with the binary interface of MPICH.</summary>
    private static readonly string[] MpichFamily = ["MPICH", "Intel", "MVAPICH", "CRAY", "Microsoft"];

    private readonly nint _handle;
    private readonly nint _world, _float32, _float64, _bytes, _sum, _inPlace, _errorsReturn;

    private readonly delegate* unmanaged<nint, nint, int, int*, int> _initThread;
    private readonly delegate* unmanaged<int*, int> _initialized;
    private readonly delegate* unmanaged<nint, int*, int> _rank;
    private readonly delegate* unmanaged<nint, int*, int> _size;
    private readonly delegate* unmanaged<nint, nint, int> _setErrorHandler;
    private readonly delegate* unmanaged<int, byte*, int*, int> _errorString;
    private readonly delegate* unmanaged<nint, nint, int, nint, nint, nint, int> _allReduce;
    private readonly delegate* unmanaged<nint, int, nint, nint, int, nint, nint, int> _allToAll;
    private readonly delegate* unmanaged<nint, int, nint, nint, int, nint, nint, int> _allGather;
    private readonly delegate* unmanaged<nint, int, nint, int, nint, int> _broadcast;
    private readonly delegate* unmanaged<nint, int> _barrier;
    private readonly delegate* unmanaged<nint, int, int> _abort;
    private readonly delegate* unmanaged<int> _finalize;

    private MpiLibrary(string path, nint handle)
    {
        Path = path;
        _handle = handle;
        _initThread = (delegate* unmanaged<nint, nint, int, int*, int>)Function("MPI_Init_thread");
        _initialized = (delegate* unmanaged<int*, int>)Function("MPI_Initialized");
        _rank = (delegate* unmanaged<nint, int*, int>)Function("MPI_Comm_rank");
        _size = (delegate* unmanaged<nint, int*, int>)Function("MPI_Comm_size");
        _setErrorHandler = (delegate* unmanaged<nint, nint, int>)Function("MPI_Comm_set_errhandler");
        _errorString = (delegate* unmanaged<int, byte*, int*, int>)Function("MPI_Error_string");
        _allReduce = (delegate* unmanaged<nint, nint, int, nint, nint, nint, int>)Function("MPI_Allreduce");
        _allToAll = (delegate* unmanaged<nint, int, nint, nint, int, nint, nint, int>)Function("MPI_Alltoall");
        _allGather = (delegate* unmanaged<nint, int, nint, nint, int, nint, nint, int>)Function("MPI_Allgather");
        _broadcast = (delegate* unmanaged<nint, int, nint, int, nint, int>)Function("MPI_Bcast");
        _barrier = (delegate* unmanaged<nint, int>)Function("MPI_Barrier");
        _abort = (delegate* unmanaged<nint, int, int>)Function("MPI_Abort");
        _finalize = (delegate* unmanaged<int>)Function("MPI_Finalize");

        Version = ReadVersion((delegate* unmanaged<byte*, int*, int>)Function("MPI_Get_library_version"));
        if (NativeLibrary.TryGetExport(handle, "ompi_mpi_comm_world", out _world))
        {
            _float32 = Function("ompi_mpi_float");
            _float64 = Function("ompi_mpi_double");
            _bytes = Function("ompi_mpi_byte");
            _sum = Function("ompi_mpi_op_sum");
            _errorsReturn = Function("ompi_mpi_errors_return");
            _inPlace = 1;
        }
        else if (MpichFamily.Any(name => Version.Contains(name, StringComparison.OrdinalIgnoreCase)))
        {
            _world = 0x44000000;
            _float32 = 0x4c00040a;
            _float64 = 0x4c00080b;
            _bytes = 0x4c00010d;
            _sum = 0x58000003;
            _errorsReturn = 0x54000001;
            _inPlace = -1;
        }
        else
        {
            throw new ProcessGroupException($"The MPI library '{path}' is of an unknown kind: '{Version}'. "
                + $"Set {PathVariable} to the path of OpenMPI, MPICH, Intel MPI, MVAPICH or MS-MPI.");
        }
    }

    /// <summary>Path or name by which the library was found.</summary>
    public string Path { get; }

    /// <summary>What the library calls itself: the first line of its version text.</summary>
    public string Version { get; }

    /// <summary>Finds and loads the library. It stays loaded, because MPI cannot be started twice.</summary>
    /// <param name="launch">How the process was started: the library must be that of its launcher.</param>
    /// <param name="variable">Gives the value of an environment variable.</param>
    /// <exception cref="ProcessGroupException">There is no library, or it is not one of MPI, or it is of an unknown kind.</exception>
    public static MpiLibrary Load(LaunchVariables launch, Func<string, string?> variable)
    {
        // UCX, which MPICH uses, would take over SIGSEGV. A NullReferenceException would then end the process even if it is caught.
        NativeEnvironment.SetDefault("UCX_ERROR_SIGNALS", "");

        if (variable(PathVariable) is { Length: > 0 } path) return new(path, LoadGiven(path));
        string[] names = Names(launch.Launcher);
        foreach (string name in names)
        {
            if (NativeLibrary.TryLoad(name, out nint handle)) return new(name, handle);
        }

        string install = OperatingSystem.IsWindows() ? "Install MS-MPI"
            : OperatingSystem.IsMacOS() ? "Install MPI (brew install open-mpi)"
            : "Install MPI (apt install openmpi-bin, or apt install mpich)";
        throw new ProcessGroupException($"This is rank {launch.Rank} of {launch.Size}, but there is no MPI library: "
            + $"none of {string.Join(", ", names)} was found. {install}, or set {PathVariable} to the path of the library.");
    }

    /// <summary>File names of MPI libraries on this system. Those that belong to the launcher come first.</summary>
    private static string[] Names(Launcher launcher)
    {
        if (OperatingSystem.IsWindows()) return ["msmpi.dll"];
        string[] openMpi = OperatingSystem.IsMacOS() ? ["libmpi.40.dylib", "/opt/homebrew/lib/libmpi.40.dylib"] : ["libmpi.so.40"];
        string[] mpich = OperatingSystem.IsMacOS()
            ? ["libmpi.12.dylib", "/opt/homebrew/lib/libmpi.12.dylib"]
            : ["libmpi.so.12", "libmpich.so.12"];
        string any = OperatingSystem.IsMacOS() ? "libmpi.dylib" : "libmpi.so";
        return launcher == Launcher.Hydra ? [.. mpich, any, .. openMpi] : [.. openMpi, .. mpich, any];
    }

    private static nint LoadGiven(string path)
    {
        if (path.Contains(System.IO.Path.DirectorySeparatorChar) && !File.Exists(path))
        {
            throw new ProcessGroupException(
                $"{PathVariable} is '{path}', but there is no such file. Set it to the path of an MPI library.");
        }

        try
        {
            return NativeLibrary.Load(path);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            throw new ProcessGroupException(
                $"{PathVariable} is '{path}', which does not load. Set it to the path of an MPI library. The loader says: "
                + error.Message.ReplaceLineEndings(" ").Trim(), error);
        }
    }

    private nint Function(string name) => NativeLibrary.TryGetExport(_handle, name, out nint address)
        ? address
        : throw new ProcessGroupException($"'{Path}' is no MPI library, because it has no {name}. Set {PathVariable} to the path of one.");

    private static string ReadVersion(delegate* unmanaged<byte*, int*, int> read)
    {
        byte* text = stackalloc byte[LongestText];
        int length;
        if (read(text, &length) != 0) return "";
        return Text(text).Split('\n')[0].Replace('\t', ' ').Trim();
    }

    private static string Text(byte* text) => Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    public bool IsInitialized
    {
        get
        {
            int flag = 0;
            _ = _initialized(&flag);
            return flag != 0;
        }
    }

    /// <summary>Starts MPI.</summary>
    /// <param name="wanted">The level of threads to ask for.</param>
    /// <param name="provided">The level that the library gives.</param>
    public int Initialize(int wanted, out int provided)
    {
        fixed (int* result = &provided) return _initThread(0, 0, wanted, result);
    }

    /// <summary>Makes the calls return error codes. By default MPI ends the process.</summary>
    public int ReturnErrors() => _setErrorHandler(_world, _errorsReturn);

    public int GetRank(out int rank)
    {
        fixed (int* result = &rank) return _rank(_world, result);
    }

    public int GetSize(out int size)
    {
        fixed (int* result = &size) return _size(_world, result);
    }

    /// <summary>Handle of an element type; 0 if it cannot be summed.</summary>
    public nint TypeOf(TorchSharp.torch.ScalarType dtype) => dtype switch
    {
        TorchSharp.torch.ScalarType.Float32 => _float32,
        TorchSharp.torch.ScalarType.Float64 => _float64,
        _ => 0,
    };

    /// <summary>Sums in place.</summary>
    public int AllReduce(byte* values, int count, nint type) => _allReduce(_inPlace, (nint)values, count, type, _sum, _world);

    /// <summary>Sends part r to rank r. Receives the part of this rank's number from every rank, in the order of the ranks.</summary>
    public int AllToAll(byte* send, byte* receive, int count, nint type) =>
        _allToAll((nint)send, count, type, (nint)receive, count, type, _world);

    /// <summary>Receives the part of every rank, in the order of the ranks.</summary>
    public int AllGather(byte* send, byte* receive, int count, nint type) =>
        _allGather((nint)send, count, type, (nint)receive, count, type, _world);

    /// <summary>Sends bytes of rank 0 to all.</summary>
    public int Broadcast(byte* values, int count) => _broadcast((nint)values, count, _bytes, 0, _world);

    public int Barrier() => _barrier(_world);

    /// <summary>Ends all ranks with that exit code. Usually it does not return.</summary>
    public int Abort(int exitCode) => _abort(_world, exitCode);

    public int Shutdown() => _finalize();

    /// <summary>The library's text for an error code.</summary>
    public string Explain(int code)
    {
        byte* text = stackalloc byte[LongestText];
        int length;
        return _errorString(code, text, &length) == 0 ? Text(text).ReplaceLineEndings(" ").Trim() : "no text";
    }
}
