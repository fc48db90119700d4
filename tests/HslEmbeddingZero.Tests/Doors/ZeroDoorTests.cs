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
    public void SlotsAreKRowsSideBySideThenZeros(int k, int dim)
    {
        using var door = new ZeroDoor(k, dim);
        byte[] bytes = RandomBytes(3 * k, k);
        float[] features = HslFeatures.Encode(bytes);
        float[] slots = Floats(door.forward(Ids(bytes, ScalarType.Byte)));
        for (int slot = 0; slot < 3; slot++)
        {
            ReadOnlySpan<float> row = slots.AsSpan(slot * dim, dim);
            Assert.Equal(Bits(features.AsSpan(slot * k * 27, k * 27)), Bits(row[..(k * 27)]));
            Assert.All(row[(k * 27)..].ToArray(), value => Assert.Equal(0f, value));
        }
    }

    [Fact]
    public void StreamIsOneRowThenZeros()
    {
        using var door = new ZeroDoor();
        byte[] bytes = RandomBytes(20, 1);
        float[] stream = Floats(door.Stream(Ids(bytes, ScalarType.Int64)));
        float[] features = HslFeatures.Encode(bytes);
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(Bits(features.AsSpan(i * 27, 27)), Bits(stream.AsSpan(i * 512, 27)));
            Assert.All(stream.AsSpan(i * 512 + 27, 512 - 27).ToArray(), value => Assert.Equal(0f, value));
        }
    }

    [Fact]
    public void ChannelsKeepFixedAddresses()
    {
        using var door = new ZeroDoor();
        const byte value = 0b1011_0010;
        float[] slot = Floats(door.forward(Ids([.. Enumerable.Repeat(value, 8)], ScalarType.Byte)));
        for (int k = 0; k < 8; k++)
        {
            ReadOnlySpan<float> group = slot.AsSpan(27 * k, 27);
            Assert.Equal(new float[] { 1, 1, 1, 0, 1, 0, 1, 1 }, group[..8].ToArray()); // gray(10110010) = 11101011
            Assert.Equal(k == 0 ? [1, 1, 1, 0, 1, 0, 1, 1] : new float[8], group.Slice(8, 8).ToArray());
            Assert.Equal(4f, group[17]); // four bits are set
            Assert.Equal(Math.Cos(Math.Tau * value / 256), group[25], 1e-6);
            Assert.Equal(Math.Sin(Math.Tau * value / 256), group[26], 1e-6);
        }
    }

    [Fact]
    public void NothingIsLearnedAndNothingIsStored()
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
    public void MoreBytesThanFitAreRefused(int k, int dim, string needed, string limit, string fit)
    {
        var error = Assert.Throws<ArgumentException>(() => new ZeroDoor(k, dim));
        Assert.Contains($"{k} bytes", error.Message, StringComparison.Ordinal);
        Assert.Contains(needed, error.Message, StringComparison.Ordinal);
        Assert.Contains($"dim {limit}", error.Message, StringComparison.Ordinal);
        Assert.Contains($"at most {fit} bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NullFeaturesAreRefused()
    {
        Assert.Throws<ArgumentNullException>(() => new ZeroDoor((ControlFeatures)null!));
        Assert.Throws<ArgumentNullException>(() => new ProjectionDoor((ControlFeatures)null!));
    }

    [Fact]
    public void StandardizedKeepsPaddingAndSpecialIdsAtZero()
    {
        using var door = new ZeroDoor(2, 64, scaling: ChannelScaling.Standardized);
        float[] slots = Floats(door.forward(Ids([256, 257, 256, 7])));
        Assert.All(slots[..64], value => Assert.Equal(0f, value));
        Assert.All(slots[64..(64 + 27)], value => Assert.Equal(0f, value));
        Assert.All(slots[(64 + 54)..], value => Assert.Equal(0f, value));
        // The byte after a special id reads what a first byte reads.
        Assert.Equal(Bits(Floats(door.Features(Ids([7])))), Bits(slots.AsSpan(64 + 27, 27)));
    }
}
