using System.Runtime.InteropServices;
using System.Text;

namespace HslEmbeddingZero;

/// <summary>Reads the name of a graphics card from NVIDIA's driver, because TorchSharp does not provide it.</summary>
internal static unsafe class CudaDriver
{
    private const int LongestName = 256;

    private static string LibraryName => OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";

    /// <summary>The card's name, for example "NVIDIA H200"; null if there is no driver or no such card.</summary>
    /// <param name="index">Index of the device, as libtorch counts.</param>
    public static string? DeviceName(int index)
    {
        // Only a machine with a driver has this library. It stays loaded, because libtorch uses it too.
        if (!NativeLibrary.TryLoad(LibraryName, out nint driver)) return null;
        if (!NativeLibrary.TryGetExport(driver, "cuInit", out nint initialize)
            || !NativeLibrary.TryGetExport(driver, "cuDeviceGetName", out nint readName))
            return null;

        byte* name = stackalloc byte[LongestName];
        bool isRead = ((delegate* unmanaged<uint, int>)initialize)(0) == 0
            && ((delegate* unmanaged<byte*, int, int, int>)readName)(name, LongestName, index) == 0;
        if (!isRead) return null;
        ReadOnlySpan<byte> read = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name);
        return Encoding.ASCII.GetString(read);
    }
}
