using TorchSharp;
using static HslEmbeddingZero.Tests.Doors.DoorTensors;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Doors;

public sealed class OneHotDoorTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Every_byte_is_one_column_and_special_ids_are_none()
    {
        using OneHotDoor door = new(2, 520);
        int[] ids = [.. Enumerable.Range(0, ByteIds.Count)];
        float[] positions = Floats(door.Stream(Ids(ids)));
        for (int id = 0; id < ids.Length; id++)
        {
            float[] row = positions[(id * 520)..((id + 1) * 520)];
            Assert.Equal(id <= 255 ? 1 : 0, row.Sum());
            if (id <= 255) Assert.Equal(1, row[id]);
        }

        float[] slot = Floats(door.forward(Ids([7, 200])));
        Assert.Equal([7, 256 + 200], slot.Index().Where(column => column.Item != 0).Select(column => column.Index));
    }

    [Fact]
    public void Nothing_is_learned_and_nothing_is_kept()
    {
        using OneHotDoor door = new();
        Assert.Equal((0L, 0, 512, 1), (door.LearnedParameters, door.ContextBytes, door.Dim, door.BytesPerSlot));
        Assert.Empty(door.state_dict());
    }

    [Fact]
    public void It_follows_to_another_type()
    {
        using OneHotDoor door = new();
        door.to(ScalarType.BFloat16);
        Assert.Equal(ScalarType.BFloat16, door.Stream(Ids([1, 2])).dtype);
    }

    [Fact]
    public void Bytes_that_do_not_fit_are_refused_with_the_limit()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => new OneHotDoor(3, 512));
        Assert.Contains("768", error.Message, StringComparison.Ordinal);
        Assert.Contains("at most 2", error.Message, StringComparison.Ordinal);
    }
}
