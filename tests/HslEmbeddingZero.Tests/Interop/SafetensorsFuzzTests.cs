using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Interop;

/// <summary>Random damage to a valid file. The file loads as its header says, or is refused.</summary>
public sealed class SafetensorsFuzzTests : IDisposable
{
    private const int Mutations = 2000;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Damaged_files_load_or_are_refused()
    {
        string path = _folder.PathOf("a.safetensors");
        byte[] valid = ValidFile(path);
        var random = new Random(2026);
        int loaded = 0, refused = 0;
        for (int i = 0; i < Mutations; i++)
        {
            byte[] damaged = Damage(valid, random);
            File.WriteAllBytes(path, damaged);
            try
            {
                Verify(path, damaged);
                loaded++;
            }
            catch (SafetensorsException error)
            {
                Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
                refused++;
            }
            catch (Exception error) when (error is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"Mutation {i} of seed 2026 gave {error.GetType().Name}: {error.Message}\n{Convert.ToBase64String(damaged)}");
            }
        }

        // Both outcomes must be frequent; otherwise the damage is not of the right kind.
        Assert.InRange(loaded, 100, Mutations);
        Assert.InRange(refused, 500, Mutations);
    }

    private static byte[] ValidFile(string path)
    {
        using DisposeScope scope = NewDisposeScope();
        Safetensors.Save(
            path,
            new Dictionary<string, Tensor>
            {
                ["w"] = arange(120, dtype: ScalarType.Float32).reshape(10, 12),
                ["n"] = arange(2, dtype: ScalarType.Int64),
                ["m"] = arange(3).to(ScalarType.Bool),
                ["e"] = zeros(0, 2, dtype: ScalarType.Float16),
            },
            new Dictionary<string, string> { ["k"] = "v" });
        return File.ReadAllBytes(path);
    }

    /// <summary>The loaded tensors must equal the bytes of the file that their entries name.</summary>
    private static void Verify(string path, byte[] file)
    {
        SafetensorsHeader header = Safetensors.ReadHeader(path);
        IReadOnlyDictionary<string, Tensor> tensors = Safetensors.Load(path);
        Assert.Equal(header.Tensors.Keys.Order(), tensors.Keys.Order());
        foreach ((string name, Tensor tensor) in tensors)
        {
            SafetensorsEntry entry = header.Tensors[name];
            Assert.Equal(entry.Dtype.ToScalarType(), tensor.dtype);
            Assert.Equal(entry.Shape, tensor.shape);
            if (entry.ByteCount > 0)
            {
                Assert.True(tensor.bytes.SequenceEqual(
                    file.AsSpan((int)(header.DataStart + entry.Begin), (int)entry.ByteCount)), $"bytes of '{name}'");
            }

            tensor.Dispose();
        }
    }

    private static byte[] Damage(byte[] valid, Random random)
    {
        var file = new List<byte>(valid);
        int changes = random.Next(1, 4);
        for (int i = 0; i < changes && file.Count > 0; i++)
        {
            int at = random.Next(file.Count);
            int headerAt = Math.Min(file.Count - 1, 8 + random.Next(valid.Length - 8));
            switch (random.Next(7))
            {
                case 0: file[at] = (byte)random.Next(256); break;
                case 1: file[at] ^= (byte)(1 << random.Next(8)); break;
                case 2: file[headerAt] = (byte)"0123456789-{}[],:\" \\ef"[random.Next(22)]; break;
                case 3: file.RemoveAt(at); break;
                case 4: file.Insert(at, (byte)random.Next(256)); break;
                case 5: file.RemoveRange(at, Math.Min(random.Next(1, 9), file.Count - at)); break;
                default: // replaces one digit in the header: the JSON stays valid
                    int[] digits = [.. Enumerable.Range(0, file.Count).Skip(8).Where(place => char.IsAsciiDigit((char)file[place]))];
                    if (digits.Length > 0) file[digits[random.Next(digits.Length)]] = (byte)('0' + random.Next(10));
                    break;
            }
        }

        return [.. file];
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        string path = _folder.PathOf("a.safetensors");
        byte[] valid = ValidFile(path);
        Assert.Contains("F32", Encoding.UTF8.GetString(valid), StringComparison.Ordinal);
        for (int length = 0; length < valid.Length; length++)
        {
            File.WriteAllBytes(path, valid[..length]);
            Assert.Throws<SafetensorsException>(() => Safetensors.Load(path));
        }
    }
}
