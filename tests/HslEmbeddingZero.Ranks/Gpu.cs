using System.Runtime.InteropServices;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Ranks;

/// <summary>What native code sees of a rank's choice of a GPU.</summary>
internal static partial class Gpu
{
    public static int Print()
    {
        ProcessGroup.SelectGpu();
        string? native = Marshal.PtrToStringUTF8(GetVariable("CUDA_VISIBLE_DEVICES"));
        Console.WriteLine($"rank {ProcessGroup.LaunchedRank} of {ProcessGroup.LaunchedSize}, "
            + $"{ProcessGroup.LocalRank} of {ProcessGroup.LocalSize} here: GPU {native}");
        return 0;
    }

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetVariable(string name);
}
