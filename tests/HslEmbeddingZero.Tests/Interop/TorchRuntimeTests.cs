using TorchSharp;
using static HslEmbeddingZero.Tests.Interop.RuntimeProbe;

namespace HslEmbeddingZero.Tests.Interop;

/// <summary>
/// Loading a native library cannot be undone, so most tests start a small program without a libtorch (HslEmbeddingZero.TorchRuntimeProbe).
/// On a machine with an old libtorch in the system's folders, they also prove that it is not used.
/// </summary>
public sealed class TorchRuntimeTests : IDisposable
{
    private const int FixedByte = 0x3FA34; // the byte that the build step changes in TorchSharp 0.107.0's Linux library
    private static readonly string Probe = Folder;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public void Load_takes_the_libtorch_of_the_folder()
    {
        string libtorch = LibtorchFolder();
        (int code, string output) = Run(Probe, null, $"load={libtorch}", $"load={libtorch}/", "sum", "describe");
        Assert.True(code == 0, output);
        Assert.Contains("load: True\nload: True\nsum: 2\n", output, StringComparison.Ordinal);
        Assert.Contains($", {libtorch}\nTorchSharp: 0.107.0 (built for libtorch 2.10.0", output, StringComparison.Ordinal);
        Assert.Contains("CUDA: ", output, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("load")]
    [InlineData("ensure")]
    public void The_variable_names_the_folder(string step)
    {
        (int code, string output) = Run(Probe, LibtorchFolder(), step, "sum");
        Assert.True(code == 0, output);
        Assert.Contains("sum: 2", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_folder_load_does_nothing() => Assert.Equal((0, "load: False\n"), Run(Probe, null, "load"));

    [SkippableFact]
    public void Without_libtorch_the_error_names_the_packages_and_the_variable()
    {
        SkipUnlessLinux();
        Fails(
            Run(Probe, null, "ensure"),
            "There is no libtorch", "TorchSharp-cpu", "libtorch-cpu-linux-x64", "TorchSharp-cuda-linux", "HSL_TORCH_LIB");
    }

    /// <summary>
    /// Whichever call comes first, this error itself is thrown, not a TypeInitializationException, whose type is unusable afterwards.
    /// </summary>
    [SkippableTheory]
    [InlineData("door")]
    [InlineData("features")]
    [InlineData("body")]
    [InlineData("weights")]
    public void Without_libtorch_the_first_use_of_the_library_says_so(string step)
    {
        SkipUnlessLinux();
        if (step == "weights") step += "=" + Path.Combine(AppContext.BaseDirectory, "Golden", "body-dim64.safetensors");
        Fails(Run(Probe, null, step), "There is no libtorch", "TorchSharp-cpu", "HSL_TORCH_LIB");
        (int code, string output) = Run(Probe, LibtorchFolder(), step, "sum");
        Assert.True(code == 0, output);
    }

    [SkippableFact]
    public void Many_threads_may_make_the_first_use_together() =>
        Assert.Equal((0, "threads: 16\n"), Run(Probe, LibtorchFolder(), "threads"));

    [Fact]
    public void A_missing_folder_is_named()
    {
        string missing = _folder.PathOf("none");
        Fails(Run(Probe, null, $"load={missing}"), $"'{missing}'", "argument", "does not exist", "2.10.0", "0.107.0", "2.11");
        Fails(Run(Probe, missing, "ensure"), $"'{missing}', named by HSL_TORCH_LIB, does not exist");
    }

    [SkippableFact]
    public void Missing_files_are_named()
    {
        SkipUnlessLinux();
        File.WriteAllText(_folder.PathOf("libtorch.so"), "");
        Fails(
            Run(Probe, null, $"load={_folder.FullName}"),
            $"'{_folder.FullName}'", "lacks libc10.so, libtorch_cpu.so.", "holds libc10.so, libtorch_cpu.so, libtorch.so", "2.10.0",
            "2.11");
    }

    [SkippableFact]
    public void What_the_loader_says_is_passed_on()
    {
        SkipUnlessLinux();
        WriteFalseLibtorch(_folder.FullName);
        Fails(
            Run(Probe, null, $"load={_folder.FullName}"),
            $"'{_folder.PathOf("libc10.so")}' does not load", "The loader says:", "file too short");
    }

    [SkippableFact]
    public void A_libtorch_beside_the_program_is_not_mixed_with_another()
    {
        string program = CopyOfProbe();
        WriteFalseLibtorch(program);
        Fails(Run(program, LibtorchFolder(), "ensure"), "the program carries one of its own", program, "TorchBackend=none");
    }

    [SkippableFact]
    public void An_old_cpp_runtime_is_named_as_the_cause()
    {
        string program = CopyOfProbe();
        string bridge = Path.Combine(program, "libLibTorchSharp.so");
        using (FileStream file = File.Open(bridge, FileMode.Open))
        {
            file.Position = FixedByte;
            Skip.If(file.ReadByte() != 2, "The build did not fix this library.");
            file.Position = FixedByte;
            file.WriteByte(0);
        }

        (int code, string output) = Run(program, LibtorchFolder(), "ensure");
        Skip.If(code == 0, "The C++ runtime of this system is new enough for the library as it comes.");
        Fails((code, output), bridge, "older than GCC 13", "HslFixTorchSharp", "The loader says:", "GLIBCXX_3.4.32");
    }

    [SkippableFact]
    public void A_second_libtorch_is_refused()
    {
        SkipUnlessLinux();
        TorchRuntime.EnsureLoaded();
        Assert.Equal(2f, torch.ones(2).sum().item<float>());
        WriteFalseLibtorch(_folder.FullName);
        TorchRuntimeException error = Assert.Throws<TorchRuntimeException>(() => TorchRuntime.Load(_folder.FullName));
        Assert.Contains("already in this process", error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{_folder.FullName}'", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Describe_names_what_the_tests_run_on()
    {
        Skip.If(OperatingSystem.IsMacOS(), "macOS does not tell which libraries a process has loaded.");
        string[] lines = TorchRuntime.Describe().Split('\n');
        Assert.Equal(3, lines.Length);
        string[] libtorch = lines[0]["libtorch: ".Length..].TrimEnd().Split(", ", 2);
        Assert.Equal(TorchRuntime.LibtorchVersion, libtorch[0]);
        Assert.True(Directory.Exists(libtorch[1]), lines[0]);
        Assert.StartsWith("TorchSharp: 0.107.0", lines[1], StringComparison.Ordinal);
        Assert.Matches("^CUDA: (not available|available, devices: .+)$", lines[2]);
    }

    [Theory]
    [InlineData("version.py", "from typing import Optional\n__version__ = '2.11.0+cu130'\ndebug = False\n", "2.11.0+cu130")]
    [InlineData("version.py", "debug = False\n", null)]
    [InlineData("build-version", "2.10.0+cpu\n", "2.10.0+cpu")]
    [InlineData("build-version", "\n", null)]
    [InlineData("other.txt", "2.10.0\n", null)]
    public void The_version_is_read_from_the_file_beside_the_libraries(string name, string text, string? version)
    {
        string libraries = Directory.CreateDirectory(_folder.PathOf("lib")).FullName;
        File.WriteAllText(_folder.PathOf(name), text);
        Assert.Equal(version, TorchLibraries.VersionBeside(libraries));
        Assert.Equal(version, TorchLibraries.VersionBeside(libraries + Path.DirectorySeparatorChar));
    }

    [SkippableFact]
    public void A_packages_libtorch_has_the_version_that_TorchSharp_was_built_for()
    {
        TorchRuntime.EnsureLoaded();
        Skip.If(TorchLibraries.LoadedFolder() is not { } folder || TorchLibraries.VersionBeside(folder) is not null,
            "Another libtorch is loaded.");
        Assert.Equal(torch.__version__, TorchRuntime.LibtorchVersion);
    }

    [Fact]
    public void A_card_is_named_by_the_driver_or_by_its_number()
    {
        Assert.Equal("CUDA device 99", TorchRuntime.CudaDeviceName(99));
        Assert.NotEmpty(TorchRuntime.CudaDeviceName());
        Assert.Throws<ArgumentOutOfRangeException>(() => TorchRuntime.CudaDeviceName(-1));
    }

    [SkippableFact]
    public void The_CUDA_device_of_this_machine_has_a_name()
    {
        Skip.IfNot(torch.TryInitializeDeviceType(DeviceType.CUDA), "There is no CUDA device.");
        Assert.DoesNotContain("CUDA device", TorchRuntime.CudaDeviceName(), StringComparison.Ordinal);
        Assert.Contains(TorchRuntime.CudaDeviceName(), TorchRuntime.Describe(), StringComparison.Ordinal);
    }

    private static void WriteFalseLibtorch(string folder)
    {
        foreach (string name in new[] { "libtorch.so", "libtorch_cpu.so", "libc10.so" }) File.WriteAllText(Path.Combine(folder, name), "");
    }

    private string CopyOfProbe()
    {
        string copy = Directory.CreateDirectory(_folder.PathOf("program")).FullName;
        foreach (string file in Directory.GetFiles(Probe)) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        return copy;
    }

    private static void Fails((int Code, string Output) run, params string[] parts)
    {
        Assert.True(run.Code == 1, run.Output);
        Assert.StartsWith("TorchRuntimeException: ", run.Output, StringComparison.Ordinal);
        foreach (string part in parts) Assert.Contains(part, run.Output, StringComparison.Ordinal);
    }
}
