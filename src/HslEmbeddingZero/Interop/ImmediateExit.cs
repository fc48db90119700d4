using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace HslEmbeddingZero;

/// <summary>
/// Ends the process without waiting for anything. <see cref="Environment.Exit"/> waits for handlers, finalizers and native libraries, and
/// one of them may hang.
/// </summary>
internal static partial class ImmediateExit
{
    /// <summary>Ends the process at once, after what was written to standard error. No handler of .NET or of the C library runs.</summary>
    /// <param name="code">The exit code. On Windows, the code is always -1.</param>
    [DoesNotReturn]
    public static void Now(int code)
    {
        Console.Error.Flush();
        if (!OperatingSystem.IsWindows()) Exit(code);
        using var process = Process.GetCurrentProcess();
        process.Kill();
        Thread.Sleep(Timeout.Infinite); // until the signal arrives
        throw new UnreachableException();
    }

    [UnsupportedOSPlatform("windows")]
    [LibraryImport("libc", EntryPoint = "_exit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void Exit(int code);
}
