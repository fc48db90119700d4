using TorchSharp;
using static HslEmbeddingZero.Tests.Doors.DoorTensors;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Doors;

/// <summary>The projection and the two embeddings against their definitions, and their published sizes.</summary>
public sealed class LearnedDoorsTests : IDisposable
{
    private const int ThreeBytes = 3 * HslFeatures.Dimension;

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData("zero", 0)]
    [InlineData("zero-standardized", 0)]
    [InlineData("projection", 125_440)]
    [InlineData("projection-standardized", 125_440)]
    [InlineData("embedding", 132_352)]
    [InlineData("embedding-pooled", 132_096)]
    [InlineData("learned", 4_608)]
    [InlineData("random", 0)]
    [InlineData("permuted", 0)]
    public void Bodies_have_the_published_sizes(string arm, long parameters)
    {
        using InputDoor door = DoorArms.Create(arm, 8, 512);
        Assert.Equal(parameters, door.LearnedParameters);
        Assert.Equal(parameters, door.state_dict().Values.Sum(value => value.numel()));
    }

    [Fact]
    public void Learned_control_adds_its_table_to_the_projection()
    {
        using var door = new ProjectionDoor(new ControlFeatures(ControlKind.Learned));
        Assert.Equal(125_440 + 4_608, door.LearnedParameters);
    }

    [Theory]
    [InlineData(ChannelScaling.None)]
    [InlineData(ChannelScaling.Standardized)]
    public void Projection_is_one_linear_map_of_the_slots_rows(ChannelScaling scaling)
    {
        using var door = new ProjectionDoor(3, 40, scaling: scaling);
        using var features = new ControlFeatures(ControlKind.Hsl, 0, scaling);
        Dictionary<string, Tensor> state = door.state_dict();
        Assert.Equal(["slot.bias", "slot.weight", "stream.bias", "stream.weight"], state.Keys.Order(StringComparer.Ordinal));
        Tensor ids = Ids(RandomIds(2 * 9, 3), 2, 9);
        Tensor rows = features.forward(ids);
        Close(nn.functional.linear(rows.reshape(2, 3, ThreeBytes), state["slot.weight"], state["slot.bias"]), door.forward(ids));
        Close(nn.functional.linear(rows, state["stream.weight"], state["stream.bias"]), door.Stream(ids));
        Close(rows, door.Features(ids));
    }

    [Fact]
    public void Embedding_packs_its_rows_like_the_features()
    {
        using var door = new ByteEmbeddingDoor(3, 40);
        Dictionary<string, Tensor> state = door.state_dict();
        Assert.Equal(new long[] { 256, HslFeatures.Dimension }, state["table.weight"].shape);
        int[] ids = RandomIds(2 * 9, 4);
        Tensor rows = cat([state["table.weight"], zeros(2, HslFeatures.Dimension)], 0).index_select(0, Ids(ids))
            .reshape(2, 9, HslFeatures.Dimension);
        Close(rows, door.Features(Ids(ids, 2, 9)));
        Close(nn.functional.linear(rows.reshape(2, 3, ThreeBytes), state["slot.weight"], state["slot.bias"]), door.forward(Ids(ids, 2, 9)));
        Close(nn.functional.linear(rows, state["stream.weight"], state["stream.bias"]), door.Stream(Ids(ids, 2, 9)));
    }

    [Fact]
    public void Embedding_slots_keep_the_order_of_their_bytes()
    {
        using var door = new ByteEmbeddingDoor(2, 40);
        Assert.NotEqual(Floats(door.forward(Ids([1, 2]))), Floats(door.forward(Ids([2, 1]))));
    }

    [Fact]
    public void Pooled_slot_is_the_mean_of_its_rows()
    {
        using var door = new PooledEmbeddingDoor(3, 40);
        Tensor table = Assert.Single(door.state_dict()).Value;
        Assert.Equal(new long[] { ByteIds.Count, 40 }, table.shape);
        int[] ids = RandomIds(2 * 9, 5);
        Tensor rows = table.index_select(0, Ids(ids)).reshape(2, 9, 40);
        Close(rows, door.Stream(Ids(ids, 2, 9)));
        Close(rows, door.Features(Ids(ids, 2, 9)));
        Close(rows.reshape(2, 3, 3, 40).mean([2]), door.forward(Ids(ids, 2, 9)));
        Close(door.forward(Ids([1, 2, 3])), door.forward(Ids([3, 1, 2]))); // the order within a slot is lost
    }

    [Theory]
    [InlineData("projection")]
    [InlineData("embedding")]
    [InlineData("embedding-pooled")]
    [InlineData("learned")]
    public void Gradients_reach_every_parameter(string arm)
    {
        using InputDoor door = DoorArms.Create(arm, 4, 128);
        Tensor ids = Ids(RandomIds(40, 6), 2, 20);
        (door.forward(ids).square().sum() + door.Stream(ids).square().sum()).backward();
        Assert.NotEmpty(door.parameters());
        Assert.All(door.parameters(), p => Assert.True(p.grad is not null && p.grad.abs().sum().item<float>() > 0));
    }

    private static void Close(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.True(expected.allclose(actual, rtol: 1e-5, atol: 1e-5), "The values differ.");
    }
}
