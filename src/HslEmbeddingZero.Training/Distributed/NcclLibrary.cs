using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace HslEmbeddingZero.Training;

/// <summary>What all ranks of a group must know before they can find each other: 128 bytes that rank 0 makes (ncclUniqueId).</summary>
internal unsafe struct NcclUniqueId
{
    public const int Length = 128;

    public fixed byte Bytes[Length];
}

/// <summary>
/// NCCL, NVIDIA's library for collective operations between GPUs. It is found when the program runs; no package depends on it. A field is
/// the C function of its name with the prefix nccl. Enumerations are int, a stream and a communicator are nint.
/// </summary>
internal sealed unsafe class NcclLibrary
{
    /// <summary>Name of the environment variable that holds the path of the library to use.</summary>
    public const string FileVariable = "HSL_NCCL_LIB";

    // ncclResult_t
    public const int Success = 0;
    public const int InProgress = 7;

    // ncclDataType_t
    public const int UInt8 = 1;
    public const int Float32 = 7;
    public const int Float64 = 8;

    // ncclRedOp_t
    public const int Sum = 0;

    /// <summary>The name under which systems and Python packages have the library.</summary>
    private const string FileName = "libnccl.so.2";

    public readonly delegate* unmanaged<int*, int> GetVersion;
    public readonly delegate* unmanaged<NcclUniqueId*, int> GetUniqueId;
    public readonly delegate* unmanaged<nint*, int, NcclUniqueId, int, int> CommInitRank;
    public readonly delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int> AllReduce;
    public readonly delegate* unmanaged<nint, nint, nuint, int, nint, nint, int> AllGather;
    public readonly delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int> Broadcast;
    public readonly delegate* unmanaged<nint, int*, int> CommGetAsyncError;
    public readonly delegate* unmanaged<int, byte*> GetErrorString;
    public readonly delegate* unmanaged<nint, int> CommAbort;
    public readonly delegate* unmanaged<nint, int> CommDestroy;

    /// <summary>Null before NCCL 2.14.</summary>
    public readonly delegate* unmanaged<nint, int> CommFinalize;

    /// <summary>Null before NCCL 2.13.</summary>
    public readonly delegate* unmanaged<nint, byte*> GetLastError;

    private NcclLibrary(nint library, string file)
    {
        File = file;
        GetVersion = (delegate* unmanaged<int*, int>)Required(library, "ncclGetVersion");
        GetUniqueId = (delegate* unmanaged<NcclUniqueId*, int>)Required(library, "ncclGetUniqueId");
        CommInitRank = (delegate* unmanaged<nint*, int, NcclUniqueId, int, int>)Required(library, "ncclCommInitRank");
        AllReduce = (delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int>)Required(library, "ncclAllReduce");
        AllGather = (delegate* unmanaged<nint, nint, nuint, int, nint, nint, int>)Required(library, "ncclAllGather");
        Broadcast = (delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int>)Required(library, "ncclBroadcast");
        CommGetAsyncError = (delegate* unmanaged<nint, int*, int>)Required(library, "ncclCommGetAsyncError");
        GetErrorString = (delegate* unmanaged<int, byte*>)Required(library, "ncclGetErrorString");
        CommAbort = (delegate* unmanaged<nint, int>)Required(library, "ncclCommAbort");
        CommDestroy = (delegate* unmanaged<nint, int>)Required(library, "ncclCommDestroy");
        CommFinalize = (delegate* unmanaged<nint, int>)Optional(library, "ncclCommFinalize");
        GetLastError = (delegate* unmanaged<nint, byte*>)Optional(library, "ncclGetLastError");
    }

    /// <summary>The file that was loaded: a path, or a name that the system's loader found.</summary>
    public string File { get; }

    /// <summary>The version, for example "2.27.5".</summary>
    public string Version
    {
        get
        {
            int code;
            Check("ncclGetVersion", GetVersion(&code), rank: null);
            // Until 2.8, the major version counted thousands.
            (int major, int rest) = code >= 10_000 ? (code / 10_000, code % 10_000) : (code / 1_000, code % 1_000);
            return string.Create(CultureInfo.InvariantCulture, $"{major}.{rest / 100}.{rest % 100}");
        }
    }

