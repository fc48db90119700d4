using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Interop;

/// <summary>A model in several files, with the index that Hugging Face's libraries write.</summary>
public sealed class ShardedFileTests : IDisposable
{
    private const string Index = "model.safetensors.index.json";

    private readonly TemporaryFolder _folder = new();
    private readonly ByteLanguageModel _model = new(new ZeroDoor(2, 64), new ByteTransformer(new() { Dim = 64, Layers = 1, Heads = 2 }));

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void All_files_are_read()
    {
        string index = Divide(withDescription: true);
        using DisposeScope scope = NewDisposeScope();
        IReadOnlyDictionary<string, Tensor> loaded = Safetensors.Load(index);
        Assert.Equal(_model.Weights().Keys.Order(), loaded.Keys.Order());
        Assert.All(_model.Weights(), entry => Assert.Equal(entry.Value.bytes.ToArray(), loaded[entry.Key].bytes.ToArray()));
        foreach (Tensor tensor in loaded.Values) tensor.Dispose();

        SafetensorsHeader header = Safetensors.ReadHeader(index);
        Assert.Equal(_model.Weights().Keys.Order(), header.Tensors.Keys.Order());
        Assert.Contains("door", header.Metadata.Keys);
        using var whole = ByteLanguageModel.Load(index);
        using ByteLanguageModel other = new(new ZeroDoor(2, 64), new ByteTransformer(new() { Dim = 64, Layers = 1, Heads = 2 }));
        other.LoadWeights(index);
        foreach (ByteLanguageModel model in (ByteLanguageModel[])[whole, other])
            Assert.All(_model.Weights(), entry => Assert.Equal(entry.Value.bytes.ToArray(), model.Weights()[entry.Key].bytes.ToArray()));
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        string index = Divide();
        File.Delete(_folder.PathOf("model-00002-of-00002.safetensors"));
        Refused(index, "model-00002-of-00002.safetensors", "missing");
    }

    [Fact]
    public void A_tensor_that_is_not_in_its_file_is_named()
    {
        string index = Divide();
        File.WriteAllText(index, File.ReadAllText(index).Replace("\"norm.bias\"", "\"norm.shift\"", StringComparison.Ordinal));
        Refused(index, "norm.shift", "not in its file");
    }

    [Fact]
    public void A_tensor_that_the_index_does_not_know_is_named()
    {
        string index = Divide();
        Dictionary<string, string> map = JsonDocument.Parse(File.ReadAllText(index)).RootElement.GetProperty("weight_map")
            .Deserialize<Dictionary<string, string>>()!;
        map.Remove("norm.bias");
        File.WriteAllText(index, JsonSerializer.Serialize(new { weight_map = map }));
        Refused(index, "norm.bias", "does not expect");
    }

    /// <summary>An index from elsewhere must not make the program read other files of the machine.</summary>
    [Theory]
    [InlineData("../secret.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("sub/part.safetensors")]
    [InlineData("sub\\part.safetensors")]
    [InlineData("")]
    [InlineData("model.safetensors.index.json")]
    public void A_file_elsewhere_is_refused(string file)
    {
        Dictionary<string, string> map = new() { ["a"] = file };
        File.WriteAllText(_folder.PathOf(Index), JsonSerializer.Serialize(new { weight_map = map }));
        Refused(_folder.PathOf(Index), "same folder");
    }

    [Theory]
    [InlineData("", "not JSON")]
    [InlineData("{", "not JSON")]
    [InlineData("[]", "weight_map")]
    [InlineData("{}", "weight_map")]
    [InlineData("{\"weight_map\": []}", "weight_map")]
    [InlineData("{\"weight_map\": {}}", "names no tensor")]
    [InlineData("{\"weight_map\": {\"a\": 1}}", "same folder")]
    [InlineData("{\"weight_map\": {\"a\": \"b\", \"a\": \"b\"}}", "not JSON")]
    [InlineData("{\"weight_map\": {\"a\": \"\\ud800\"}}", "not JSON")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n", "Git LFS pointer")]
    public void A_damaged_index_is_refused(string content, string part) => Refused(_folder.Write(Index, content), part);

    private static void Refused(string index, params string[] parts)
    {
        string message = Assert.Throws<SafetensorsException>(() => Safetensors.Load(index)).Message;
        Assert.All([Index, .. parts], part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    /// <summary>Divides the model into two files, and returns the path of the index.</summary>
    private string Divide(bool withDescription = false)
    {
        _model.Save(_folder.PathOf("whole"));
        IReadOnlyDictionary<string, string>? metadata = withDescription ? Safetensors.ReadHeader(_folder.PathOf("whole")).Metadata : null;
        File.Delete(_folder.PathOf("whole"));
        Dictionary<string, string> map = [];
        KeyValuePair<string, Tensor>[] weights = [.. _model.Weights().OrderBy(entry => entry.Key, StringComparer.Ordinal)];
        for (int part = 0; part < 2; part++)
        {
            string name = $"model-0000{part + 1}-of-00002.safetensors";
            Dictionary<string, Tensor> half = new(part == 0 ? weights[..(weights.Length / 2)] : weights[(weights.Length / 2)..]);
            Safetensors.Save(_folder.PathOf(name), half, metadata);
            foreach (string key in half.Keys) map[key] = name;
        }

        return _folder.Write(Index, JsonSerializer.Serialize(new { metadata = new { total_size = 1 }, weight_map = map }));
    }
}
