using System.Diagnostics;

namespace HslEmbeddingZero.Samples.Tests.PrepareData;

/// <summary>Runs the programs that make films and sound for tests.</summary>
internal static class FfmpegTools
{
    /// <summary>Skips a test where one of the programs is missing.</summary>
    public static void SkipWithout(params string[] programs)
    {
        string ending = OperatingSystem.IsWindows() ? ".exe" : "";
        foreach (string program in programs)
            Skip.IfNot((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(
                folder => File.Exists(Path.Combine(folder, program + ending))), $"{program} is not installed.");
    }

    /// <summary>Runs a program, requires that it succeeds, and returns its output.</summary>
    public static string Call(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program}: {error}");
        return output.Result;
    }
}
