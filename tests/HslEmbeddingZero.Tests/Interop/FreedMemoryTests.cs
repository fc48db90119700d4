using System.Globalization;

namespace HslEmbeddingZero.Tests.Interop;

/// <summary>The setting is the whole process's, so these start one of their own.</summary>
public sealed class FreedMemoryTests
{
    private const int TensorPages = 64 << 20 >> 12; // of 4 KiB, in the probe's tensors

    [SkippableFact]
    public void KeptMemoryNeedsNoNewPages()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Page faults are read from /proc.");
        long plain = Faults("ensure"), kept = Faults("keep", "ensure");
        Assert.True(plain > TensorPages / 2, $"{plain} faults without the setting"); // half, as huge pages may stand for some
        Assert.True(kept < TensorPages / 16, $"{kept} faults with it");
    }

    [SkippableFact]
    public void ItTakesEffectBetweenTwoTensorsAndTwice()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Page faults are read from /proc.");
        Assert.True(Faults("ensure", "sum", "keep", "keep") < TensorPages / 16);
    }

    [Fact]
    public void ItSaysWhetherTheLibraryIsGnus()
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
