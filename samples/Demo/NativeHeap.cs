using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>
/// Limits the memory that the C library retains for tensors. By default, glibc gives every thread an arena and retains freed memory there.
/// Requests run on many threads, so fragmentation in the arenas makes a server's memory grow slowly.
/// </summary>
internal static partial class NativeHeap
{
    private const int MostArenas = -8; // M_ARENA_MAX
    private const int MappedFrom = -3; // M_MMAP_THRESHOLD

    /// <summary>
    /// Sets two arenas, and returns blocks of 256 KiB and more, such as the KV cache of a generation, to the system when freed. With glibc
    /// only.
    /// </summary>
    public static void KeepSmall()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = SetOption(MostArenas, 2);
            _ = SetOption(MappedFrom, 256 << 10);
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            // Another C library without these settings.
        }
    }

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc.so.6", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);
}
