namespace HslEmbeddingZero.DeviceBenchmarks;

/// <summary>
/// What becomes of freed memory while something is measured: memory=freed, given back as the C library does, or memory=kept.
/// </summary>
internal static class MemoryOption
{
    public static void Apply(string memory)
    {
        if (memory == "kept" && !TorchMemory.RetainFreedBlocks())
            throw new ArgumentException("memory=kept: the C library here is not GNU's.");
    }
}
