using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace HslEmbeddingZero.Samples.Demo;

/// <summary>
/// How the C library keeps the memory of tensors. Left alone, glibc gives every thread an arena and keeps in them what was freed; requests
/// run on many threads, and a server's memory creeps up with the holes in each.
/// </summary>
internal static partial class NativeHeap
{
    private const int MostArenas = -8; // M_ARENA_MAX
    private const int MappedFrom = -3; // M_MMAP_THRESHOLD

    /// <summary>
    /// Few arenas, and large blocks, such as a generation's keys and values, given back as soon as they are freed. Only where there is
    /// glibc.
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
            // Another C library keeps memory in its own way.
        }
    }

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc.so.6", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);
}
