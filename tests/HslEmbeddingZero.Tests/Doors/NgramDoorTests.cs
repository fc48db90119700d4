using TorchSharp;
using static HslEmbeddingZero.Tests.Doors.DoorTensors;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Doors;

/// <summary>N-gram codes in the zero door and the projection.</summary>
public sealed class NgramDoorTests : IDisposable
{
    private const int Channels = HslFeatures.Dimension;
    private const int FourBytes = 4 * Channels;

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    /// <summary>Orders, columns per order, whether the codes are also in the slots, and whether those of the position before are.</summary>
    public static TheoryData<int[], int, bool, bool> Kinds => new()
    {
        { [2, 3, 4], 64, false, false }, { [2, 3, 4], 64, true, false }, { [2, 8], 64, true, false }, { [3, 5, 6], 40, true, false },
        { [2, 3, 4, 5, 6, 7, 8], 21, true, false }, { [4], 3, true, false },
        { [2, 3, 4], 64, false, true }, { [2, 3, 4], 64, true, true }, { [2, 8], 64, true, true }, { [3, 5, 6], 40, true, true },
        { [2, 3, 4, 5, 6, 7, 8], 21, true, true }, { [4], 3, true, true },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Codes_stand_behind_the_features_and_zeros_behind_them(int[] orders, int columns, bool inSlots, bool withPrevious)
    {
        NgramCodes codes = new() { Orders = orders, ColumnsPerOrder = columns, InSlots = inSlots, WithPrevious = withPrevious };
        using ZeroDoor door = new(4, 512, scaling: ChannelScaling.Standardized, ngrams: codes);
        using ZeroDoor plain = new(4, 512, scaling: ChannelScaling.Standardized);
        byte[] bytes = RandomBytes(40, 1);
        float[] expected = new float[bytes.Length * codes.Columns];
        codes.Encode(bytes, expected);
        Tensor ids = Ids(bytes, ScalarType.Byte, 1, 40);

        Tensor stream = door.Stream(ids), features = plain.Stream(ids);
        Same(features.narrow(2, 0, Channels), stream.narrow(2, 0, Channels));
        Assert.Equal(Bits(expected), Bits(Floats(stream.narrow(2, Channels, codes.Columns))));
        Assert.Equal(0f, stream.narrow(2, Channels + codes.Columns, 512 - Channels - codes.Columns).abs().sum().item<float>());
        Same(stream.narrow(2, 0, Channels + codes.Columns), door.Features(ids));

        Tensor slots = door.forward(ids), without = plain.forward(ids);
        Same(without.narrow(2, 0, FourBytes), slots.narrow(2, 0, FourBytes));
        if (!inSlots)
        {
            Same(without, slots);
            return;
        }

        Tensor ofLastBytes = stream.narrow(2, Channels, codes.OwnColumns).slice(1, 3, 40, 4); // of each slot
        Same(ofLastBytes, slots.narrow(2, FourBytes, codes.OwnColumns));
        Assert.Equal(0f, slots.narrow(2, FourBytes + codes.Columns, 512 - FourBytes - codes.Columns).abs().sum().item<float>());
    }

    /// <summary>
    /// The span path writes float32 from bytes. Ids with a special id, and other dtypes, take tensor operations.
    /// </summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Tensor_operations_give_what_the_spans_give(int[] orders, int columns, bool inSlots, bool withPrevious)
    {
        NgramCodes codes = new() { Orders = orders, ColumnsPerOrder = columns, InSlots = inSlots, WithPrevious = withPrevious };
        using ZeroDoor door = new(4, 512, ngrams: codes), wide = new(4, 512, ngrams: codes), narrow = new(4, 512, ngrams: codes);
        wide.to(ScalarType.Float64);
        narrow.to(ScalarType.BFloat16);
        foreach ((int batch, int length) in new[] { (1, 1), (2, 3), (3, 8), (2, 37), (1, 64), (0, 5), (2, 0) })
        {
            Tensor bytes = Ids(RandomBytes(batch * length, length), ScalarType.Byte, batch, length);
            Tensor end = full([batch, 1], ByteIds.EndOfSequence, ScalarType.Int16);
            Tensor behind = cat([bytes.to(ScalarType.Int16), end], 1); // makes all ids take tensor operations
            Same(door.Stream(bytes), door.Stream(behind).narrow(1, 0, length));
            Tensor gathered = new NgramGather(codes).Gather(bytes, 1);
            Same(gathered, door.Stream(bytes).narrow(2, Channels, codes.Columns));
            Same(gathered, wide.Stream(bytes).narrow(2, Channels, codes.Columns).to(ScalarType.Float32));
            Same(gathered, narrow.Stream(bytes).narrow(2, Channels, codes.Columns).to(ScalarType.Float32));
            int columnsAt = inSlots ? codes.Columns : 0;
            Tensor inSlotsOfWide = wide.forward(bytes).narrow(2, FourBytes, columnsAt);
            Same(door.forward(bytes).narrow(2, FourBytes, columnsAt), inSlotsOfWide.to(ScalarType.Float32));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void A_special_id_ends_the_context(int bytesPerSlot)
    {
        NgramCodes codes = new() { Orders = [2, 3, 5], ColumnsPerOrder = 8, InSlots = true };
        using ZeroDoor door = new(bytesPerSlot, 256, ngrams: codes);
        int[] ids = RandomIds(80, 3);
        Array.Fill(ids, 65, 60, 20); // also a long piece
        float[] expected = new float[ids.Length * codes.Columns];
        for (int start = 0; start < ids.Length;)
        {
            int end = start;
            while (end < ids.Length && ids[end] < ByteIds.Mask) end++;
            byte[] piece = [.. ids[start..end].Select(id => (byte)id)];
            codes.Encode(piece, expected.AsSpan(start * codes.Columns));
            start = end + 1;
        }

        Tensor all = tensor(expected, [1, ids.Length, codes.Columns]);
        Same(all, door.Stream(Ids(ids, 1, ids.Length)).narrow(2, Channels, codes.Columns));
        Same(
            all.slice(1, bytesPerSlot - 1, ids.Length, bytesPerSlot),
            door.forward(Ids(ids, 1, ids.Length)).narrow(2, Channels * bytesPerSlot, codes.Columns));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(4, false)]
    [InlineData(4, true)]
    public void A_position_repeats_the_codes_of_the_position_before_it(int bytesPerSlot, bool withSpecialIds)
    {
        NgramCodes codes = new() { Orders = [2, 3, 8], ColumnsPerOrder = 13, InSlots = true };
        using ZeroDoor alone = new(bytesPerSlot, 256, ngrams: codes);
        using ZeroDoor door = new(bytesPerSlot, 256, ngrams: codes with { WithPrevious = true });
        Assert.Equal((39, 78), (alone.Ngrams!.Columns, door.Ngrams!.Columns));
        Tensor ids = withSpecialIds ? Ids(RandomIds(120, 4), 2, 60) : Ids(RandomBytes(120, 4), ScalarType.Byte, 2, 60);
        Repeated(alone.Stream(ids).narrow(2, Channels, 39), door.Stream(ids).narrow(2, Channels, 78));
        int behind = Channels * bytesPerSlot;
        Repeated(alone.forward(ids).narrow(2, behind, 39), door.forward(ids).narrow(2, behind, 78));

        static void Repeated(Tensor own, Tensor both)
        {
            Same(own, both.narrow(2, 0, 39));
            Same(own.narrow(1, 0, own.size(1) - 1), both.narrow(2, 39, 39).narrow(1, 1, own.size(1) - 1));
            Assert.Equal(0f, both.narrow(2, 39, 39).narrow(1, 0, 1).abs().sum().item<float>());
            Assert.True(own.abs().sum().item<float>() > 0);
        }
    }

    [Theory]
    [InlineData(new[] { 2 }, false, 2)]
    [InlineData(new[] { 2, 3 }, false, 2)]
    [InlineData(new[] { 2, 3, 4 }, false, 3)]
    [InlineData(new[] { 8 }, false, 7)]
    [InlineData(new[] { 2 }, true, 2)]
    [InlineData(new[] { 2, 3, 4 }, true, 4)]
    [InlineData(new[] { 8 }, true, 8)]
    public void Look_back_is_exactly_how_far_a_position_reads(int[] orders, bool withPrevious, int contextBytes)
    {
        using ZeroDoor door = new(2, 512, ngrams: new() { Orders = orders, WithPrevious = withPrevious });
        Assert.Equal(contextBytes, door.ContextBytes);
        byte[] bytes = RandomBytes(20, 4);
        Tensor before = door.Stream(Ids(bytes, ScalarType.Byte));
        for (int changed = 0; changed < bytes.Length; changed++)
        {
            byte[] others = [.. bytes];
            others[changed] ^= 0x01; // the lowest bit: the features two bytes later depend on it too
            Tensor after = door.Stream(Ids(others, ScalarType.Byte));
            for (int i = 0; i < bytes.Length; i++)
            {
                bool isEqual = before[i].eq(after[i]).all().item<bool>();
                if (i < changed || i > changed + contextBytes) Assert.True(isEqual);
                else if (i == changed || (i == changed + contextBytes && door.Ngrams!.LookBack == contextBytes && i >= contextBytes))
                    Assert.False(isEqual);
            }
        }
    }

    [Fact]
    public void The_published_door_is_the_default()
    {
        using ZeroDoor door = new();
        using ProjectionDoor projection = new();
        Assert.Null(door.Ngrams);
        Assert.Null(projection.Ngrams);
        Assert.Equal((2, 2), (door.ContextBytes, projection.ContextBytes));
        Assert.Equal(("zero", "projection"), (door.Arm, projection.Arm));
    }

    [Fact]
    public void Nothing_is_learned_and_nothing_is_stored()
    {
        using ZeroDoor door = new(ngrams: new());
        Assert.Equal(0, door.LearnedParameters);
        Assert.Empty(door.state_dict());
        Assert.Empty(door.buffers());
    }

    [Theory]
    [InlineData(false, 216 * 512 + 512 + 219 * 512 + 512)]
    [InlineData(true, (216 + 192) * 512 + 512 + 219 * 512 + 512)]
    public void The_projection_reads_the_codes_too(bool inSlots, long parameters)
    {
        NgramCodes codes = new() { InSlots = inSlots };
        using ProjectionDoor door = new(scaling: ChannelScaling.Standardized, ngrams: codes);
        using ZeroDoor zero = new(scaling: ChannelScaling.Standardized, ngrams: codes);
        Assert.Equal(parameters, door.LearnedParameters);
        Dictionary<string, Tensor> state = door.state_dict();
        foreach (Tensor ids in new[] { Ids(RandomIds(48, 5), 2, 24), Ids(RandomBytes(48, 5), ScalarType.Byte, 2, 24) })
        {
            Tensor slots = zero.forward(ids).narrow(2, 0, inSlots ? 408 : 216), stream = zero.Stream(ids).narrow(2, 0, 219);
            Assert.True(nn.functional.linear(slots, state["slot.weight"], state["slot.bias"]).allclose(door.forward(ids), 1e-5, 1e-5));
            Assert.True(nn.functional.linear(stream, state["stream.weight"], state["stream.bias"]).allclose(door.Stream(ids), 1e-5, 1e-5));
        }
    }

    [Fact]
    public void Learned_values_keep_their_gradient_beside_codes()
    {
        using ZeroDoor door = new(new ControlFeatures(ControlKind.Learned), 2, 256, ngrams: new() { InSlots = true, Orders = [2, 3] });
        Tensor ids = Ids(RandomIds(40, 6), 2, 20);
        (door.forward(ids).square().sum() + door.Stream(ids).square().sum()).backward();
        Assert.True(Assert.Single(door.parameters()).grad!.abs().sum().item<float>() > 0);
        using ZeroDoor frozen = new(2, 256, ngrams: door.Ngrams);
        Same(frozen.Stream(ids).narrow(2, Channels, 128), door.Stream(ids).narrow(2, Channels, 128));
        Same(frozen.forward(ids).narrow(2, 2 * Channels, 128), door.forward(ids).narrow(2, 2 * Channels, 128));
    }

    [Theory]
    [InlineData(8, 218, false, "219", "218", "stream position")]
    [InlineData(8, 407, true, "408", "407", "slot")]
    [InlineData(1, 100, false, "219", "100", "192")]
    public void Codes_that_do_not_fit_are_refused_with_their_columns(int k, int dim, bool inSlots, params string[] parts)
    {
        string message = Assert.Throws<ArgumentException>(() => new ZeroDoor(k, dim, ngrams: new() { InSlots = inSlots })).Message;
        foreach (string part in parts) Assert.Contains(part, message, StringComparison.Ordinal);
        int enough = inSlots ? 408 : 219;
        using ZeroDoor fits = new(k, enough, ngrams: new() { InSlots = inSlots });
        Assert.Equal(enough, fits.Dim);
        using ProjectionDoor projection = new(k, dim, ngrams: new() { InSlots = inSlots }); // codes need no columns of the width here
        Assert.Equal(dim, projection.Dim);
    }

    [Fact]
    public void A_width_that_is_full_holds_the_last_column()
    {
        byte[] bytes = RandomBytes(100, 8);
        using ZeroDoor door = new(8, 219, ngrams: new()), roomy = new(8, 512, ngrams: new());
        Same(roomy.Stream(Ids(bytes, ScalarType.Byte)).narrow(1, 0, 219), door.Stream(Ids(bytes, ScalarType.Byte)));
    }

    [Theory]
    [InlineData(ScalarType.Byte, ScalarType.Float32)]
    [InlineData(ScalarType.Int64, ScalarType.Float32)]
    [InlineData(ScalarType.Byte, ScalarType.BFloat16)]
    public void Memory_of_ones_own_holds_what_forward_and_stream_return(ScalarType idType, ScalarType type)
    {
        using ZeroDoor door = new(4, 512, ngrams: new() { InSlots = true });
        door.to(type);
        Tensor ids = Ids(RandomBytes(2 * 3 * 21, 5), ScalarType.Byte, 2, 3, 21).to(idType);
        if (idType != ScalarType.Byte) ids[1, 2, 5] = tensor(ByteIds.EndOfSequence);
        using IDisposable quiet = no_grad();
        Tensor slots = full([2, 3, 6, 512], double.NaN, type), stream = full([2, 3, 21, 512], double.NaN, type);
        door.WriteSlots(ids, slots);
        door.WriteStream(ids, stream);
        Assert.True(door.forward(ids).bytes.SequenceEqual(slots.bytes));
        Assert.True(door.Stream(ids).bytes.SequenceEqual(stream.bytes));
    }

    /// <summary>Enough output for several threads, whose shares begin at any position in a row of input.</summary>
    [Fact]
    public void Shares_of_several_threads_join_without_a_seam()
    {
        using ZeroDoor door = new(8, 512, ngrams: new() { Orders = [2, 5, 8], InSlots = true });
        byte[] bytes = RandomBytes(7 * 301, 9);
        Tensor stream = door.Stream(Ids(bytes, ScalarType.Byte, 7, 301));
        float[] expected = new float[301 * 192];
        for (int row = 0; row < 7; row++)
        {
            door.Ngrams!.Encode(bytes.AsSpan(row * 301, 301), expected);
            Assert.Equal(expected, Floats(stream[row].narrow(1, Channels, 192)));
        }
    }

    [Fact]
    public void A_pass_through_a_narrow_dtype_leaves_no_rounding_behind()
    {
        using ZeroDoor door = new(4, 512, ngrams: new() { Amplitude = 0.3f });
        Tensor ids = Ids(RandomIds(40, 7));
        Tensor before = door.Stream(ids);
        door.to(ScalarType.BFloat16);
        Assert.Equal(ScalarType.BFloat16, door.Stream(ids).dtype);
        door.to(ScalarType.Float32);
        Same(before, door.Stream(ids));
    }

    [Fact]
    public void An_arm_without_a_place_for_codes_refuses_them()
    {
        foreach (string arm in new[] { "embedding", "embedding-pooled", "one-hot" })
        {
            var named = DoorArm.Named(arm);
            string message = Assert.Throws<ArgumentException>(() => DoorArms.Create(named, 1, 512, 0, SlotTail.Pad, new())).Message;
            Assert.Contains($"'{arm}'", message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("zero-ngram", "zero-standardized")]
    [InlineData("projection-ngram", "projection-standardized")]
    public void An_arm_is_named_by_its_codes(string arm, string without)
    {
        using InputDoor door = DoorArms.Create(arm, 2, 512),
            other = DoorArms.Create(DoorArm.Named(arm), 2, 512, 0, SlotTail.Pad, new() { Amplitude = 1 });
        Assert.Equal((arm, new NgramCodes()), (door.Arm, door.Ngrams));
        Assert.Equal((without, 1f), (other.Arm, other.Ngrams!.Amplitude));
    }

    private static void Same(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.Equal(expected.dtype, actual.dtype);
        Assert.True(expected.contiguous().bytes.SequenceEqual(actual.contiguous().bytes), "The values differ.");
    }
}
