using System.Buffers.Binary;
using System.Text;

namespace HslEmbeddingZero.Tests.Interop;

/// <summary>Every violation of the format is refused with a message that names the file, the value and the limit.</summary>
public sealed class SafetensorsRefusalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void A_file_shorter_than_its_header_is_refused(int length) => Refused(new byte[length], $"is {length} bytes long", "8 bytes");

    [Theory]
    [InlineData(0UL, "length is 0")]
    [InlineData(3UL, "length is 3", "only 2 bytes follow")]
    [InlineData(100_000_000UL, "length is 100000000", "only 2 bytes follow")]
    [InlineData(100_000_001UL, "length is 100000001", "limit is 100000000")]
    [InlineData(ulong.MaxValue, "length is 18446744073709551615", "limit is 100000000")]
    public void A_header_length_that_cannot_be_is_refused(ulong length, params string[] parts)
    {
        byte[] file = [0, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}'];
        BinaryPrimitives.WriteUInt64LittleEndian(file, length);
        Refused(file, parts);
    }

    [Theory]
    [InlineData("{", "not JSON")]
    [InlineData("{\"a\"", "not JSON")]
    [InlineData("{\"a\":}", "not JSON")]
    [InlineData("{'a':1}", "not JSON")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],}}", "not JSON")]
    [InlineData("{\"\\ud800\":{}}", "not JSON", "not Unicode")]
    [InlineData("[]", "not a JSON object", "0x5b")]
    [InlineData(" {}", "not a JSON object", "0x20")]
    [InlineData("\"a\"", "not a JSON object", "0x22")]
    [InlineData("{}x", "trailing data", "byte 2 is 0x78")]
    [InlineData("{}  {}", "trailing data", "byte 4 is 0x7b")]
    [InlineData("{} \n", "trailing data", "byte 3 is 0x0a")]
    [InlineData("{}\0", "trailing data", "0x00")]
    public void A_header_that_is_no_object_of_tensors_is_refused(string header, params string[] parts) => Refused(header, [], parts);

    [Fact]
    public void A_header_that_is_not_UTF8_is_refused()
    {
        byte[] file = [4, 0, 0, 0, 0, 0, 0, 0, (byte)'{', 0xff, 0xfe, (byte)'}'];
        Refused(file, "not UTF-8");
    }

    [Theory]
    [InlineData("{\"a\":EMPTY,\"a\":EMPTY}", "duplicate key 'a' in the header")]
    [InlineData("{\"a\":EMPTY,\"\\u0061\":EMPTY}", "duplicate key 'a' in the header")]
    [InlineData("{\"__metadata__\":{},\"__metadata__\":{}}", "duplicate key '__metadata__' in the header")]
    [InlineData("{\"__metadata__\":{\"k\":\"1\",\"k\":\"1\"}}", "duplicate key 'k' in '__metadata__'")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", "duplicate key 'dtype' in tensor 'a'")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"shape\":[0],\"data_offsets\":[0,0]}}", "duplicate key 'shape' in tensor 'a'")]
    public void Duplicate_keys_are_refused(string header, string part) => Refused(header, [], part);

    [Theory]
    [InlineData("{\"__metadata__\":[]}", "'__metadata__' is an array", "object")]
    [InlineData("{\"__metadata__\":null}", "'__metadata__' is null", "object")]
    [InlineData("{\"__metadata__\":{\"k\":1}}", "value 'k' is a number", "string")]
    [InlineData("{\"__metadata__\":{\"k\":{}}}", "value 'k' is an object", "string")]
    public void Metadata_that_is_not_text_is_refused(string header, params string[] parts) => Refused(header, [], parts);

    [Theory]
    [InlineData("{\"a\":1}", "tensor 'a' is a number", "object")]
    [InlineData("{\"a\":{}}", "tensor 'a' has no dtype")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,0]}}", "tensor 'a' has no shape")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[0]}}", "tensor 'a' has no data_offsets")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0],\"scale\":2}}", "unknown field 'scale'", "data_offsets")]
    [InlineData("{\"a\":{\"dtype\":8,\"shape\":[0],\"data_offsets\":[0,0]}}", "dtype of tensor 'a' is a number", "string")]
    [InlineData("{\"a\":{\"dtype\":\"U8\",\"shape\":0,\"data_offsets\":[0,0]}}", "shape of tensor 'a' is a number", "array")]
    public void Wrong_tensor_fields_are_refused(string header, params string[] parts) => Refused(header, [], parts);

    [Theory]
    [InlineData("U16")]
    [InlineData("F8_E4M3")]
    [InlineData("f32")]
    [InlineData("")]
    public void An_unknown_dtype_is_refused(string dtype) =>
        Refused($"{{\"a\":{{\"dtype\":\"{dtype}\",\"shape\":[0],\"data_offsets\":[0,0]}}}}", [], $"unknown dtype '{dtype}'", "'a'", "BF16");

    [Theory]
    [InlineData("[-1]", "shape[0]", "is -1", "whole number from 0")]
    [InlineData("[2,1.5]", "shape[1]", "is 1.5", "whole number")]
    [InlineData("[1e2]", "shape[0]", "is 1e2", "whole number")]
    [InlineData("[9223372036854775808]", "shape[0]", "is 9223372036854775808", "to 9223372036854775807")]
    [InlineData("[\"2\"]", "shape[0]", "is a string", "whole number")]
    [InlineData("[[2]]", "shape[0]", "is an array", "whole number")]
    [InlineData("[4294967296,4294967296]", "overflows", "[4294967296, 4294967296]", "9223372036854775807 bytes")]
    [InlineData("[9223372036854775807]", "overflows", "9223372036854775807")]
    [InlineData("[0,4294967296,4294967296]", "overflows", "9223372036854775807")]
    public void A_shape_that_cannot_be_is_refused(string shape, params string[] parts) =>
        Refused($"{{\"a\":{{\"dtype\":\"F32\",\"shape\":{shape},\"data_offsets\":[0,0]}}}}", [], parts);

    [Fact]
    public void Too_many_dimensions_are_refused()
    {
        string shape = string.Join(',', Enumerable.Repeat(1, 65));
        Refused($"{{\"a\":{{\"dtype\":\"U8\",\"shape\":[{shape}],\"data_offsets\":[0,1]}}}}", [0], "more than 64");
    }

    [Theory]
    [InlineData("[0,3]", "span 3 bytes", "takes 4")]
    [InlineData("[0,5]", "span 5 bytes", "takes 4")]
    [InlineData("[0]", "length 1", "2 numbers")]
    [InlineData("[0,4,8]", "more than 2")]
    [InlineData("[4,0]", "[4, 0]", "end before they begin")]
    [InlineData("[-4,0]", "data_offsets[0]", "is -4", "whole number")]
    [InlineData("[9223372036854775803,9223372036854775807]", "out of range", "4 bytes of data")]
    public void Offsets_that_do_not_fit_a_tensor_are_refused(string offsets, params string[] parts) =>
        Refused($"{{\"a\":{{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":{offsets}}}}}", new byte[4], parts);

    [Theory]
    [InlineData(0, 2, 1, 3, 4, "tensor 'b' overlap with tensor 'a'", "ends at 2")]
    [InlineData(0, 2, 0, 2, 4, "overlap", "ends at 2")]
    [InlineData(0, 2, 3, 5, 5, "hole of 1 bytes", "ends at 2")]
    [InlineData(1, 3, 3, 5, 5, "hole of 1 bytes", "start of the data")]
    [InlineData(0, 2, 2, 4, 3, "truncated", "need 4 bytes", "3 follow")]
    [InlineData(0, 2, 6, 8, 4, "out of range", "4 bytes of data")]
    [InlineData(0, 2, 2, 4, 6, "2 bytes are left over", "4 of 6")]
    public void Tensors_that_overlap_or_leave_a_gap_are_refused(int begin, int end, int begin2, int end2, int data,
        params string[] parts) => Refused(
        $"{{\"a\":{{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[{begin},{end}]}},"
        + $"\"b\":{{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[{begin2},{end2}]}}}}", new byte[data], parts);

    [Fact]
    public void Data_without_tensors_is_refused() => Refused("{}", [1], "1 bytes are left over");

    [Fact]
    public void Huge_tensors_are_refused_before_memory_is_taken() => Refused(
        "{\"a\":{\"dtype\":\"F64\",\"shape\":[1000000000000000],\"data_offsets\":[0,8000000000000000]}}",
        [], "truncated", "need 8000000000000000 bytes");

    [Fact]
    public void Booleans_are_zero_or_one()
    {
        const string header = "{\"a\":{\"dtype\":\"BOOL\",\"shape\":[3],\"data_offsets\":[0,3]}}";
        SafetensorsException error = Assert.Throws<SafetensorsException>(() => Safetensors.Load(Write(header, [0, 1, 2])));
        Assert.Contains("element 2 of BOOL tensor 'a' is 2", error.Message, StringComparison.Ordinal);
    }

    private void Refused(string header, byte[] data, params string[] parts) => Refused(Compose(header, data), parts);

    private void Refused(byte[] file, params string[] parts)
    {
        string path = _folder.PathOf("crafted.safetensors");
        File.WriteAllBytes(path, file);
        foreach (Func<object> read in new Func<object>[] { () => Safetensors.ReadHeader(path), () => Safetensors.Load(path) })
        {
            SafetensorsException error = Assert.Throws<SafetensorsException>(read);
            Assert.StartsWith(path + ": ", error.Message, StringComparison.Ordinal);
            foreach (string part in parts) Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }
    }

    private string Write(string header, byte[] data)
    {
        string path = _folder.PathOf("crafted.safetensors");
        File.WriteAllBytes(path, Compose(header, data));
        return path;
    }

    private static byte[] Compose(string header, byte[] data)
    {
        const string empty = "{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}";
        byte[] text = Encoding.UTF8.GetBytes(header.Replace("EMPTY", empty, StringComparison.Ordinal));
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        return [.. length, .. text, .. data];
    }
}
