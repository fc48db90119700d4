using TorchSharp;

namespace HslEmbeddingZero.Tests.Doors;

public class DoorArmsTests
{
    [Fact]
    public void Names_are_those_of_the_table() => Assert.Equal(
        [
            "zero", "zero-standardized", "projection", "projection-standardized", "embedding", "embedding-pooled",
            "learned", "random", "permuted", "learned-projection", "random-projection", "permuted-projection", "one-hot",
            "zero-ngram", "projection-ngram",
        ],
        DoorArms.Names);

    [Theory]
    [InlineData("zero", typeof(ZeroDoor))]
    [InlineData("zero-standardized", typeof(ZeroDoor))]
    [InlineData("projection", typeof(ProjectionDoor))]
    [InlineData("projection-standardized", typeof(ProjectionDoor))]
    [InlineData("embedding", typeof(ByteEmbeddingDoor))]
    [InlineData("embedding-pooled", typeof(PooledEmbeddingDoor))]
    [InlineData("learned", typeof(ZeroDoor))]
    [InlineData("random", typeof(ZeroDoor))]
    [InlineData("permuted", typeof(ZeroDoor))]
    [InlineData("learned-projection", typeof(ProjectionDoor))]
    [InlineData("random-projection", typeof(ProjectionDoor))]
    [InlineData("permuted-projection", typeof(ProjectionDoor))]
    [InlineData("one-hot", typeof(OneHotDoor))]
    [InlineData("zero-ngram", typeof(ZeroDoor))]
    [InlineData("projection-ngram", typeof(ProjectionDoor))]
    public void Creates_every_arm(string arm, Type type)
    {
        using InputDoor door = DoorArms.Create(arm, 2, 512, seed: 3);
        Assert.IsType(type, door);
        Assert.Equal(2, door.BytesPerSlot);
        Assert.Equal(512, door.Dim);
        Assert.Equal(SlotTail.Pad, door.Tail);
    }

    [Theory]
    [InlineData("learned")]
    [InlineData("random")]
    [InlineData("permuted")]
    [InlineData("learned-projection")]
    [InlineData("random-projection")]
    [InlineData("permuted-projection")]
    public void The_seed_draws_the_control(string arm)
    {
        using InputDoor first = DoorArms.Create(arm, 2, 64, seed: 1), again = DoorArms.Create(arm, 2, 64, seed: 1),
            other = DoorArms.Create(arm, 2, 64, seed: 2);
        using torch.Tensor ids = DoorTensors.Ids([.. Enumerable.Range(0, 256)]);
        Assert.Equal(Rows(first), Rows(again));
        Assert.NotEqual(Rows(first), Rows(other));

        float[] Rows(InputDoor door)
        {
            using torch.Tensor features = door.Features(ids);
            return DoorTensors.Floats(features);
        }
    }

    [Theory]
    [InlineData("Zero")]
    [InlineData("")]
    [InlineData("mlp")]
    public void An_unknown_arm_is_named_with_the_known_ones(string arm)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => DoorArms.Create(arm, 8, 512));
        Assert.Contains($"'{arm}'", error.Message, StringComparison.Ordinal);
        foreach (string known in DoorArms.Names) Assert.Contains(known, error.Message, StringComparison.Ordinal);
    }
}
