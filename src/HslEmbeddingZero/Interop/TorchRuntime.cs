using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace HslEmbeddingZero;

/// <summary>
/// Loads libtorch: the one that a backend package put beside the program, or one that is already on the machine, such as the
/// <c>torch/lib</c> folder of a Python PyTorch.
/// </summary>
/// <remarks>
/// TorchSharp loads its native libraries when <c>torch</c> is first touched. Where one is missing it blames the packages, whatever the
/// cause; and where the system has an old libtorch of its own, the loader may bind that one, which ends the process without a word.
/// Here everything is looked for first, and every error names its cause and its cure.
/// Two settings come with it, unless the environment has them: <c>TORCH_CUDNN_SDPA_DEPRIORITIZED=1</c>, without which every new length of a
/// generation on a Hopper GPU costs a tenth of a second or more; and on Linux OpenMP's threads, which otherwise spin while they wait, sleep
/// while other programs want the processors (<c>OMP_WAIT_POLICY</c> or <c>GOMP_SPINCOUNT</c>, set to anything, leave that to OpenMP).
/// </remarks>
public static class TorchRuntime
{
    /// <summary>Name of the environment variable that holds the folder of a libtorch to use: <c>HSL_TORCH_LIB</c>.</summary>
    public const string FolderVariable = "HSL_TORCH_LIB";

    /// <summary>libtorch's own variable: cuDNN's attention is tried after flash attention.</summary>
    internal const string CuDnnAttentionLast = "TORCH_CUDNN_SDPA_DEPRIORITIZED";

    private const string Wanted = "libtorch 2.10.0, for which TorchSharp 0.107.0 is built, or the binary-compatible 2.11";

    private static readonly Lock Gate = new();
    private static string? _folder;
    private static string? _version; // a process has one libtorch, so it is looked for once
    private static volatile bool _ready;

    /// <summary>
    /// Loads libtorch from a folder of your own. Call it before anything touches <c>torch</c>; calling it again with the same folder
    /// does nothing.
    /// </summary>
    /// <param name="folder">
    /// Holds libtorch.so, libtorch_cpu.so and libc10.so (Windows: torch.dll, torch_cpu.dll, c10.dll; macOS: libtorch.dylib,
    /// libtorch_cpu.dylib, libc10.dylib), and for CUDA libtorch_cuda.so or torch_cuda.dll. Null or empty: the folder that the
    /// environment variable <c>HSL_TORCH_LIB</c> names.
    /// </param>
    /// <returns>True if that libtorch is loaded; false if neither the argument nor the variable names a folder: nothing was done.</returns>
    /// <exception cref="TorchRuntimeException">
    /// The folder or a file in it is missing, a library does not load, or another libtorch is in the program or in the process.
    /// </exception>
    public static bool Load(string? folder = null)
    {
        string from = "the argument of TorchRuntime.Load";
        if (string.IsNullOrWhiteSpace(folder))
        {
            folder = Environment.GetEnvironmentVariable(FolderVariable);
            from = FolderVariable;
        }

        if (string.IsNullOrWhiteSpace(folder)) return false;

        lock (Gate)
        {
            string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
            if (full == _folder) return true;

            CheckFolder(full, from);
            CheckAlone(full);
            PrepareEnvironment();
            LoadFrom(full);
            _folder = full;
            return true;
        }
    }

    /// <summary>
    /// Makes <c>torch</c> ready for use: loads the libtorch of <c>HSL_TORCH_LIB</c> if that is set, otherwise the one that the program
    /// carries. Cheap after the first time.
    /// </summary>
    /// <exception cref="TorchRuntimeException">There is no libtorch, or it does not load; the message says why and what to do.</exception>
    public static void EnsureLoaded()
    {
        if (_ready) return;

        lock (Gate)
        {
            if (!Load()) LoadFromProgram();
            try
            {
                RuntimeHelpers.RunClassConstructor(typeof(torch).TypeHandle);
            }
            catch (TypeInitializationException error)
            {
                throw Explain(TorchLibraries.FindInProgram(TorchLibraries.Bridge), error.InnerException ?? error);
            }

            if (OperatingSystem.IsLinux()) OpenMpThrottle.Start();
            _ready = true;
        }
    }

    /// <summary>
    /// Version of the libtorch that is loaded, for example "2.10.0.0" or "2.11.0+cu130"; loads it if need be. TorchSharp's own
    /// <c>torch.__version__</c> is that of the libtorch it was built for, whichever is loaded.
    /// </summary>
    /// <remarks>
    /// Read from the files that a Python PyTorch and libtorch's archive have beside their libraries; a package has none, and fits
    /// TorchSharp.
    /// </remarks>
    /// <exception cref="TorchRuntimeException">As <see cref="EnsureLoaded"/>.</exception>
    public static string LibtorchVersion
    {
        get
        {
            EnsureLoaded();
            return _version ??= (TorchLibraries.LoadedFolder() ?? _folder) is { } folder
                && TorchLibraries.VersionBeside(folder) is { } beside
                ? beside
                : torch.__version__;
        }
    }

