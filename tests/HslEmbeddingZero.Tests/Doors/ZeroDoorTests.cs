using TorchSharp;
using static HslEmbeddingZero.Tests.Doors.DoorTensors;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Doors;

public sealed class ZeroDoorTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(1, 27)]
    [InlineData(2, 64)]
    [InlineData(8, 512)]
    [InlineData(18, 512)]
    public void Slots_are_k_rows_side_by_side_then_zeros(int k, int dim)
    {
        using var door = new ZeroDoor(k, dim);
        int used = k * HslFeatures.Dimension;
        byte[] bytes = RandomBytes(3 * k, k);
        float[] features = HslFeatures.Encode(bytes);
        float[] slots = Floats(door.forward(Ids(bytes, ScalarType.Byte)));
        for (int slot = 0; slot < 3; slot++)
        {
            ReadOnlySpan<float> row = slots.AsSpan(slot * dim, dim);
            Assert.Equal(Bits(features.AsSpan(slot * used, used)), Bits(row[..used]));
            Assert.All(row[used..].ToArray(), value => Assert.Equal(0f, value));
        }
    }

    [Fact]
    public void Stream_is_one_row_then_zeros()
    {
        using var door = new ZeroDoor();
        byte[] bytes = RandomBytes(20, 1);
        float[] stream = Floats(door.Stream(Ids(bytes, ScalarType.Int64)));
        float[] features = HslFeatures.Encode(bytes);
        for (int i = 0; i < 20; i++)
        {
            ReadOnlySpan<float> row = stream.AsSpan(i * door.Dim, door.Dim);
            Assert.Equal(Bits(features.AsSpan(i * HslFeatures.Dimension, HslFeatures.Dimension)), Bits(row[..HslFeatures.Dimension]));
            Assert.All(row[HslFeatures.Dimension..].ToArray(), value => Assert.Equal(0f, value));
        }
    }

    [Fact]
    public void Channels_keep_fixed_addresses()
    {
        using var door = new ZeroDoor();
        const byte value = 0b1011_0010;
        float[] slot = Floats(door.forward(Ids([.. Enumerable.Repeat(value, 8)], ScalarType.Byte)));
        for (int k = 0; k < 8; k++)
        {
            ReadOnlySpan<float> group = slot.AsSpan(HslFeatures.Dimension * k, HslFeatures.Dimension);
            Assert.Equal(new float[] { 1, 1, 1, 0, 1, 0, 1, 1 }, group[..8].ToArray()); // gray(10110010) = 11101011
            Assert.Equal(k == 0 ? [1, 1, 1, 0, 1, 0, 1, 1] : new float[8], group.Slice(8, 8).ToArray());
            Assert.Equal(4f, group[17]); // four bits are set
            Assert.Equal(Math.Cos(Math.Tau * value / 256), group[25], 1e-6);
            Assert.Equal(Math.Sin(Math.Tau * value / 256), group[26], 1e-6);
        }
    }

    [Fact]
    public void Nothing_is_learned_and_nothing_is_stored()
    {
        using var door = new ZeroDoor();
        Assert.Equal(0, door.LearnedParameters);
        Assert.Empty(door.state_dict());
        Assert.Empty(door.parameters());
        Assert.Empty(door.buffers());
        Assert.False(door.forward(Ids([1, 2, 3])).requires_grad);
    }

    [Theory]
    [InlineData(19, 512, "513", "512", "18")]
    [InlineData(1, 26, "27", "26", "0")]
    [InlineData(3, 80, "81", "80", "2")]
    [InlineData(int.MaxValue, 512, "57982058469", "512", "18")]
    public void More_bytes_than_fit_are_refused(int k, int dim, string needed, string limit, string fit)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => new ZeroDoor(k, dim));
        Assert.Contains($"{k} bytes", error.Message, StringComparison.Ordinal);
        Assert.Contains(needed, error.Message, StringComparison.Ordinal);
        Assert.Contains($"dim {limit}", error.Message, StringComparison.Ordinal);
        Assert.Contains($"at most {fit} bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Null_features_are_refused()
    {
        Assert.Throws<ArgumentNullException>(() => new ZeroDoor((ControlFeatures)null!));
        Assert.Throws<ArgumentNullException>(() => new ProjectionDoor((ControlFeatures)null!));
    }

    [Fact]
    public void Standardized_keeps_padding_and_special_ids_at_zero()
    {
        using var door = new ZeroDoor(2, 64, scaling: ChannelScaling.Standardized);
        float[] slots = Floats(door.forward(Ids([ByteIds.Mask, ByteIds.EndOfSequence, ByteIds.Mask, 7])));
        Assert.All(slots[..64], value => Assert.Equal(0f, value));
        Assert.All(slots[64..(64 + HslFeatures.Dimension)], value => Assert.Equal(0f, value));
        Assert.All(slots[(64 + (2 * HslFeatures.Dimension))..], value => Assert.Equal(0f, value));
        // The byte after a special id has the features of a first byte.
        Assert.Equal(Bits(Floats(door.Features(Ids([7])))), Bits(slots.AsSpan(64 + HslFeatures.Dimension, HslFeatures.Dimension)));
    }

    /// <summary>
    /// Bytes and wider ids, full and partial last slots, the direct path (float32) and the gather path (float64), learned values.
    /// </summary>
    [Theory]
    [InlineData(ControlKind.Hsl, ScalarType.Byte, ScalarType.Float32, SlotTail.Pad)]
    [InlineData(ControlKind.Hsl, ScalarType.Byte, ScalarType.Float32, SlotTail.Drop)]
    [InlineData(ControlKind.Hsl, ScalarType.Int64, ScalarType.Float32, SlotTail.Pad)]
    [InlineData(ControlKind.Hsl, ScalarType.Byte, ScalarType.Float64, SlotTail.Pad)]
    [InlineData(ControlKind.Learned, ScalarType.Byte, ScalarType.Float32, SlotTail.Pad)]
    public void Memory_of_ones_own_holds_what_forward_and_stream_return(ControlKind kind, ScalarType idType, ScalarType type, SlotTail tail)
    {
        using var door = new ZeroDoor(new ControlFeatures(kind), 4, 128, tail);
        door.to(type);
        Tensor ids = Ids(RandomBytes(2 * 3 * 21, 5), ScalarType.Byte, 2, 3, 21).to(idType);
        if (idType != ScalarType.Byte) ids[1, 2, 5] = tensor(ByteIds.EndOfSequence);
        using IDisposable quiet = no_grad();
        Tensor slots = full([2, 3, tail == SlotTail.Pad ? 6 : 5, 128], double.NaN, type), stream = full([2, 3, 21, 128], double.NaN, type);
        door.WriteSlots(ids, slots);
        door.WriteStream(ids, stream);
        Assert.True(door.forward(ids).bytes.SequenceEqual(slots.bytes));
        Assert.True(door.Stream(ids).bytes.SequenceEqual(stream.bytes));
    }

    [Fact]
    public void Writing_keeps_no_tensor()
    {
        using var door = new ZeroDoor(4, 128);
        Tensor ids = Ids(RandomBytes(8, 5), ScalarType.Byte, 1, 8), slots = zeros([1, 2, 128]);
        door.WriteSlots(ids, slots);
        long live = LiveTensors;
        for (int i = 0; i < 3; i++) door.WriteSlots(ids, slots);
        Assert.Equal(live, LiveTensors);
    }

    [Fact]
    public void A_destination_that_does_not_fit_is_refused_and_stays_as_it_was()
    {
        using var door = new ZeroDoor(4, 128);
        Tensor ids = Ids(RandomBytes(2 * 10, 5), ScalarType.Byte, 2, 10);
        Refuses(zeros([2, 2, 128]), "[2, 3, 128] of Float32 on cpu", "this one is [2, 2, 128] of Float32");
        Refuses(zeros([2, 3, 127]), "[2, 3, 127]");
        Refuses(zeros([3, 3, 128]), "[3, 3, 128]");
        Refuses(zeros([6, 128]), "[6, 128]");
        Refuses(zeros([2, 3, 128], ScalarType.Float64), "of Float64");
        Refuses(zeros([3, 2, 128]).transpose(0, 1), "not contiguous");
        Assert.Throws<ArgumentNullException>(() => door.WriteSlots(ids, null!));
        Assert.Throws<ArgumentNullException>(() => door.WriteStream(null!, zeros([2, 10, 128])));
        Assert.Throws<ArgumentException>(() => door.WriteStream(ids, zeros([2, 3, 128])));

        void Refuses(Tensor destination, params string[] parts)
        {
            ArgumentException error = Assert.Throws<ArgumentException>(() => door.WriteSlots(ids, destination));
            foreach (string part in parts) Assert.Contains(part, error.Message, StringComparison.Ordinal);
            Assert.Equal(0f, destination.abs().sum().to(ScalarType.Float32).item<float>());
        }
    }

    [Fact]
    public void A_learned_destination_is_refused_and_stays_as_it_was()
    {
        using var door = new ZeroDoor(4, 128);
        Tensor ids = Ids(RandomBytes(8, 5), ScalarType.Byte, 1, 8), slots = zeros([1, 2, 128]).requires_grad_();
        Assert.ThrowsAny<Exception>(() => door.WriteSlots(ids, slots));
        Assert.Equal(0f, slots.abs().sum().item<float>());
    }

    [Fact]
    public void A_graph_that_still_needs_the_old_numbers_is_refused_not_wrong()
    {
        using var door = new ZeroDoor(4, 128);
        Tensor ids = Ids(RandomBytes(8, 5), ScalarType.Byte, 1, 8), slots = zeros([1, 2, 128]), weight = ones(128).requires_grad_();
        door.WriteSlots(ids, slots);
        Tensor loss = (slots * weight).sum();
        door.WriteSlots(Ids(RandomBytes(8, 6), ScalarType.Byte, 1, 8), slots);
        Exception error = Assert.ThrowsAny<Exception>(() => loss.backward());
        Assert.Contains("modified by an inplace operation", error.Message, StringComparison.Ordinal);
    }
}