    /// <summary>
    /// Loads NCCL: the file of HSL_NCCL_LIB if that is set; otherwise the system's, the one of a Python package beside the loaded libtorch,
    /// the one in libtorch's folder, or the one that was linked into libtorch.
    /// </summary>
    /// <exception cref="ProcessGroupException">There is none, or it is not complete.</exception>
    public static NcclLibrary Find() => Find(
        Environment.GetEnvironmentVariable(FileVariable), TorchLibraries.LoadedFolder(), TorchLibraries.LoadedFile(TorchLibraries.Cuda));

    /// <inheritdoc cref="Find()"/>
    /// <param name="named">The value of HSL_NCCL_LIB, or null.</param>
    /// <param name="torchFolder">The folder of the loaded libtorch, or null.</param>
    /// <param name="torchCuda">The file of the loaded libtorch for CUDA, or null.</param>
    internal static NcclLibrary Find(string? named, string? torchFolder, string? torchCuda)
    {
        if (!string.IsNullOrWhiteSpace(named)) return Load(named);

        List<string> places = [FileName];
        if (torchFolder is not null)
        {
            // Python's packages stand side by side: torch/lib and nvidia/nccl/lib.
            places.Add(Path.GetFullPath(Path.Combine(torchFolder, "..", "..", "nvidia", "nccl", "lib", FileName)));
            places.Add(Path.Combine(torchFolder, FileName));
        }

        foreach (string place in places)
            if (NativeLibrary.TryLoad(place, out nint library)) return new NcclLibrary(library, place);

        if (torchCuda is not null && NativeLibrary.TryLoad(torchCuda, out nint torch)
            && NativeLibrary.TryGetExport(torch, "ncclCommInitRank", out _))
            return new NcclLibrary(torch, torchCuda);

        throw new ProcessGroupException(
            $"NCCL, which GPUs of one group need, was not found: {FileVariable} is not set, none of {string.Join(", ", places)} loads, and "
            + (torchCuda is null ? $"{TorchLibraries.Cuda} is not loaded" : $"'{torchCuda}' does not hold it")
            + $". Install it (libnccl2 from NVIDIA's package sources, or nvidia-nccl-cu12 or -cu13 for Python) or set {FileVariable} to "
            + $"the path of {FileName}.");
    }

    /// <summary>Makes the id of a new group; only rank 0 does. It is valid for one group.</summary>
    /// <exception cref="ProcessGroupException">NCCL finds no network interface to wait on, for example.</exception>
    public byte[] CreateId()
    {
        NcclUniqueId id;
        Check("ncclGetUniqueId", GetUniqueId(&id), rank: 0);
        return new Span<byte>(id.Bytes, NcclUniqueId.Length).ToArray();
    }

    /// <summary>Throws if a call did not succeed.</summary>
    /// <exception cref="ProcessGroupException">The message names the call, the rank and NCCL's own words.</exception>
    public void Check(string call, int result, int? rank)
    {
        if (result != Success) throw Failure(call, result, rank);
    }

    /// <summary>The error of a call that did not succeed.</summary>
    public ProcessGroupException Failure(string call, int result, int? rank)
    {
        string who = rank is { } known ? string.Create(CultureInfo.InvariantCulture, $" on rank {known}") : "";
        string last = GetLastError == null ? "" : Text(GetLastError(0)); // NCCL does not use the argument
        string detail = last.Length == 0 ? "" : $" The last error of NCCL: {last}";
        string code = result.ToString(CultureInfo.InvariantCulture);
        return new ProcessGroupException($"{call} failed{who}: {Text(GetErrorString(result))} (code {code}).{detail}");
    }

    /// <summary>A text of NCCL in one line.</summary>
    private static string Text(byte* text)
    {
        if (text == null) return "";
        string read = Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
        return string.Join(' ', read.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    private static NcclLibrary Load(string file)
    {
        try
        {
            return new NcclLibrary(NativeLibrary.Load(Path.GetFullPath(file)), file);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            string said = string.Join(' ', error.Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            throw new ProcessGroupException(
                $"{FileVariable} is '{file}', which does not load. Set it to the path of {FileName}, or remove it. The loader says: {said}",
                error);
        }
    }

    private nint Required(nint library, string name) => Optional(library, name) is var function and not 0
        ? function
        : throw new ProcessGroupException(
            $"'{File}' has no function {name}, so it is not NCCL 2.4 or newer. Set {FileVariable} to the path of another {FileName}.");

    private static nint Optional(nint library, string name) => NativeLibrary.TryGetExport(library, name, out nint function) ? function : 0;
}