    /// <summary>Name of a graphics card, for example "NVIDIA H200".</summary>
    /// <param name="index">Number of the device, 0 or more; that of <c>torch.CUDA</c>, which names none, is 0.</param>
    /// <returns>The driver's name for it; "CUDA device 0" where the driver does not say.</returns>
    public static string CudaDeviceName(int index = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        return CudaDriver.DeviceName(index) ?? string.Create(CultureInfo.InvariantCulture, $"CUDA device {index}");
    }

    /// <summary>Says which native libraries are in use; loads them if need be.</summary>
    /// <returns>
    /// Three lines: the version and the folder of libtorch, the version of TorchSharp, and the state of CUDA with the names of its devices.
    /// </returns>
    /// <exception cref="TorchRuntimeException">As <see cref="EnsureLoaded"/>.</exception>
    public static string Describe()
    {
        EnsureLoaded();
        Assembly assembly = typeof(torch).Assembly;
        string? version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];
        string cuda = torch.cuda.is_available()
            ? "available, devices: " + string.Join(", ", Enumerable.Range(0, torch.cuda.device_count()).Select(CudaDeviceName))
            : "not available";
        return $"""
            libtorch: {LibtorchVersion}, {TorchLibraries.LoadedFolder() ?? _folder ?? "found by the system's loader"}
            TorchSharp: {version ?? assembly.GetName().Version?.ToString()} (built for libtorch {torch.__version__})
            CUDA: {cuda}
            """;
    }

    /// <summary>
    /// <see cref="EnsureLoaded"/> in the arguments of a module's base constructor: the last moment before that touches torch. A static
    /// constructor would wrap the error, and the type could never be used again.
    /// </summary>
    internal static string ReadyFor(string moduleName)
    {
        EnsureLoaded();
        return moduleName;
    }

    /// <summary>What libtorch reads from the environment while it is loaded.</summary>
    private static void PrepareEnvironment() =>
        // For bfloat16 on Hopper libtorch tries cuDNN's attention first, which makes a plan of 0.1 to 0.4 s for every new length: each byte
        // of a generation has one. Flash attention needs none.
        NativeEnvironment.SetDefault(CuDnnAttentionLast, "1");

    private static void CheckFolder(string folder, string from)
    {
        string expected = $"Expected is a folder that holds {string.Join(", ", TorchLibraries.Required)} of {Wanted}.";
        if (!Directory.Exists(folder))
            throw new TorchRuntimeException($"The libtorch folder '{folder}', named by {from}, does not exist. {expected}");

        string[] missing = TorchLibraries.Missing(folder);
        if (missing.Length > 0)
        {
            throw new TorchRuntimeException(
                $"The libtorch folder '{folder}', named by {from}, lacks {string.Join(", ", missing)}. {expected}");
        }
    }

    /// <summary>A second libtorch in one process ends it (its operators register twice), so it is refused before it is loaded.</summary>
    private static void CheckAlone(string folder)
    {
        string? loaded = _folder ?? TorchLibraries.LoadedFolder();
        if (loaded is not null && !SameFolder(loaded, folder))
        {
            throw new TorchRuntimeException($"The libtorch of '{folder}' cannot be loaded: the one of '{loaded}' is already in this "
                + "process. Call TorchRuntime.Load before anything touches torch.");
        }

        // TorchSharp itself looks for libtorch_cpu among the program's files first, whatever is loaded already.
        string? carried = Path.GetDirectoryName(TorchLibraries.FindInProgram(TorchLibraries.Cpu));
        if (carried is not null && !SameFolder(carried, folder))
        {
            throw new TorchRuntimeException($"The libtorch of '{folder}' cannot be loaded: the program carries one of its own in "
                + $"'{carried}'. Build it without a backend package (in this repository: -p:TorchBackend=none), "
                + $"or do not set {FolderVariable}.");
        }
    }

    private static bool SameFolder(string first, string second)
    {
        bool ignoresCase = OperatingSystem.IsWindows() || OperatingSystem.IsMacOS();
        StringComparison comparison = ignoresCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        return string.Equals(Resolve(first), Resolve(second), comparison);

        // The real place of the library itself, since either the folder or the file can be a link.
        static string Resolve(string folder)
        {
            string real = Directory.ResolveLinkTarget(folder, returnFinalTarget: true)?.FullName ?? folder;
            string library = Path.Combine(real, TorchLibraries.Cpu);
            return File.ResolveLinkTarget(library, returnFinalTarget: true)?.FullName ?? library;
        }
    }

    /// <summary>
    /// Loads libtorch and then TorchSharp's bridge by their full names. From then on the names alone lead to these, and nothing is left
    /// for the loader to find elsewhere.
    /// </summary>
    private static void LoadFrom(string folder)
    {
        LoadOpenMp(folder);
        IEnumerable<string> libraries = TorchLibraries.Required.Select(name => Path.Combine(folder, name));
        string cuda = Path.Combine(folder, TorchLibraries.Cuda);
        foreach (string library in File.Exists(cuda) ? libraries.Append(cuda) : libraries)
        {
            try
            {
                NativeLibrary.Load(library);
            }
            catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
            {
                string needs = OperatingSystem.IsWindows()
                    ? " It needs the Microsoft Visual C++ Redistributable (x64); install that if it is missing."
                    : OperatingSystem.IsMacOS() ? " It needs OpenMP; install that if it is missing: brew install libomp."
                    : "";
                throw new TorchRuntimeException(
                    $"'{library}' does not load. Wanted is {Wanted}.{needs} The loader says: {error.Message}", error);
            }
        }

        string bridge = TorchLibraries.FindInProgram(TorchLibraries.Bridge) ?? throw new TorchRuntimeException(
            $"{TorchLibraries.Bridge}, which the package TorchSharp brings, is in none of the program's folders: "
            + string.Join(", ", TorchLibraries.ProgramFolders()));
        try
        {
            NativeLibrary.Load(bridge);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            throw Explain(bridge, error);
        }
    }

    /// <summary>
    /// libtorch on macOS names Homebrew's OpenMP by its full path; the copy that comes with libtorch has that name too, once it is loaded.
    /// </summary>
    private static void LoadOpenMp(string folder)
    {
        string library = Path.Combine(folder, "libomp.dylib");
        if (OperatingSystem.IsMacOS() && File.Exists(library)) NativeLibrary.TryLoad(library, out _);
    }

    private static void LoadFromProgram()
    {
        PrepareEnvironment();
        string? bridge = TorchLibraries.FindInProgram(TorchLibraries.Bridge);
        if (bridge is not null) LoadOpenMp(Path.GetDirectoryName(bridge)!);

        // Notebooks and the like keep the bridge elsewhere, and TorchSharp knows where; macOS does not tell what is loaded already.
        if (bridge is null || OperatingSystem.IsMacOS() || TorchLibraries.LoadedFolder() is not null) return;

        string? folder = TorchLibraries.ProgramFolders().Prepend(Path.GetDirectoryName(bridge)!)
            .FirstOrDefault(candidate => TorchLibraries.Missing(candidate).Length == 0);
        folder ??= TorchLibraries.FindOnLoaderPath();
        if (folder is null)
        {
            throw new TorchRuntimeException(
                $"There is no libtorch: neither with the program ({string.Join(", ", TorchLibraries.ProgramFolders())}) "
                + $"nor on the loader's path. {BackendCure()}");
        }

        LoadFrom(folder);
    }

    /// <summary>Finds out why TorchSharp's bridge does not load: its own error text is reliable where TorchSharp's is not.</summary>
    private static TorchRuntimeException Explain(string? bridge, Exception error)
    {
        string said = error.Message;
        if (bridge is not null)
        {
            try
            {
                NativeLibrary.Load(bridge);
            }
            catch (Exception loading) when (loading is DllNotFoundException or BadImageFormatException)
            {
                said = loading.Message;
            }
        }

        string cause;
        if (said.Contains("GLIBCXX_", StringComparison.Ordinal) || said.Contains("CXXABI_", StringComparison.Ordinal))
        {
            cause = "The C++ runtime of this system is older than GCC 13's. The build step of HslEmbeddingZero gives the program a copy "
                + "of TorchSharp's library that loads here all the same, but it did not run: remove HslFixTorchSharp=false, "
                + "build on Linux or with -r linux-x64, or install libstdc++ of GCC 13 or newer.";
        }
        else if (said.Contains("GLIBC_", StringComparison.Ordinal))
        {
            cause = "The C library of this system is too old: TorchSharp needs glibc 2.34 or newer.";
        }
        else if (said.Contains("undefined symbol", StringComparison.Ordinal))
        {
            cause = $"The libtorch in use is not the one TorchSharp was built for. Wanted is {Wanted}.";
        }
        else
        {
            cause = BackendCure();
        }

        return new TorchRuntimeException(
            $"TorchSharp's {bridge ?? TorchLibraries.Bridge} does not load. {cause} The loader says: {said}", error);
    }

    private static string BackendCure()
    {
        string packages = OperatingSystem.IsWindows() ? "TorchSharp-cpu or TorchSharp-cuda-windows"
            : OperatingSystem.IsMacOS() ? "TorchSharp-cpu"
            : "TorchSharp-cpu (or, smaller, libtorch-cpu-linux-x64 2.10.0) or TorchSharp-cuda-linux";
        return $"Add a backend package to the application ({packages}), or set {FolderVariable} to a folder that holds {Wanted}, "
            + "such as the torch/lib folder of a Python PyTorch.";
    }
}
