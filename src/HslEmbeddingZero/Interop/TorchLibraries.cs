using System.Diagnostics;
using System.Runtime.InteropServices;

namespace HslEmbeddingZero;

/// <summary>Names of the native libraries on this system, and their folders in a program. Uses neither torch nor the loader.</summary>
internal static class TorchLibraries
{
    /// <summary>The library that holds nearly all of libtorch; the first one that TorchSharp looks for.</summary>
    public static string Cpu { get; } = FileName("torch_cpu");

    /// <summary>The libraries that a libtorch folder must hold, in load order: each needs only those before it.</summary>
    public static IReadOnlyList<string> Required { get; } = [FileName("c10"), Cpu, FileName("torch")];

    /// <summary>The library for CUDA; not every folder holds it.</summary>
    public static string Cuda { get; } = FileName("torch_cuda");

    /// <summary>TorchSharp's own library, from the package TorchSharp: the bridge between .NET and libtorch.</summary>
    public static string Bridge { get; } = FileName("LibTorchSharp");

    /// <summary>The libraries of <see cref="Required"/> that a folder lacks.</summary>
    public static string[] Missing(string folder) => [.. Required.Where(name => !File.Exists(Path.Combine(folder, name)))];

    /// <summary>Where the runtime looks for a program's native libraries, first to last.</summary>
    public static IReadOnlyList<string> ProgramFolders()
    {
        string program = AppContext.BaseDirectory;
        string listed = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        return
        [
            .. new[] { program, Path.Combine(program, "runtimes", RuntimeIdentifier(), "native") }
                .Concat(listed.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
                .Select(folder => Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))
                .Distinct(),
        ];
    }

    /// <summary>The program's copy of a library, or null.</summary>
    public static string? FindInProgram(string name) =>
        ProgramFolders().Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>A folder with a complete libtorch on the search path of the system's loader, or null.</summary>
    public static string? FindOnLoaderPath()
    {
        string variable = OperatingSystem.IsWindows() ? "PATH" : OperatingSystem.IsMacOS() ? "DYLD_LIBRARY_PATH" : "LD_LIBRARY_PATH";
        string folders = Environment.GetEnvironmentVariable(variable) ?? "";
        return folders.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .FirstOrDefault(folder => Path.IsPathFullyQualified(folder) && Missing(folder).Length == 0);
    }

    /// <summary>The folder of the libtorch that is loaded in this process, or null; macOS does not report it.</summary>
    public static string? LoadedFolder() => Path.GetDirectoryName(LoadedFile(Cpu)); // also finds libtorch_cpu.so.1.13

    /// <summary>
    /// The version from a file beside a libtorch folder: <c>version.py</c> of a Python PyTorch, or <c>build-version</c> of libtorch's own
    /// archive. Null if there is neither.
    /// </summary>
    public static string? VersionBeside(string folder)
    {
        string? parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(folder));
        if (parent is null) return null;
        try
        {
            string archive = Path.Combine(parent, "build-version"), python = Path.Combine(parent, "version.py");
            if (File.Exists(archive) && File.ReadAllText(archive).Trim() is { Length: > 0 } written) return written;
            if (!File.Exists(python)) return null;
            string? line = File.ReadLines(python).FirstOrDefault(text => text.StartsWith("__version__", StringComparison.Ordinal));
            string[] quoted = (line ?? "").Split('\'', '"');
            return quoted.Length == 3 && quoted[1].Length > 0 ? quoted[1] : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null; // A file that cannot be read counts as missing.
        }
    }

    /// <summary>The first library of this process whose name begins so, or null; macOS does not report it.</summary>
    public static string? LoadedFile(string nameStart)
    {
        using var process = Process.GetCurrentProcess();
        return process.Modules.Cast<ProcessModule>()
            .FirstOrDefault(module => module.ModuleName.StartsWith(nameStart, StringComparison.OrdinalIgnoreCase))?.FileName;
    }

    private static string FileName(string name) =>
        OperatingSystem.IsWindows() ? name + ".dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";

    private static string RuntimeIdentifier()
    {
        string system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        return system + (RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "-arm64" : "-x64");
    }
}
