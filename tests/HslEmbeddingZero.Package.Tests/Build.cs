using System.Reflection;

namespace HslEmbeddingZero.Package.Tests;

/// <summary>Values from the build of this project: the folder of the repository and the package versions.</summary>
internal static class Build
{
    private static readonly string[] _generated = ["obj", "bin", "artifacts", "runs"];

    public static string RepositoryFolder { get; } = Value(nameof(RepositoryFolder));

    /// <summary>NuGet's package folder on this machine.</summary>
    public static string PackagesFolder { get; } = Value(nameof(PackagesFolder));

    public static string LibtorchVersion { get; } = Value(nameof(LibtorchVersion));

    public static string TorchSharpVersion { get; } = Value(nameof(TorchSharpVersion));

    public static string PathOf(string inRepository) => Path.Combine(RepositoryFolder, inRepository);

    public static string ReadText(string inRepository) => File.ReadAllText(PathOf(inRepository)).ReplaceLineEndings("\n");

    /// <summary>The full paths of the C# sources in folders of the repository, without what builds and runs leave there.</summary>
    public static IEnumerable<string> SourceFiles(params string[] folders) =>
        from folder in folders
        from file in Directory.EnumerateFiles(PathOf(folder), "*.cs", SearchOption.AllDirectories)
        where !Path.GetRelativePath(RepositoryFolder, file).Split(Path.DirectorySeparatorChar).Intersect(_generated).Any()
        select file;

    private static string Value(string key) =>
        typeof(Build).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
