using CsCheck;
using TorchSharp;
using static HslEmbeddingZero.Tests.Doors.DoorTensors;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Doors;

/// <summary>The tensor path against the plain C# path, bit for bit.</summary>
public sealed class FeatureGatherTests : IDisposable
{
    private const int K = 8;
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly ZeroDoor _door = new(K);

    public static TheoryData<ScalarType> IdTypes => [ScalarType.Byte, ScalarType.Int16, ScalarType.Int32, ScalarType.Int64];

    public void Dispose()
    {
        _door.Dispose();
        _scope.Dispose();
    }

    [Theory]
    [MemberData(nameof(IdTypes))]
    public void Random_bytes_of_many_lengths_come_out_alike(ScalarType dtype)
    {
        foreach (int length in new[] { 0, 1, 2, 3, K - 1, K, K + 1, 64, 1000 })
        {
            byte[] bytes = RandomBytes(length, length + 1);
            Tensor features = _door.Features(Ids(bytes, dtype));
            Assert.Equal(new long[] { length, HslFeatures.Dimension }, features.shape);
            Assert.Equal(ScalarType.Float32, features.dtype);
            Assert.Equal(Bits(length == 0 ? [] : HslFeatures.Encode(bytes)), Bits(Floats(features)));
        }
    }

    [Theory]
    [MemberData(nameof(IdTypes))]
    public void Leading_shapes_are_rows_of_their_own(ScalarType dtype)
    {
        byte[] bytes = RandomBytes(2 * 3 * 11, 5);
        int[] expected = Bits([.. bytes.Chunk(11).SelectMany(row => HslFeatures.Encode(row))]);
        foreach (long[] shape in new long[][] { [6, 11], [2, 3, 11], [1, 6, 1, 11] })
        {
            Tensor features = _door.Features(Ids(bytes, dtype, shape));
            Assert.Equal([.. shape, HslFeatures.Dimension], features.shape);
            Assert.Equal(expected, Bits(Floats(features)));
        }
    }

    [Fact]
    public void Every_pair_of_bytes_has_its_features()
    {
        byte[] pairs = [.. Enumerable.Range(0, 65536).SelectMany(pair => new[] { (byte)(pair >> 8), (byte)pair })];
        int[] expected = Bits([.. pairs.Chunk(2).SelectMany(pair => HslFeatures.Encode(pair))]);
        Assert.Equal(expected, Bits(Floats(_door.Features(Ids(pairs, ScalarType.Byte, 65536, 2)))));
    }

    [Fact]
    public void Any_bytes_come_back() => Gen.Byte.Array[0, 40].Sample(bytes =>
    {
        using DisposeScope scope = NewDisposeScope();
        return Bits(bytes.Length == 0 ? [] : HslFeatures.Encode(bytes)).SequenceEqual(
            Bits(Floats(_door.Features(Ids(bytes, ScalarType.Byte)))));
    });

    [Fact]
    public void Ids_with_special_ones_among_them_come_out_alike() =>
        Gen.Int[0, ByteIds.EndOfSequence].Select(Gen.Bool, (id, special) => special ? ByteIds.Mask + id % 2 : id).Array[1, 24].Sample(ids =>
    {
        using DisposeScope scope = NewDisposeScope();
        return Bits(Expected(ids)).SequenceEqual(Bits(Floats(_door.Features(Ids(ids)))));
    });

    [Theory]
    [InlineData(ByteIds.Mask)]
    [InlineData(ByteIds.EndOfSequence)]
    public void Special_ids_read_zeros_and_the_next_byte_is_first(int special)
    {
        float[] rows = Floats(_door.Features(Ids([65, 66, special, 200, 17, 99, special, special, 3])));
        foreach (int row in (int[])[2, 6, 7]) Assert.Equal(new float[HslFeatures.Dimension], Row(rows, row).ToArray());
        float[] fresh = HslFeatures.Encode([200, 17, 99]);
        for (int i = 0; i < 3; i++) Assert.Equal(Bits(Row(fresh, i)), Bits(Row(rows, 3 + i))); // boundary features as well
        Assert.Equal(Bits(HslFeatures.Encode([3])), Bits(Row(rows, 8)));
    }

