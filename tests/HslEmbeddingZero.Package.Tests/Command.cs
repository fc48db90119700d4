using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace HslEmbeddingZero.Package.Tests;

/// <summary>Runs commands in a folder, as on a machine without this build and without another libtorch.</summary>
internal static class Command
{
    /// <summary>Runs dotnet with the arguments.</summary>
    public static (int Code, string Output, string Error) Run(string folder, TimeSpan patience, params string[] arguments) =>
        RunProgram(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", folder, patience, arguments);

    /// <summary>Runs git in the repository. The exit code is not 0 where there is no git or no repository.</summary>
    public static (int Code, string Output) Git(params string[] arguments)
    {
        try
        {
            (int code, string output, _) = RunProgram("git", Build.RepositoryFolder, TimeSpan.FromMinutes(1), arguments);
            return (code, output);
        }
        catch (Win32Exception)
        {
            return (-1, "");
        }
    }

    /// <summary>Runs a program with the arguments.</summary>
    public static (int Code, string Output, string Error) RunProgram(
        string program, string folder, TimeSpan patience, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (string name in start.Environment.Keys.Where(IsOfTheBuild).ToList()) start.Environment.Remove(name);
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"Not over after {patience}: {program} {string.Join(' ', arguments)}");
        }

        return (process.ExitCode, output.Result.ReplaceLineEndings("\n"), error.Result.ReplaceLineEndings("\n"));
    }

    private static bool IsOfTheBuild(string variable) =>
        variable.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase)
            || variable is "NUGET_PACKAGES" or "LD_LIBRARY_PATH" or "HSL_TORCH_LIB";
}
