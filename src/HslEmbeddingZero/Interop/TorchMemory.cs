using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace HslEmbeddingZero;

/// <summary>
/// What happens to memory that tensors on a CPU free. The GNU C library returns large blocks to the system at once. Every new tensor of
/// more than 32 MiB, often a smaller one too, then causes page faults: the system must first clear its pages. That takes a tenth of a
/// training step.
/// </summary>
public static partial class TorchMemory
{
    // Parameters of mallopt(3) in the GNU C library.
    private const int TrimThreshold = -1;
    private const int TopPad = -2;
    private const int MostMappings = -4;
    private const int MostArenas = -8;

    private const int GrowthBytes = 64 << 20;

    /// <summary>
    /// Makes this process keep the memory it frees and use it again. Its resident memory then stays at its peak, and can grow past it by
    /// gaps that no later tensor fits into. Call it first in programs that train: the setting applies to the whole process, but only partly
    /// to memory allocated before. Calling it again does nothing.
    /// </summary>
    /// <returns>True if the C library is GNU's and takes the setting. False on Windows, macOS or musl, where nothing is changed.</returns>
    public static bool RetainFreedBlocks()
    {
        if (!OperatingSystem.IsLinux()) return false;
        try
        {
            // One arena: the others cannot hold large blocks, and each thread would have its own.
            return SetOption(MostMappings, 0) == 1 && SetOption(TrimThreshold, -1) == 1 && SetOption(TopPad, GrowthBytes) == 1
                && SetOption(MostArenas, 1) == 1;
        }
        catch (Exception error) when (error is EntryPointNotFoundException or DllNotFoundException)
        {
            return false; // another C library
        }
    }

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc.so.6", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetOption(int parameter, int value);
}
