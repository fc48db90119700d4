using TorchSharp;
using static HslEmbeddingZero.Tests.Doors.DoorTensors;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Doors;

/// <summary>Tests for every door: shapes, tails, refused ids, threads, memory.</summary>
public sealed class InputDoorTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    private const int Dim = 1024; // four one-hot bytes

    public static TheoryData<string> Arms => [.. DoorArms.Names];

    public void Dispose() => _scope.Dispose();

    [Theory]
    [MemberData(nameof(Arms))]
    public void Slots_and_stream_have_their_shapes(string arm)
    {
        using InputDoor door = DoorArms.Create(arm, 4, Dim);
        foreach (ScalarType dtype in new[] { ScalarType.Byte, ScalarType.Int16, ScalarType.Int32, ScalarType.Int64 })
        {
            foreach ((long[] shape, long slots) in new (long[], long)[]
                { ([0], 0), ([1], 1), ([3], 1), ([4], 1), ([5], 2), ([2, 8], 2), ([2, 3, 9], 3), ([2, 0], 0), ([0, 5], 2), ([0, 0], 0) })
            {
                Tensor ids = ones(shape, dtype: dtype);
                Assert.Equal([.. shape[..^1], slots, Dim], door.forward(ids).shape);
                Assert.Equal([.. shape, Dim], door.Stream(ids).shape);
                Assert.Equal(shape, door.Features(ids).shape[..^1]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Arms))]
    public void Pad_completes_the_slot_with_zero_bytes(string arm)
    {
        using InputDoor door = DoorArms.Create(arm, 4, Dim);
        Assert.Equal(SlotTail.Pad, door.Tail);
        for (int length = 1; length <= 9; length++)
        {
            byte[] bytes = RandomBytes(length, length);
            byte[] padded = [.. bytes, .. new byte[(4 - length % 4) % 4]];
            Same(door.forward(Ids(padded, ScalarType.Byte)), door.forward(Ids(bytes, ScalarType.Byte)));
            Same(door.forward(Ids(padded, ScalarType.Int64)), door.forward(Ids(bytes, ScalarType.Int64)));
        }
    }

    [Fact]
    public void Drop_leaves_the_incomplete_slot_out()
    {
        foreach (Func<SlotTail, InputDoor> create in new Func<SlotTail, InputDoor>[]
        {
            tail => new ZeroDoor(4, 128, tail), tail => new ProjectionDoor(4, 128, tail), tail => new ByteEmbeddingDoor(4, 128, tail),
            tail => new PooledEmbeddingDoor(4, 128, tail), tail => new ZeroDoor(new ControlFeatures(ControlKind.Learned), 4, 128, tail),
        })
        {
            using InputDoor door = create(SlotTail.Drop);
            foreach (ScalarType dtype in new[] { ScalarType.Byte, ScalarType.Int32, ScalarType.Int64 })
            {
                for (int length = 0; length <= 9; length++)
                {
                    Tensor ids = Ids(RandomBytes(2 * length, length), dtype, 2, length);
                    Tensor whole = ids.narrow(1, 0, length / 4 * 4).contiguous();
                    Tensor slots = door.forward(ids);
                    Assert.Equal(new long[] { 2, length / 4, 128 }, slots.shape);
                    Same(door.forward(whole), slots);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Arms))]
    public void Every_id_type_gives_the_same(string arm)
    {
        using InputDoor door = DoorArms.Create(arm, 4, Dim);
        byte[] bytes = RandomBytes(60, 1);
        Tensor slots = door.forward(Ids(bytes, ScalarType.Byte, 3, 20));
        foreach (ScalarType dtype in new[] { ScalarType.Int16, ScalarType.Int32, ScalarType.Int64 })
            Same(slots, door.forward(Ids(bytes, dtype, 3, 20)));
    }

    [Theory]
    [MemberData(nameof(Arms))]
    public void Ids_need_not_be_contiguous(string arm)
    {
        using InputDoor door = DoorArms.Create(arm, 4, Dim);
        foreach (ScalarType dtype in new[] { ScalarType.Byte, ScalarType.Int32, ScalarType.Int64 })
        {
            Tensor ids = Ids(RandomBytes(9 * 16, 1), dtype, 9, 16);
            foreach (Tensor view in new[] { ids.t(), ids.narrow(1, 2, 8), ids.narrow(1, 2, 7), ids.slice(1, 0, 16, 2),
                ids.expand(2, 9, 16) })
            {
                Same(door.forward(view.contiguous()), door.forward(view));
                Same(door.Stream(view.contiguous()), door.Stream(view));
                Same(door.Features(view.contiguous()), door.Features(view));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Arms))]
    public void Many_threads_get_the_same(string arm)
    {
        using InputDoor door = DoorArms.Create(arm, 4, Dim);
        float[][] slots = [.. Enumerable.Range(0, 16).Select(Slots)];
        float[][] stream = [.. Enumerable.Range(0, 16).Select(Stream)];
        Parallel.For(0, 128, new ParallelOptions { MaxDegreeOfParallelism = 16 }, i =>
        {
            Assert.Equal(slots[i % 16], Slots(i % 16));
            Assert.Equal(stream[i % 16], Stream(i % 16));
        });

        float[] Slots(int i)
        {
            using DisposeScope scope = NewDisposeScope();
            return Floats(door.forward(Ids(RandomIds(100 + i, i))));
        }

        float[] Stream(int i)
        {
            using DisposeScope scope = NewDisposeScope();
            return Floats(door.Stream(Ids(RandomBytes(100 + i, i), ScalarType.Byte)));
        }
    }

    [Theory]
    [MemberData(nameof(Arms))]
    public void Calls_leave_no_tensors_behind(string arm)
    {
        using InputDoor door = DoorArms.Create(arm, 4, Dim);
        using Tensor ids = Ids(RandomIds(60, 1), 4, 15);
        using Tensor bytes = Ids(RandomBytes(60, 1), ScalarType.Byte, 4, 15);
        door.forward(ids).Dispose(); // creates the tensors that the door keeps
        long before = LiveTensors;
        for (int i = 0; i < 200; i++)
        {
            foreach (Tensor each in new[] { ids, bytes })
            {
                door.forward(each).Dispose();
                door.Stream(each).Dispose();
                door.Features(each).Dispose();
            }
        }

        Assert.Equal(before, LiveTensors);
    }

    [Theory]
    [MemberData(nameof(Arms))]
    public void Lives_beyond_the_scope_it_was_made_or_moved_in(string arm)
    {
        InputDoor door;
        using (NewDisposeScope()) door = DoorArms.Create(arm, 4, Dim);
        using (NewDisposeScope()) door.to(ScalarType.BFloat16);
        using (NewDisposeScope()) door.to(ScalarType.Float32);
        Assert.Equal(new long[] { 2, Dim }, door.forward(Ids(RandomBytes(8, 1), ScalarType.Byte)).shape);
        door.Dispose();
    }

    [Theory]
    [MemberData(nameof(Arms))]
    public void Dispose_frees_every_tensor(string arm)
    {
        DoorArms.Create(arm, 4, Dim).Dispose(); // once before, for memory that the runtime keeps
        using Tensor ids = full([1, 4], ByteIds.Mask, ScalarType.Int16); // a door of features needs its tables for this id
        long before = LiveTensors;
        InputDoor door = DoorArms.Create(arm, 4, Dim);
        door.forward(ids).Dispose();
        Assert.True(LiveTensors > before);
        door.Dispose();
        Assert.Equal(before, LiveTensors);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Bool)]
    [InlineData(ScalarType.Int8)]
    [InlineData(ScalarType.ComplexFloat32)]
    public void Ids_of_another_type_are_refused(ScalarType dtype)
    {
        Tensor ids = zeros([2, 4], dtype: dtype);
        Refused<ArgumentException>(door => door.forward(ids), $"{dtype}", "uint8, int16, int32 or int64");
        Refused<ArgumentException>(door => door.Stream(ids), $"{dtype}", "uint8, int16, int32 or int64");
        Refused<ArgumentException>(door => door.Features(ids), $"{dtype}", "uint8, int16, int32 or int64");
    }

    [Fact]
    public void Ids_of_rank_zero_are_refused()
    {
        Tensor ids = tensor(5L);
        Refused<ArgumentException>(door => door.forward(ids), "rank 1 or more", "rank 0");
        Refused<ArgumentException>(door => door.Stream(ids), "rank 1 or more", "rank 0");
    }

    [Theory]
    [InlineData(-1, ScalarType.Int16)]
    [InlineData(-1, ScalarType.Int32)]
    [InlineData(-1, ScalarType.Int64)]
    [InlineData(ByteIds.Count, ScalarType.Int16)]
    [InlineData(ByteIds.Count, ScalarType.Int32)]
    [InlineData(ByteIds.Count, ScalarType.Int64)]
    [InlineData(int.MinValue, ScalarType.Int32)]
    [InlineData(1L << 40, ScalarType.Int64)]
    [InlineData(-(1L << 40), ScalarType.Int64)]
    public void Ids_out_of_range_are_refused(long id, ScalarType dtype)
    {
        Tensor ids = tensor(new long[] { 0, ByteIds.EndOfSequence, id, 5 }).to(dtype);
        Refused<ArgumentOutOfRangeException>(door => door.forward(ids), $"{id}", "0..257");
        Refused<ArgumentOutOfRangeException>(door => door.Stream(ids), $"{id}", "0..257");
        Refused<ArgumentOutOfRangeException>(door => door.Features(ids), $"{id}", "0..257");
    }

    [Fact]
    public void A_bad_id_in_the_dropped_tail_is_refused_too()
    {
        using var door = new ZeroDoor(4, 128, SlotTail.Drop);
        Assert.Throws<ArgumentOutOfRangeException>(() => door.forward(Ids([1, 2, 3, 4, ByteIds.Count])));
    }

    [Fact]
    public void Null_ids_are_refused() => Refused<ArgumentNullException>(door => door.forward(null!), "ids");

    [Theory]
    [MemberData(nameof(Arms))]
    public void Ids_on_another_device_are_refused(string arm)
    {
        using InputDoor door = DoorArms.Create(arm, 4, Dim);
        foreach (long length in new[] { 0L, 8L })
        {
            Tensor ids = zeros([2, length], dtype: ScalarType.Byte, device: META);
            foreach (Func<Tensor, Tensor> call in new Func<Tensor, Tensor>[] { door.forward, door.Stream, door.Features })
            {
                ArgumentException error = Assert.Throws<ArgumentException>(() => call(ids));
                Assert.Contains("meta", error.Message, StringComparison.Ordinal);
                Assert.Contains("cpu", error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Arms))]
    public void Sizes_below_one_are_refused(string arm)
    {
        Assert.Contains("0", Assert.Throws<ArgumentOutOfRangeException>(() => DoorArms.Create(arm, 0, 512)).Message,
            StringComparison.Ordinal);
        Assert.Contains("-3", Assert.Throws<ArgumentOutOfRangeException>(() => DoorArms.Create(arm, -3, 512)).Message,
            StringComparison.Ordinal);
        Assert.ThrowsAny<ArgumentException>(() => DoorArms.Create(arm, 8, 0));
        Assert.ThrowsAny<ArgumentException>(() => DoorArms.Create(arm, 8, -512));
    }

    [Fact]
    public void Unknown_tails_and_scalings_are_refused()
    {
        Assert.Contains("9", Assert.Throws<ArgumentOutOfRangeException>(() => new ZeroDoor(tail: (SlotTail)9)).Message,
            StringComparison.Ordinal);
        Assert.Contains("9", Assert.Throws<ArgumentOutOfRangeException>(() => new ZeroDoor(scaling: (ChannelScaling)9)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_check_of_ids_can_be_turned_off()
    {
        using var door = new ZeroDoor(4, 128);
        Assert.True(door.ChecksIds);
        Tensor ids = Ids(RandomIds(20, 2));
        float[] expected = Floats(door.forward(ids));
        Tensor beyond = Ids([1, 2, 3, ByteIds.Count]);
        Assert.Throws<ArgumentOutOfRangeException>(() => door.forward(beyond));
        door.ChecksIds = false;
        Assert.Equal(expected, Floats(door.forward(ids)));
        Assert.Null(Record.Exception(() => door.forward(beyond)));
    }

    private static void Same(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.True(expected.allclose(actual, rtol: 1e-6, atol: 1e-6), "The values differ.");
    }

    private static void Refused<T>(Func<InputDoor, Tensor> call, params string[] parts)
        where T : ArgumentException
    {
        foreach (string arm in DoorArms.Names)
        {
            using InputDoor door = DoorArms.Create(arm, 4, Dim);
            T error = Assert.Throws<T>(() => call(door));
            foreach (string part in parts) Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }
    }
}
