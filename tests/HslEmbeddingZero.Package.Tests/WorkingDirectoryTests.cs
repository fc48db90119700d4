namespace HslEmbeddingZero.Package.Tests;

/// <summary>Where <c>dotnet run --project</c> starts a sample.</summary>
public sealed class WorkingDirectoryTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>The SDK starts web programs in the folder of their project. A relative path of the command line would lie there.</summary>
    [Fact]
    public void The_demo_starts_where_its_caller_is()
    {
        (int code, string output, string error) = Command.Run(
            Build.RepositoryFolder, Patience, "msbuild", "samples/Demo/Demo.csproj", "-getProperty:RunWorkingDirectory");
        Assert.True(code == 0, output + error);
        Assert.Equal("", output.Trim());
    }
}
