using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Doors;

/// <summary>Rows written in place equal rows gathered from the table, bit for bit; wider ids take the second way.</summary>
public sealed class SlotWriterTests
{
    [Theory]
    [InlineData(1, 0, 8)]
    [InlineData(1, 1, 8)]
    [InlineData(3, 7, 8)]
    [InlineData(3, 8, 8)]
    [InlineData(2, 25, 8)]
    [InlineData(2, 33, 1)]
    [InlineData(2, 33, 2)]
    [InlineData(5, 100, 16)]
    [InlineData(40, 512, 8)] // enough output for several threads
    public void WrittenSlotsAndStreamsEqualGatheredOnes(int batch, int length, int bytesPerSlot)
    {
        manual_seed(batch * 1000 + length);
        using ZeroDoor door = new(bytesPerSlot, 512);
        using Tensor bytes = randint(0, 256, [batch, length], ScalarType.Byte);
        using Tensor wide = bytes.to(ScalarType.Int16);

        using Tensor slots = door.forward(bytes);
        using Tensor gatheredSlots = door.forward(wide);
        Assert.Equal(gatheredSlots.shape, slots.shape);
        Assert.True(gatheredSlots.bytes.SequenceEqual(slots.bytes));

        using Tensor stream = door.Stream(bytes);
        using Tensor gatheredStream = door.Stream(wide);
        Assert.Equal(gatheredStream.shape, stream.shape);
        Assert.True(gatheredStream.bytes.SequenceEqual(stream.bytes));
    }

    [Fact]
    public void StridedIdsAreReadInTheirOrder()
    {
        using ZeroDoor door = new(4, 128);
        using Tensor bytes = randint(0, 256, [16, 3], ScalarType.Byte);
        using Tensor turned = bytes.transpose(0, 1);
        using Tensor copied = turned.contiguous();
        using Tensor slots = door.forward(turned);
        using Tensor expected = door.forward(copied);
        Assert.True(expected.bytes.SequenceEqual(slots.bytes));
    }

    [Fact]
    public void AnOutputBeyondOneSpanIsLeftToTheGather()
    {
        Assert.True(SlotWriter.Fits(1, 1 << 20, 511));
        Assert.False(SlotWriter.Fits(1, 1 << 20, 512));
    }
}
