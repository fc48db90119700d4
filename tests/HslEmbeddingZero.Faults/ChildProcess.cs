using System.Diagnostics;

namespace HslEmbeddingZero.Faults;

/// <summary>Starts programs from the folder of this program.</summary>
internal static class ChildProcess
{
    /// <summary>Starts this program with other arguments.</summary>
    public const string Self = "HslEmbeddingZero.Faults.dll";

    public static Process Start(string assembly, params string[] arguments) =>
        Start(["dotnet", Path.Combine(AppContext.BaseDirectory, assembly), .. arguments]);

    /// <summary>Starts this program as several ranks.</summary>
    public static Process StartRanks(int ranks, params string[] arguments) => Start(
        ["mpirun.openmpi", "--oversubscribe", "-n", $"{ranks}", "dotnet", Path.Combine(AppContext.BaseDirectory, Self), .. arguments]);

    /// <summary>Runs a program to its end.</summary>
    public static (int ExitCode, string Output, string Error) Run(string assembly, params string[] arguments) =>
        Finish(Start(assembly, arguments));

    /// <summary>Waits for the end of a program, and disposes it.</summary>
    public static (int ExitCode, string Output, string Error) Finish(Process process)
    {
        using (process)
        {
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, error.Result);
        }
    }

    /// <summary>Kills a process, unless it has just ended.</summary>
    public static void Kill(int process)
    {
        try
        {
            using var victim = Process.GetProcessById(process);
            victim.Kill();
        }
        catch (ArgumentException)
        {
        }
    }

    private static Process Start(string[] command)
    {
        ProcessStartInfo start = new(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };

        // Spinning threads would take the cores from other processes.
        start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
        start.Environment["OMPI_ALLOW_RUN_AS_ROOT"] = start.Environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1";
        if (command[0] != "dotnet") start.Environment["OMP_NUM_THREADS"] = "1";
        return Process.Start(start)!;
    }
}
