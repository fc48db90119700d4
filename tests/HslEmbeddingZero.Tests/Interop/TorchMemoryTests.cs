using System.Globalization;

namespace HslEmbeddingZero.Tests.Interop;

/// <summary>The setting applies to a whole process, so these tests start a separate one.</summary>
public sealed class TorchMemoryTests
{
    private const int Pages = 20 * (64 << 20 >> 12); // of 4 KiB, in the probe's twenty tensors

    // Another thread can allocate a block after a tensor and leave a gap that is too small for the next tensor. This is rare.
    private const int FewPages = Pages / 4;

    [SkippableFact]
    public void Kept_memory_needs_no_new_pages()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Page faults are read from /proc.");
        long plain = Faults("ensure"), kept = Faults("keep", "keep", "ensure");
        Assert.True(plain > Pages / 2, $"{plain} faults without the setting"); // half, as huge pages may replace some
        Assert.True(kept < FewPages, $"{kept} faults with it");
    }

    [Fact]
    public void It_says_whether_the_library_is_gnus()
    {
        bool isGnu = OperatingSystem.IsLinux() && File.ReadAllText("/proc/self/maps").Contains("/libc.so.6", StringComparison.Ordinal);
        Assert.Equal((0, $"keep: {isGnu}\n"), RuntimeProbe.Run(RuntimeProbe.Folder, null, "keep"));
    }

    private static long Faults(params string[] steps)
    {
        (int code, string output) = RuntimeProbe.Run(RuntimeProbe.Folder, RuntimeProbe.LibtorchFolder(), [.. steps, "faults"]);
        Assert.True(code == 0, output);
        return long.Parse(output[(output.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }
}
