using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Doors;

/// <summary>Rows written in place equal rows gathered from the table, bit for bit.</summary>
public sealed class SlotWriterTests
{
    public static TheoryData<int, int, int, int> Shapes => new()
    {
        { 1, 8, 8, 512 }, { 3, 16, 8, 512 }, { 2, 32, 8, 217 }, { 2, 32, 8, 216 }, { 2, 33, 1, 27 }, { 2, 33, 1, 28 }, { 2, 34, 2, 512 },
        { 5, 96, 16, 512 }, { 1, 1, 1, 27 }, { 3, 0, 8, 512 },
        // blocks of the line kernel do not align with these sizes
        { 2, 120, 24, 656 }, { 3, 200, 40, 1088 }, { 2, 144, 72, 2000 }, { 1, 272, 136, 3680 }, { 1, 136, 8, 224 },
        { 2, 66, 1, 32 }, { 3, 80, 1, 512 }, { 2, 66, 3, 96 }, { 1, 69, 23, 640 }, { 2, 130, 65, 1760 }, { 2, 15, 15, 416 },
        { 40, 512, 8, 512 }, // enough output for several threads
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Written_slots_equal_gathered_rows_for_every_kind_and_scaling(int batch, int length, int bytesPerSlot, int dim)
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(batch * 1000 + length);
        Tensor ids = randint(0, 256, [batch, length], ScalarType.Byte);
        foreach ((ControlKind kind, ChannelScaling scaling) in new[]
        {
            (ControlKind.Hsl, ChannelScaling.None), (ControlKind.Hsl, ChannelScaling.Standardized),
                (ControlKind.Random, ChannelScaling.None),
            (ControlKind.Permuted, ChannelScaling.None),
        })
        {
            float[] values = ControlValueTables.Build(kind, 7, FeatureTables.ValueTable);
            using FeatureGather gather = new(values, scaling);
            Tensor rows = gather.Gather(ids).view(batch, length / bytesPerSlot, bytesPerSlot * HslFeatures.Dimension);
            Tensor gathered = nn.functional.pad(rows, [0, dim - rows.shape[2]]).contiguous();

            foreach (bool share in (bool[])[true, false])
            {
                Tensor written = empty_like(gathered);
                SlotWriter.Write(ids, written, new RowTables(values, scaling), bytesPerSlot, dim, share);

                Assert.True(gathered.bytes.SequenceEqual(written.bytes), $"{kind}, {scaling}");
            }
        }
    }

    [Theory]
    [InlineData(ScalarType.Int16)]
    [InlineData(ScalarType.Int64)]
    public void Wider_ids_give_the_same_with_and_without_special_ones(ScalarType type)
    {
        using DisposeScope scope = NewDisposeScope();
        using ZeroDoor door = new(4, 128);
        Tensor bytes = randint(0, 256, [3, 10], ScalarType.Byte);
        Assert.True(door.forward(bytes).bytes.SequenceEqual(door.forward(bytes.to(type)).bytes));

        // Rows before a special id are unchanged, and the row of the special id is zero.
        Tensor special = bytes.to(type);
        special[2, 7] = tensor(ByteIds.Mask);
        Tensor plainRows = door.Features(bytes), specialRows = door.Features(special);
        Assert.True(plainRows.narrow(1, 0, 7).contiguous().bytes.SequenceEqual(specialRows.narrow(1, 0, 7).contiguous().bytes));
        Assert.Equal(0f, specialRows[2, 7].abs().sum().item<float>());
    }

    [Fact]
    public void Strided_ids_are_read_in_their_order()
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
    public void An_output_beyond_one_span_is_left_to_the_gather()
    {
        Assert.True(SlotWriter.Fits(1, 1 << 20, 511));
        Assert.False(SlotWriter.Fits(1, 1 << 20, 512));
    }
}
