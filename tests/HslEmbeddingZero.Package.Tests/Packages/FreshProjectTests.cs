using HslEmbeddingZero.Package.Tests.Documents;

namespace HslEmbeddingZero.Package.Tests.Packages;

/// <summary>A user's first minutes: a new project outside the repository, the package from a feed, the Quickstart.</summary>
[Collection(PackedTogether.Name)]
public sealed class FreshProjectTests(PackedLibraries packed)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    // On Linux, only this system's part of TorchSharp-cpu, as in the repository's programs: the whole package copies all systems' files.
    private static readonly string Backend = OperatingSystem.IsLinux()
        ? $"""<PackageReference Include="libtorch-cpu-linux-x64" Version="{Build.LibtorchVersion}" />"""
        : $"""<PackageReference Include="TorchSharp-cpu" Version="{Build.TorchSharpVersion}" />""";

    /// <summary>The project names only the last package. The others and the build step come with it.</summary>
    [SkippableFact]
    public void With_a_backend_the_Quickstart_prints_what_the_front_page_says()
    {
        (int code, string output, string error) = BuildAndRun("with", "HslEmbeddingZero.Training", Backend);
        Assert.True(code == 0, output + error);
        Assert.Equal(FencedBlock.ReadAll(Build.ReadText("README.md")).SkipWhile(block => block.Language != "csharp").ElementAt(1).Content,
            output);
    }

    /// <summary>
    /// Also where the system has another version of libtorch, which would crash the process if it were loaded.
    /// </summary>
    [SkippableFact]
    public void Without_a_backend_the_error_says_which_package_to_add()
    {
        (int code, string output, string error) = BuildAndRun("without", "HslEmbeddingZero", "");
        Assert.True(code != 0, output);
        Assert.Empty(output);
        Assert.StartsWith("Unhandled exception. HslEmbeddingZero.TorchRuntimeException: There is no libtorch", error,
            StringComparison.Ordinal);
        Assert.Contains("Add a backend package to the application (TorchSharp-cpu", error, StringComparison.Ordinal);
        Assert.Contains("HSL_TORCH_LIB", error, StringComparison.Ordinal);
    }

    private (int Code, string Output, string Error) BuildAndRun(string name, string package, string backend)
    {
        string folder = packed.PathOf(name);
        Directory.CreateDirectory(folder);
        File.Copy(Build.PathOf("samples/Quickstart/Program.cs"), Path.Combine(folder, "Program.cs"));
        File.WriteAllText(Path.Combine(folder, "Quickstart.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="{package}" Version="{packed.Version}" />
                {backend}
              </ItemGroup>
            </Project>
            """);
        // Our packages go to a separate folder. All others come from the existing package folder, or from this machine's sources.
        File.WriteAllText(Path.Combine(folder, "nuget.config"), $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{packed.PathOf("packages")}" /></config>
              <fallbackPackageFolders><add key="machine" value="{Build.PackagesFolder}" /></fallbackPackageFolders>
              <packageSources><add key="packed" value="{packed.Feed}" /></packageSources>
            </configuration>
            """);

        (int code, string output, string error) = Command.Run(folder, Patience, "restore");
        Skip.If(code != 0 && CannotReachSources(output + error), $"A source of packages cannot be reached, or lacks one.\n{output}{error}");
        Assert.True(code == 0, output + error);
        (code, output, error) = Command.Run(folder, Patience, "build", "--no-restore", "--disable-build-servers", "-c", "Release");
        Assert.True(code == 0, output + error);
        if (OperatingSystem.IsLinux())
            Assert.Contains("HslEmbeddingZero: using a copy of libLibTorchSharp.so", output, StringComparison.Ordinal);
        return Command.Run(folder, Patience, Path.Combine(folder, "bin", "Release", "net10.0", "Quickstart.dll"));
    }

    /// <summary>NU1301: a source does not answer. NU1101 to NU1103: no source has a package. Our packages are always there.</summary>
    private static bool CannotReachSources(string output) =>
        output.Contains("NU1301", StringComparison.Ordinal)
        || (output.Contains("error NU110", StringComparison.Ordinal)
            && !output.Contains("package HslEmbeddingZero", StringComparison.Ordinal));
}
