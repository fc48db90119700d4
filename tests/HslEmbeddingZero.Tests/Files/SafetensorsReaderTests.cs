namespace HslEmbeddingZero.Tests.Files;

/// <summary>Reading and writing tensors' bytes without torch.</summary>
public sealed class SafetensorsReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Bytes_come_back_whole_and_in_pieces()
    {
        byte[] words = [.. Enumerable.Range(0, 40).Select(i => (byte)(3 * i))];
        string path = _folder.PathOf("a.safetensors");
        SafetensorsWriter.Write(
            path, [Content("b", SafetensorsDtype.UInt8, [3], [7, 8, 9]), Content("w", SafetensorsDtype.Int64, [5, 1], words)],
            new Dictionary<string, string> { ["step"] = "1" });

        using var reader = SafetensorsReader.Open(path);
        Assert.Equal("1", reader.Header.Metadata["step"]);
        SafetensorsEntry entry = reader.Header.Tensors["w"];
        Assert.Equal((SafetensorsDtype.Int64, 0L, 40L), (entry.Dtype, entry.Begin, entry.End)); // larger elements first
        byte[] whole = new byte[40], piece = new byte[10];
        reader.Read(entry, whole);
        Assert.Equal(words, whole);
        reader.Read(entry, piece, offset: 30);
        Assert.Equal(words[30..], piece);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 4)]
    [InlineData(3, 1)]
    [InlineData(long.MaxValue, 1)]
    public void Bytes_outside_the_tensor_are_refused(long offset, int count)
    {
        string path = _folder.PathOf("a.safetensors");
        SafetensorsWriter.Write(
            path, [Content("a", SafetensorsDtype.UInt8, [3], [7, 8, 9]), Content("b", SafetensorsDtype.UInt8, [3], [1, 2, 3])]);
        using var reader = SafetensorsReader.Open(path);
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(
            () => reader.Read(reader.Header.Tensors["a"], new byte[count], offset));
        Assert.Contains("'a', which has 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_does_not_fill_its_shape_is_not_written()
    {
        string path = _folder.PathOf("a.safetensors");
        Assert.Contains("'a' ends at byte", Assert.Throws<InvalidOperationException>(
            () => SafetensorsWriter.Write(path, [Content("a", SafetensorsDtype.Int16, [2], [7, 8, 9])])).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void The_name_of_the_metadata_is_reserved()
    {
        SafetensorsException error = Assert.Throws<SafetensorsException>(() => SafetensorsWriter.Write(
            _folder.PathOf("a.safetensors"), [Content("__metadata__", SafetensorsDtype.UInt8, [1], [1])]));
        Assert.Contains("reserved", error.Message, StringComparison.Ordinal);
    }

    private static SafetensorsContent Content(string name, SafetensorsDtype dtype, long[] shape, byte[] bytes) =>
        new(name, dtype, shape, file => file.Write(bytes));
}
