namespace HslEmbeddingZero.Faults;

/// <summary>A folder that is gone at the end.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hsl-faults-");

    public string FullName => _folder.FullName;

    public string Make(string name) => _folder.CreateSubdirectory(name).FullName;

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    public void Dispose() => _folder.Delete(recursive: true);
}
