using System.Diagnostics;

namespace HslEmbeddingZero.Package.Tests;

/// <summary>The dotnet command in a folder, as on a machine that knows nothing of this build or of another libtorch.</summary>
internal static class Command
{
    public static (int Code, string Output, string Error) Run(string folder, TimeSpan patience, params string[] arguments)
    {
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
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
            Assert.Fail($"Not over after {patience}: dotnet {string.Join(' ', arguments)}");
        }

        return (process.ExitCode, output.Result.ReplaceLineEndings("\n"), error.Result.ReplaceLineEndings("\n"));
    }

    private static bool IsOfTheBuild(string variable) =>
        variable.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase) || variable is "NUGET_PACKAGES" or "LD_LIBRARY_PATH" or "HSL_TORCH_LIB";
}
