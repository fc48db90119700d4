namespace HslEmbeddingZero.Samples.Tests;

/// <summary>A folder for one test.</summary>
public sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hsl-sample-tests-");

    /// <summary>Names a file as programs print it, on Windows too where the name has slashes.</summary>
    public string PathOf(string name) => Path.GetFullPath(name, _folder.FullName);

    public string Write(string name, byte[] content)
    {
        File.WriteAllBytes(PathOf(name), content);
        return PathOf(name);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
