using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace HslEmbeddingZero;

/// <summary>
/// Environment variables as native libraries see them. .NET keeps its own copy, so
/// <see cref="Environment.SetEnvironmentVariable(string, string)"/> does not change what they see.
/// </summary>
internal static partial class NativeEnvironment
{
    /// <summary>
    /// Sets a variable for libraries that are loaded later. A value that the user has set, in the shell or in .NET, is kept.
    /// </summary>
    public static void SetDefault(string name, string value) => SetNative(name, Environment.GetEnvironmentVariable(name) ?? value);

    /// <summary>Sets a variable for .NET and for libraries that read it later. It replaces what the user has set.</summary>
    public static void Set(string name, string value)
    {
        Environment.SetEnvironmentVariable(name, value);
        SetNative(name, value);
    }

    private static void SetNative(string name, string value)
    {
        if (OperatingSystem.IsWindows()) _ = PutToRuntime(name, value);
        else if (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS()) _ = SetInLibc(name, value, 1);
    }

    [UnsupportedOSPlatform("windows")]
    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetInLibc(string name, string value, int overwrite);

    // libtorch is linked to this C runtime, which reads the environment of the process only when it starts.
    [SupportedOSPlatform("windows")]
    [LibraryImport("ucrtbase", EntryPoint = "_putenv_s", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int PutToRuntime(string name, string value);
}
