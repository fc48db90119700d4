using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Faults;

/// <summary>Weights. The format has no checksum. Accepted tensors must equal the bytes that the header names.</summary>
internal sealed class SafetensorsFormat : DamagedFormat
{
    private readonly string _path;
    private readonly byte[] _valid;

    public SafetensorsFormat(string folder)
    {
        _path = Path.Combine(folder, "a.safetensors");
        using DisposeScope scope = NewDisposeScope();
        Safetensors.Save(
            _path,
            new Dictionary<string, Tensor>
            {
                ["w"] = arange(1200, dtype: ScalarType.Float32).reshape(30, 40),
                ["n"] = arange(2, dtype: ScalarType.Int64),
                ["m"] = arange(3).to(ScalarType.Bool),
                ["h"] = ones(7, dtype: ScalarType.BFloat16),
                ["e"] = zeros(0, 2, dtype: ScalarType.Float16),
            },
            new Dictionary<string, string> { ["k"] = "v", ["unicode"] = "안녕" });
        _valid = File.ReadAllBytes(_path);
    }

    public override string? Read(Random random)
    {
        byte[] damaged = Mutator.Damage(_valid, random, isText: random.Next(2) == 0, 0);
        File.WriteAllBytes(_path, damaged);
        return Refusal(_path, () => Check(damaged), error => error is SafetensorsException);
    }

    private void Check(byte[] file)
    {
        SafetensorsHeader header = Safetensors.ReadHeader(_path);
        IReadOnlyDictionary<string, Tensor> tensors = Safetensors.Load(_path);
        Require(header.Tensors.Count == tensors.Count, "a tensor is missing");
        foreach ((string name, Tensor tensor) in tensors)
        {
            SafetensorsEntry entry = header.Tensors[name];
            Require(TypeOf(tensor) == $"{entry.Dtype}" && tensor.shape.SequenceEqual(entry.Shape), $"type or shape of {name}");
            Require(
                entry.ByteCount == 0 || tensor.bytes.SequenceEqual(
                    file.AsSpan((int)(header.DataStart + entry.Begin), (int)entry.ByteCount)), $"bytes of {name}");
            tensor.Dispose();
        }
    }

    /// <summary>The two enums have the same names but one.</summary>
    private static string TypeOf(Tensor tensor) =>
        tensor.dtype == ScalarType.Byte ? nameof(SafetensorsDtype.UInt8) : tensor.dtype.ToString();
}
