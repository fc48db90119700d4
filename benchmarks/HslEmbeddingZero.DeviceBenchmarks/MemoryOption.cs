namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>
/// What happens to freed memory during a measurement. memory=freed: the C library returns it as usual. memory=kept: it is kept for reuse.
/// </summary>
internal static class MemoryOption
{
    public static void Apply(string memory)
    {
        if (memory == "kept" && !TorchMemory.RetainFreedBlocks())
            throw new ArgumentException("memory=kept needs the GNU C library; this system has another one.");
    }
}