    [Theory]
    [MemberData(nameof(IdTypes))]
    public void Ids_need_not_be_contiguous(ScalarType dtype)
    {
        byte[] bytes = RandomBytes(5 * 16, 9);
        foreach (ControlKind kind in Enum.GetValues<ControlKind>())
        {
            using var features = new ControlFeatures(kind, 1);
            Tensor ids = Ids(bytes, dtype, 16, 5);
            foreach (Tensor view in new[] { ids.t(), ids.narrow(1, 1, 3), ids.expand(2, 16, 5), ids.t().unsqueeze(0) })
                Assert.Equal(Bits(Floats(features.forward(view.contiguous()))), Bits(Floats(features.forward(view))));
        }
    }

    [Fact]
    public void Ids_are_left_alone()
    {
        Tensor ids = Ids([1, ByteIds.Mask, 2, 3, ByteIds.EndOfSequence, 4, 5, 6, 7]);
        Tensor before = ids.clone();
        _door.forward(ids);
        _door.Stream(ids);
        Assert.True(ids.eq(before).all().item<bool>());
        Assert.False(ids.IsInvalid);
    }

    [Fact]
    public void Bfloat16_is_the_rounded_float32()
    {
        Tensor ids = Ids(RandomIds(4000, 3), 4, 1000);
        foreach (ChannelScaling scaling in Enum.GetValues<ChannelScaling>())
        {
            using var door = new ZeroDoor(scaling: scaling);
            Tensor expected = door.Features(ids).to(ScalarType.BFloat16);
            door.to(ScalarType.BFloat16);
            Tensor features = door.Features(ids);
            Assert.Equal(ScalarType.BFloat16, features.dtype);
            Assert.Equal(ScalarType.BFloat16, door.forward(ids).dtype);
            Assert.Equal(ScalarType.BFloat16, door.Stream(ids).dtype);
            Assert.Equal(Bits(Floats(expected)), Bits(Floats(features)));
        }
    }

    [Theory]
    [InlineData(ChannelScaling.None)]
    [InlineData(ChannelScaling.Standardized)]
    public void To_bfloat16_and_back_gives_the_frozen_features_again(ChannelScaling scaling)
    {
        Tensor ids = Ids(RandomIds(2000, 4), 2, 1000);
        using var door = new ZeroDoor(scaling: scaling);
        int[] before = Bits(Floats(door.Features(ids)));
        door.to(ScalarType.BFloat16);
        door.to(ScalarType.Float32);
        Tensor after = door.Features(ids);
        Assert.Equal(ScalarType.Float32, after.dtype);
        Assert.Equal(before, Bits(Floats(after)));
    }

    [Fact]
    public void To_CPU_and_to_double_keep_the_values()
    {
        Tensor ids = Ids(RandomIds(500, 6));
        int[] before = Bits(Floats(_door.Features(ids)));
        _door.to(CPU);
        Assert.Equal(before, Bits(Floats(_door.Features(ids))));
        _door.to(ScalarType.Float64);
        Assert.Equal(ScalarType.Float64, _door.Features(ids).dtype);
        Assert.Equal(before, Bits(Floats(_door.Features(ids))));
    }

    [SkippableFact]
    public void To_CUDA_moves_the_tables()
    {
        Skip.IfNot(cuda.is_available(), "no CUDA device");
        Tensor ids = Ids(RandomIds(4000, 7), 4, 1000);
        int[] before = Bits(Floats(_door.Features(ids)));
        _door.to(CUDA);
        Tensor features = _door.Features(ids.to(CUDA));
        Assert.Equal(DeviceType.CUDA, features.device_type);
        Assert.Equal(before, Bits(Floats(features)));
        ArgumentException error = Assert.Throws<ArgumentException>(() => _door.forward(ids));
        Assert.Contains("cpu", error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("cuda", error.Message, StringComparison.OrdinalIgnoreCase);
        _door.to(CPU);
        Assert.Equal(before, Bits(Floats(_door.Features(ids))));
    }

    [Fact]
    public void Tables_are_made_when_they_are_first_needed_and_freed_with_the_door()
    {
        using Tensor ids = zeros(1, 8, ScalarType.Byte);
        long before = LiveTensors;
        var door = new ZeroDoor();
        door.forward(ids).Dispose(); // float32 on a CPU does not use them
        Assert.Equal(before, LiveTensors);
        door.to(ScalarType.BFloat16);
        door.forward(ids).Dispose();
        Assert.True(LiveTensors > before);
        door.Dispose();
        Assert.Equal(before, LiveTensors);
    }

    private static ReadOnlySpan<float> Row(float[] rows, int row) => rows.AsSpan(row * HslFeatures.Dimension, HslFeatures.Dimension);
}
