using System.Diagnostics;

namespace HslEmbeddingZero.Tests.Interop;

/// <summary>
/// Starts HslEmbeddingZero.TorchRuntimeProbe, a small program without a libtorch: a process cannot undo what it loads or sets.
/// </summary>
internal static class RuntimeProbe
{
    public static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "TorchRuntimeProbe");

    public static void SkipUnlessLinux() => Skip.IfNot(OperatingSystem.IsLinux(), "Uses Linux file names.");

    /// <summary>Finds a libtorch on this machine; skips the test where there is none.</summary>
    public static string LibtorchFolder()
    {
        SkipUnlessLinux();
        string own = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native");
        bool carried = File.Exists(Path.Combine(own, "libtorch_cpu.so"));
        string? folder = carried ? own : Environment.GetEnvironmentVariable(TorchRuntime.FolderVariable);
        Skip.If(string.IsNullOrEmpty(folder), "The tests were built without a backend, and HSL_TORCH_LIB is not set.");
        return folder!;
    }

    /// <summary>Runs the probe in a folder with the given <c>HSL_TORCH_LIB</c>. Returns exit code and all output.</summary>
    public static (int Code, string Output) Run(string program, string? variable, params string[] steps)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(program, "HslEmbeddingZero.TorchRuntimeProbe.dll"));
        foreach (string step in steps) start.ArgumentList.Add(step);
        start.Environment.Remove("LD_LIBRARY_PATH");
        start.Environment.Remove(TorchRuntime.FolderVariable);
        if (variable is not null) start.Environment[TorchRuntime.FolderVariable] = variable;

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"The probe did not end in two minutes: {string.Join(' ', steps)}");
        }

        process.WaitForExit();
        return (process.ExitCode, (output.Result + errors.Result).ReplaceLineEndings("\n"));
    }
}
