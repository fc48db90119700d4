using System.Buffers.Binary;
using System.Text;
using TorchSharp;
using static HslEmbeddingZero.Tests.Interop.TensorAssert;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Interop;

public sealed class SafetensorsTests : IDisposable
{
    private static readonly float[] Mixed = [0f, 1f, 2f, 0f, 100f, 3.5f];
    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(ScalarType.Bool, "BOOL")]
    [InlineData(ScalarType.Byte, "U8")]
    [InlineData(ScalarType.Int8, "I8")]
    [InlineData(ScalarType.Int16, "I16")]
    [InlineData(ScalarType.Int32, "I32")]
    [InlineData(ScalarType.Int64, "I64")]
    [InlineData(ScalarType.Float16, "F16")]
    [InlineData(ScalarType.BFloat16, "BF16")]
    [InlineData(ScalarType.Float32, "F32")]
    [InlineData(ScalarType.Float64, "F64")]
    public void Every_type_goes_both_ways(ScalarType dtype, string name)
    {
        Tensor tensor = Sample(dtype);
        string path = _folder.PathOf("a.safetensors");
        Safetensors.Save(path, new Dictionary<string, Tensor> { ["x"] = tensor });

        Assert.Contains($"\"dtype\":\"{name}\"", Encoding.UTF8.GetString(File.ReadAllBytes(path)), StringComparison.Ordinal);
        Tensor back = Assert.Single(Load(path)).Value;
        Assert.Equal(dtype, back.dtype);
        Assert.Equal([2, 3], back.shape);
        AssertSame(tensor, back);

        static Tensor Sample(ScalarType dtype) => torch.tensor(Mixed).reshape(2, 3).to(dtype);
    }

    [Fact]
    public void Values_special_to_floats_survive()
    {
        float[] values = [float.NaN, float.PositiveInfinity, -0f, float.Epsilon];
        string path = Save(("x", torch.tensor(values)));
        Assert.Equal(values.Select(BitConverter.SingleToInt32Bits), Load(path)["x"].data<float>().Select(BitConverter.SingleToInt32Bits));
    }

    [Fact]
    public void Scalars_empty_tensors_and_views_survive()
    {
        Tensor view = arange(24, dtype: ScalarType.Int32).reshape(4, 6).t()[torch.TensorIndex.Slice(1, 5, 2)];
        Assert.False(view.is_contiguous());
        string path = Save(
            ("scalar", torch.tensor(4.25f)), ("empty", zeros(2, 0, 3)), ("view", view), ("leaf", ones(2).requires_grad_()));

        IReadOnlyDictionary<string, Tensor> back = Load(path);
        Assert.Empty(back["scalar"].shape);
        Assert.Equal(4.25f, back["scalar"].item<float>());
        Assert.Equal([2, 0, 3], back["empty"].shape);
        AssertSame(view, back["view"]);
        Assert.False(back["leaf"].requires_grad);
        Assert.Equal(Names(path), new HashSet<string> { "scalar", "empty", "view", "leaf" });
    }

    [Fact]
    public void An_empty_set_is_a_file()
    {
        string path = Save();
        Assert.Equal("\b\0\0\0\0\0\0\0{}      ", Encoding.Latin1.GetString(File.ReadAllBytes(path)));
        Assert.Empty(Load(path));
    }

    [Fact]
    public void Bytes_are_the_ones_the_format_prescribes()
    {
        string path = _folder.PathOf("a.safetensors");
        Safetensors.Save(
            path,
            new Dictionary<string, Tensor>
            {
                ["b"] = torch.tensor(new byte[] { 7 }),
                ["é\"\n"] = torch.tensor(new short[] { 258 }),
                ["a"] = torch.tensor(new byte[] { 5, 6 }),
            },
            new Dictionary<string, string> { ["z"] = "1", ["k"] = "v" });

        byte[] file = File.ReadAllBytes(path);
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        Assert.Equal(0, length % 8);
        Assert.Equal(
            "{\"__metadata__\":{\"k\":\"v\",\"z\":\"1\"},\"é\\\"\\n\":{\"dtype\":\"I16\",\"shape\":[1],\"data_offsets\":[0,2]},"
            + "\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,4]},"
            + "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[4,5]}}",
            Encoding.UTF8.GetString(file, 8, length).TrimEnd(' '));
        Assert.Equal(new byte[] { 2, 1, 5, 6, 7 }, file[(8 + length)..]);
    }

    [Fact]
    public void The_same_tensors_give_the_same_file()
    {
        Tensor a = arange(5, dtype: ScalarType.Float32), b = arange(3, dtype: ScalarType.Int64);
        string first = Save(("a", a), ("b", b));
        byte[] bytes = File.ReadAllBytes(first);
        Assert.Equal(bytes, File.ReadAllBytes(Save(("b", b), ("a", a))));
    }

    [Fact]
    public void Large_tensors_are_moved_in_pieces()
    {
        Tensor words = arange(1001, dtype: ScalarType.Int64), bytes = arange(1001, dtype: ScalarType.Int32).to(ScalarType.Byte);
        string path = _folder.PathOf("a.safetensors");
        Safetensors.Save(path, new Dictionary<string, Tensor> { ["w"] = words, ["b"] = bytes }, null, chunkBytes: 100);
        IReadOnlyDictionary<string, Tensor> back = Safetensors.Load(path, chunkBytes: 60);
        AssertSame(words, back["w"]);
        AssertSame(bytes, back["b"]);
        foreach (Tensor tensor in back.Values) tensor.Dispose();
    }

    [Fact]
    public void Loaded_tensors_belong_to_the_caller()
    {
        string path = Save(("x", ones(3)));
        IReadOnlyDictionary<string, Tensor> back;
        using (NewDisposeScope()) back = Safetensors.Load(path);
        Assert.False(back["x"].IsInvalid);
        Assert.Equal(3f, back["x"].sum().item<float>());
        back["x"].Dispose();
    }

    [Fact]
    public void Header_tells_everything_but_the_data()
    {
        string path = _folder.PathOf("a.safetensors");
        Safetensors.Save(
            path, new Dictionary<string, Tensor> { ["x"] = ones(2, 3), ["n"] = ones(4, dtype: ScalarType.Int64) },
            new Dictionary<string, string> { ["step"] = "3000" });

        SafetensorsHeader header = Safetensors.ReadHeader(path);
        Assert.Equal("3000", header.Metadata["step"]);
        Assert.Equal(2, header.Tensors.Count);
        SafetensorsEntry x = header.Tensors["x"];
        Assert.Equal("x", x.Name);
        Assert.Equal(SafetensorsDtype.Float32, x.Dtype);
        Assert.Equal([2, 3], x.Shape);
        Assert.Equal(32, x.Begin);
        Assert.Equal(56, x.End);
        Assert.Equal(24, x.ByteCount);
        Assert.Equal(56, header.DataLength);
        Assert.Equal(new FileInfo(path).Length, header.DataStart + header.DataLength);
    }

    [Fact]
    public void A_file_written_by_the_Python_original_is_read_and_written_back_equal()
    {
        string golden = Path.Combine(AppContext.BaseDirectory, "Golden", "body-dim64.safetensors");
        SafetensorsHeader header = Safetensors.ReadHeader(golden);
        Assert.Equal("64", header.Metadata["dim"]);

        IReadOnlyDictionary<string, Tensor> tensors = Load(golden);
        Assert.Equal(header.Tensors.Count, tensors.Count);
        Assert.Equal([192, 64], tensors["model.self_blocks.0.qkv.weight"].shape);
        Assert.All(tensors.Values, tensor => Assert.True(tensor.isfinite().all().item<bool>()));

        string copy = _folder.PathOf("copy.safetensors");
        Safetensors.Save(copy, tensors, header.Metadata);
        IReadOnlyDictionary<string, Tensor> again = Load(copy);
        Assert.All(tensors, pair => AssertSame(pair.Value, again[pair.Key]));
        Assert.Equal(header.Metadata, Safetensors.ReadHeader(copy).Metadata);
    }

    [Fact]
    public void Save_replaces_a_file_and_leaves_nothing_else()
    {
        string path = Save(("x", ones(1000)));
        Save(("x", zeros(2)));
        Assert.Equal([path], Directory.GetFiles(_folder.FullName));
        Assert.Equal(0f, Load(path)["x"].sum().item<float>());
    }

    /// <summary>A process killed while saving must not leave more behind each time.</summary>
    [Fact]
    public void What_a_killed_save_left_is_replaced()
    {
        string path = Save(("x", ones(3)));
        File.WriteAllText(_folder.PathOf(".a.safetensors.tmp"), "half a file, longer than the one to come".PadRight(1000));
        Save(("x", zeros(2)));
        Assert.Equal([path], Directory.GetFiles(_folder.FullName));
        Assert.Equal(0f, Load(path)["x"].sum().item<float>());
    }

    [Fact]
    public void A_failed_save_keeps_the_old_file_and_removes_its_own()
    {
        string target = _folder.PathOf("a.safetensors");
        Directory.CreateDirectory(target); // a folder cannot be replaced by a file
        Assert.ThrowsAny<Exception>(() => Save(("x", ones(3))));
        Assert.Empty(Directory.GetFiles(_folder.FullName));
        Assert.True(Directory.Exists(target));
    }

    [Fact]
    public void What_the_format_cannot_hold_is_named_before_anything_is_written()
    {
        Tensor disposed = ones(1);
        disposed.Dispose();
        Refused("__metadata__", ones(1), "reserved");
        Refused("x", ones(1, dtype: ScalarType.ComplexFloat32), "ComplexFloat32");
        Refused("x", disposed, "disposed");
        Refused("x", ones(1, device: torch.device("meta")), "meta");
        Refused("x", ones(2, 2).to_sparse(), "sparse");
        Refused("half \ud83d", ones(1), "not Unicode");
        Assert.Empty(Directory.GetFiles(_folder.FullName));

        void Refused(string name, Tensor tensor, string part)
        {
            SafetensorsException error = Assert.Throws<SafetensorsException>(() => Save((name, tensor)));
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
            Assert.Contains("a.safetensors", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_missing_file_is_an_ordinary_error()
    {
        Assert.Throws<FileNotFoundException>(() => Safetensors.Load(_folder.PathOf("none")));
        Assert.Throws<DirectoryNotFoundException>(() => Safetensors.Save(_folder.PathOf("none/a"), new Dictionary<string, Tensor>()));
    }

    private string Save(params (string Name, Tensor Tensor)[] tensors)
    {
        string path = _folder.PathOf("a.safetensors");
        Safetensors.Save(path, tensors.ToDictionary(pair => pair.Name, pair => pair.Tensor));
        return path;
    }

    private IReadOnlyDictionary<string, Tensor> Load(string path)
    {
        IReadOnlyDictionary<string, Tensor> tensors = Safetensors.Load(path);
        foreach (Tensor tensor in tensors.Values) _scope.Attach(tensor);
        return tensors;
    }

    private static HashSet<string> Names(string path) => [.. Safetensors.ReadHeader(path).Tensors.Keys];
}
