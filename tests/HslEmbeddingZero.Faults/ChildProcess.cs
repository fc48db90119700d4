using System.Diagnostics;

namespace HslEmbeddingZero.Faults;

/// <summary>Starts programs from the folder of this program.</summary>
internal static class ChildProcess
{
    /// <summary>Starts this program with other arguments.</summary>
    public const string Self = "HslEmbeddingZero.Faults.dll";

    public static Process Start(string assembly, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, assembly),
            .. arguments])
        { RedirectStandardOutput = true, RedirectStandardError = true };

        // Spinning threads would take the cores from other processes.
        start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
        return Process.Start(start)!;
    }

    /// <summary>Runs a program to its end.</summary>
    public static (int ExitCode, string Output, string Error) Run(string assembly, params string[] arguments)
    {
        using Process process = Start(assembly, arguments);
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
