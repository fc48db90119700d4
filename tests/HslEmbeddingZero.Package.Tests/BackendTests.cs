using System.Text.Json;

namespace HslEmbeddingZero.Package.Tests;

/// <summary>The libtorch that programs of this repository are built with, read from their projects before a restore.</summary>
public sealed class BackendTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData("linux-x64")]
    [InlineData("win-x64")]
    [InlineData("win-arm64")]
    [InlineData("osx-arm64")]
    public void A_program_for_another_system_takes_the_libtorch_of_that_system(string runtime) =>
        Assert.Equal([$"libtorch-cpu-{runtime}"], Backends($"-p:RuntimeIdentifier={runtime}"));

    /// <summary>dotnet restore -r and dotnet build set different properties.</summary>
    [Fact]
    public void A_restore_for_another_system_takes_the_libtorch_of_that_system() =>
        Assert.Equal(["libtorch-cpu-win-x64"], Backends("-p:RuntimeIdentifiers=win-x64"));

    /// <summary>One system's package only: with the whole of TorchSharp-cpu, every program would carry the files of all systems.</summary>
    [Fact]
    public void A_program_for_this_system_takes_one_libtorch()
    {
        string system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        Assert.StartsWith($"libtorch-cpu-{system}-", Assert.Single(Backends()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_may_come_without_a_libtorch() => Assert.Empty(Backends("-p:RuntimeIdentifier=win-x64", "-p:TorchBackend=none"));

    [Fact]
    public void A_system_that_has_no_libtorch_is_refused_by_name()
    {
        (int code, string output, string error) = MSBuild("-t:CheckTorchBackend", "-p:RuntimeIdentifier=linux-arm64");
        Assert.NotEqual(0, code);
        Assert.Contains("no libtorch for linux-arm64", output + error, StringComparison.Ordinal);
        Assert.Equal(0, MSBuild("-t:CheckTorchBackend", "-p:RuntimeIdentifier=linux-arm64", "-p:TorchBackend=none").Code);
    }

    private static string[] Backends(params string[] properties)
    {
        (int code, string output, string error) = MSBuild(["-getItem:PackageReference", .. properties]);
        Assert.True(code == 0, output + error);
        using var items = JsonDocument.Parse(output);
        return
        [
            .. items.RootElement.GetProperty("Items").GetProperty("PackageReference").EnumerateArray()
                .Select(item => item.GetProperty("Identity").GetString()!)
                .Where(name => name.Contains("torch", StringComparison.OrdinalIgnoreCase)),
        ];
    }

    private static (int Code, string Output, string Error) MSBuild(params string[] arguments) =>
        Command.Run(Build.RepositoryFolder, Patience, ["msbuild", "-nologo", "samples/Quickstart/Quickstart.csproj", .. arguments]);
}
