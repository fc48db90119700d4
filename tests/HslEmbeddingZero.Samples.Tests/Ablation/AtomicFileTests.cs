extern alias Ablation; // several samples have the class
using SharedFile = Ablation::HslEmbeddingZero.Samples.AtomicFile;

namespace HslEmbeddingZero.Samples.Tests.Ablation;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Lines_end_alike_on_every_system()
    {
        string path = _folder.PathOf("table.md");
        SharedFile.WriteText(path, "a\r\nb\nc\r\n");
        Assert.Equal("a\nb\nc\n", File.ReadAllText(path));
    }

    [Fact]
    public void What_fails_leaves_the_earlier_file_alone()
    {
        string path = _folder.Write("table.md", [1]);
        Assert.Throws<InvalidDataException>(() => SharedFile.Write(path, temporary =>
        {
            File.WriteAllText(temporary, "half");
            throw new InvalidDataException();
        }));
        Assert.Equal([1], File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
    }
}
