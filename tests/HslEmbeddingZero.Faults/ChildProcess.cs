using System.Diagnostics;

namespace HslEmbeddingZero.Faults;

/// <summary>Starts programs that lie beside this one.</summary>
internal static class ChildProcess
{
    /// <summary>This program, with other arguments.</summary>
    public const string Self = "HslEmbeddingZero.Faults.dll";

    public static Process Start(string assembly, params string[] arguments) => Process.Start(
        new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, assembly), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    /// <summary>Runs to the end.</summary>
    public static (int ExitCode, string Output, string Error) Run(string assembly, params string[] arguments)
    {
        using Process process = Start(assembly, arguments);
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
