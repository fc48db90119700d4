namespace HslEmbeddingZero.Package.Tests.Packages;

/// <summary>All libraries, packed from the sources into a separate folder, with a version that no cache has.</summary>
public sealed class PackedLibraries : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hsl-package-tests-");

    public PackedLibraries()
    {
        string suffix = $"test.{Guid.NewGuid():N}";
        Version = $"0.1.0-{suffix}";
        Commit = ReadCommit();
        string[] last = ["HslEmbeddingZero.Training", "HslEmbeddingZero.Onnx", "HslEmbeddingZero.Knowledge"]; // They build all others.
        foreach (string id in last) Pack(id);
        foreach (string id in Ids.Except(last)) Pack(id, "--no-build");

        void Pack(string library, params string[] more)
        {
            (int code, string output, string error) = Command.Run(
                Build.RepositoryFolder, Patience,
                [
                    "pack", $"src/{library}", "-c", "Release", "-o", Feed, "--artifacts-path", PathOf("artifacts"),
                        "--disable-build-servers",
                    $"-p:VersionSuffix={suffix}", $"-p:ContinuousIntegrationBuild={Commit is not null}", .. more,
                ]);
            if (code != 0) throw new InvalidOperationException($"{library} was not packed.\n{output}{error}");
        }
    }

    public static IReadOnlyList<string> Ids { get; } =
    [
        "HslEmbeddingZero.Signal", "HslEmbeddingZero.Inference", "HslEmbeddingZero.Onnx", "HslEmbeddingZero.Knowledge", "HslEmbeddingZero",
        "HslEmbeddingZero.Training",
    ];

    public string Version { get; }

    /// <summary>The commit that is checked out; null where the sources are no git repository.</summary>
    public string? Commit { get; }

    /// <summary>The folder of the packages, which is a restore source for projects.</summary>
    public string Feed => PathOf("feed");

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    public PackageFile Open(string id) => new(Path.Combine(Feed, $"{id}.{Version}.nupkg"));

    public PackageFile OpenSymbols(string id) => new(Path.Combine(Feed, $"{id}.{Version}.snupkg"));

    public void Dispose() => _folder.Delete(recursive: true);

    private static string? ReadCommit()
    {
        (int code, string output) = Command.Git("rev-parse", "HEAD");
        return code == 0 ? output.Trim() : null;
    }
}
