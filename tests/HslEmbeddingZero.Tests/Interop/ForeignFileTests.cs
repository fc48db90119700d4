using System.Diagnostics;
using System.Text;

namespace HslEmbeddingZero.Tests.Interop;

/// <summary>A file of another kind is refused with a message that says what it is and what to do.</summary>
public sealed class ForeignFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, byte[], string[]> Files => new()
    {
        { "lfs", Text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"), ["Git LFS", "git lfs pull"] },
        { "model.pt", [(byte)'P', (byte)'K', 3, 4, 0, 0, 8, 8, 0, 0, 0, 0, 0, 0], ["torch.save", "torch.load", "save_file"] },
        { "old.pth", [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E], ["pickle", "torch.load"] },
        { "index.json", Text("{\n \"metadata\": {\"total_size\": 4},\n \"weight_map\": {}\n}"), ["index of a model", ".index.json"] },
        { "config.json", Text("{\"hidden_size\": 512, \"layers\": 8}"), ["JSON text", ".safetensors"] },
        { "tiny.json", Text("{}"), ["JSON text"] },
        { "page.safetensors", Text("<!DOCTYPE html><html><body>Not found</body></html>"), ["HTML", "download"] },
        { "model.gguf", Text("GGUF\u0003\0\0\0tensor data"), ["GGUF"] },
        { "model.h5", [0x89, (byte)'H', (byte)'D', (byte)'F', 13, 10, 26, 10, 0], ["HDF5"] },
        { "model.gz", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3], ["gzip"] },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_of_another_kind_says_what_it_is(string name, byte[] content, string[] parts)
    {
        string path = _folder.Write(name, content);
        Action[] reads = [() => Safetensors.ReadHeader(path), () => Safetensors.Load(path), () => ByteLanguageModel.Load(path)];
        foreach (Action read in reads)
        {
            string message = Assert.Throws<SafetensorsException>(read).Message;
            Assert.All([path, .. parts], part => Assert.Contains(part, message, StringComparison.Ordinal));
            Assert.DoesNotContain('\n', message);
        }
    }

    [Theory]
    [InlineData("_orig_mod.", "torch.compile")]
    [InlineData("module.", "torch's DataParallel")]
    public void A_prefix_of_a_wrapper_is_named(string prefix, string wrapper)
    {
        string path = _folder.PathOf("wrapped.safetensors");
        using ByteLanguageModel model = new(new ZeroDoor(2, 64), new ByteTransformer(new() { Dim = 64, Layers = 1, Heads = 2 }));
        Safetensors.Save(path, model.Weights().ToDictionary(e => prefix + e.Key, e => e.Value));
        foreach (Action load in (Action[])[() => ByteLanguageModel.Load(path), () => model.LoadWeights(path)])
        {
            string message = Assert.Throws<SafetensorsException>(load).Message;
            Assert.Contains($"'{prefix}', which {wrapper}", message, StringComparison.Ordinal);
            Assert.Contains("state_dict()", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Weights_alone_are_told_from_a_model_file()
    {
        string path = _folder.PathOf("weights.safetensors");
        using ByteLanguageModel model = new(new ZeroDoor(2, 64), new ByteTransformer(new() { Dim = 64, Layers = 1, Heads = 2 }));
        model.SaveWeights(path);
        Assert.Contains("LoadWeights", Assert.Throws<SafetensorsException>(() => ByteLanguageModel.Load(path)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_is_refused() =>
        Assert.Contains(
            "folder", Assert.Throws<SafetensorsException>(() => Safetensors.Load(_folder.FullName)).Message, StringComparison.Ordinal);

    /// <summary>It would wait for a writer, and then have no length.</summary>
    [SkippableFact]
    public void A_pipe_is_refused()
    {
        Skip.If(OperatingSystem.IsWindows(), "mkfifo is a command of Unix.");
        string pipe = _folder.PathOf("pipe");
        using (var made = Process.Start("mkfifo", [pipe])) made.WaitForExit();
        foreach (string path in (string[])[pipe, "/dev/null"])
        {
            string message = Assert.Throws<SafetensorsException>(() => ByteLanguageModel.Load(path)).Message;
            Assert.Contains("pipe or a device", message, StringComparison.Ordinal);
        }
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);
}
