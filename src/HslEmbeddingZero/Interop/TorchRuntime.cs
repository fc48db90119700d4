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
/// TorchSharp loads its native libraries at the first use of <c>torch</c>. If one is missing, TorchSharp's error blames the packages,
/// whatever the cause. If the system has its own old libtorch, the loader may bind that one, which ends the process without a message. This
/// class looks for everything first, and every error names its cause and how to fix it. It also makes two settings, unless the environment
/// has them. The first is <c>TORCH_CUDNN_SDPA_DEPRIORITIZED=1</c>: without it, every new length of a generation on a Hopper GPU costs a
/// tenth of a second or more. The second is for Linux: OpenMP's threads, which otherwise spin while they wait, sleep while other programs
/// need the processors. Set <c>OMP_WAIT_POLICY</c> or <c>GOMP_SPINCOUNT</c> to any value to leave that to OpenMP.
/// </remarks>
public static class TorchRuntime
{
    /// <summary>Name of the environment variable that holds the folder of a libtorch to use: <c>HSL_TORCH_LIB</c>.</summary>
    public const string FolderVariable = "HSL_TORCH_LIB";

    /// <summary>libtorch's own variable: it makes libtorch try cuDNN's attention after flash attention.</summary>
    internal const string CuDnnAttentionLast = "TORCH_CUDNN_SDPA_DEPRIORITIZED";

    private const string Wanted = "libtorch 2.10.0, for which TorchSharp 0.107.0 is built, or the binary-compatible 2.11";

    private static readonly Lock Gate = new();
    private static string? _folder;
    private static string? _version; // a process has one libtorch, so its version is read once
    private static volatile bool _ready;

    /// <summary>
    /// Loads libtorch from a given folder. Call it before anything uses <c>torch</c>. Calling it again with the same folder does nothing.
    /// </summary>
    /// <param name="folder">
    /// Holds libtorch.so, libtorch_cpu.so and libc10.so (Windows: torch.dll, torch_cpu.dll, c10.dll; macOS: libtorch.dylib,
    /// libtorch_cpu.dylib, libc10.dylib), and for CUDA libtorch_cuda.so or torch_cuda.dll. Null or empty: the folder that the
    /// environment variable <c>HSL_TORCH_LIB</c> names.
    /// </param>
    /// <returns>
    /// True if that libtorch is loaded; false if neither the argument nor the variable names a folder; nothing was done then.
    /// </returns>
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
    /// Makes <c>torch</c> ready for use: loads the libtorch of <c>HSL_TORCH_LIB</c> if that is set, otherwise the one that comes with the
    /// program. Cheap after the first call.
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
    /// Version of the loaded libtorch, for example "2.10.0.0" or "2.11.0+cu130". Loads libtorch if needed. TorchSharp's own
    /// <c>torch.__version__</c> is always the version of the libtorch that TorchSharp was built for.
    /// </summary>
    /// <remarks>
    /// It is read from the files that a Python PyTorch and libtorch's archive have beside their libraries. A backend package has no such
    /// file; its version is the one that TorchSharp was built for.
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
    /// <param name="index">Index of the device, 0 or more; <c>torch.CUDA</c>, which names no index, is device 0.</param>
    /// <returns>The name from the driver; "CUDA device 0" if the driver gives none.</returns>
    public static string CudaDeviceName(int index = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        return CudaDriver.DeviceName(index) ?? string.Create(CultureInfo.InvariantCulture, $"CUDA device {index}");
    }

    /// <summary>Describes the native libraries in use. Loads them if needed.</summary>
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
    /// Calls <see cref="EnsureLoaded"/> in the arguments of a module's base constructor, the last moment before that constructor uses
    /// torch. A static constructor would wrap the error, and the type could never be used again.
    /// </summary>
    internal static string ReadyFor(string moduleName)
    {
        EnsureLoaded();
        return moduleName;
    }

    /// <summary>Sets the variables that libtorch reads from the environment while it is loaded.</summary>
    private static void PrepareEnvironment() =>
        // For bfloat16 on Hopper, libtorch tries cuDNN's attention first. It makes a plan for every new length, which takes 0.1 to 0.4 s,
        // and each byte of a generation has a new length. Flash attention needs no plan.
        NativeEnvironment.SetDefault(CuDnnAttentionLast, "1");

    private static void CheckFolder(string folder, string from)
    {
        string expected = $"Expected: a folder that holds {string.Join(", ", TorchLibraries.Required)} of {Wanted}.";
        if (!Directory.Exists(folder))
            throw new TorchRuntimeException($"The libtorch folder '{folder}', named by {from}, does not exist. {expected}");

        string[] missing = TorchLibraries.Missing(folder);
        if (missing.Length > 0)
        {
            throw new TorchRuntimeException(
                $"The libtorch folder '{folder}', named by {from}, lacks {string.Join(", ", missing)}. {expected}");
        }
    }

    /// <summary>Refuses a second libtorch before it is loaded. It would end the process, because its operators register twice.</summary>
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

        // The real path of the library itself, because either the folder or the file can be a link.
        static string Resolve(string folder)
        {
            string real = Directory.ResolveLinkTarget(folder, returnFinalTarget: true)?.FullName ?? folder;
            string library = Path.Combine(real, TorchLibraries.Cpu);
            return File.ResolveLinkTarget(library, returnFinalTarget: true)?.FullName ?? library;
        }
    }

    /// <summary>
    /// Loads libtorch and then TorchSharp's bridge by their full paths. After that, the names alone resolve to these files, and the loader
    /// does not look elsewhere.
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
                    $"'{library}' does not load. Required: {Wanted}.{needs} The loader says: {error.Message}", error);
            }
        }

        string bridge = TorchLibraries.FindInProgram(TorchLibraries.Bridge) ?? throw new TorchRuntimeException(
            $"{TorchLibraries.Bridge} of the package TorchSharp is in none of the program's folders: "
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
    /// On macOS, libtorch names Homebrew's OpenMP by its full path. The copy that comes with libtorch has the same name, so loading that
    /// copy first is enough.
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

        // Notebooks and similar programs keep the bridge elsewhere, and TorchSharp knows where. macOS does not report what is already
        // loaded.
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

    /// <summary>Finds out why TorchSharp's bridge does not load. The loader's error text is reliable; TorchSharp's is not.</summary>
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
                + "of TorchSharp's library that does load here, but this step did not run: remove HslFixTorchSharp=false, "
                + "build on Linux or with -r linux-x64, or install libstdc++ of GCC 13 or newer.";
        }
        else if (said.Contains("GLIBC_", StringComparison.Ordinal))
        {
            cause = "The C library of this system is too old: TorchSharp needs glibc 2.34 or newer.";
        }
        else if (said.Contains("undefined symbol", StringComparison.Ordinal))
        {
            cause = $"The libtorch in use is not the one TorchSharp was built for. Required: {Wanted}.";
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
