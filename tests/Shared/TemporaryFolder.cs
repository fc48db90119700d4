using System.Text;

namespace HslEmbeddingZero.Tests;

/// <summary>A folder that is deleted after the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hsl-tests-");

    public string FullName => _folder.FullName;

    /// <summary>Path of a file as programs print it, also on Windows for a name with slashes.</summary>
    public string PathOf(string name) => Path.GetFullPath(name, _folder.FullName);

    /// <summary>Creates a folder in it.</summary>
    public string Make(string name) => _folder.CreateSubdirectory(name).FullName;

    public string Write(string name, byte[] content)
    {
        File.WriteAllBytes(PathOf(name), content);
        return PathOf(name);
    }

    public string Write(string name, string content) => Write(name, Encoding.UTF8.GetBytes(content));

    public void Dispose() => _folder.Delete(recursive: true);
}
