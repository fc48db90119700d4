using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Samples.Tests.Ablation;

public sealed class SilencedDoorTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Silenced_channels_say_their_constant_in_every_place_and_the_others_what_they_said()
    {
        byte[] bytes = new byte[40];
        new Random(2).NextBytes(bytes);
        Tensor ids = tensor(bytes).unsqueeze(0);
        using ZeroDoor inner = new(4, 128);
        using (SilencedDoor door = new(inner, new Dictionary<int, float> { [3] = 0.25f, [16] = -7 }, CPU))
        {
            Check(inner.forward(ids), door.forward(ids), 4);
            Check(inner.Stream(ids), door.Stream(ids), 1);
            Assert.Equal(0, door.LearnedParameters);
        }

        Assert.Equal(new long[] { 1, 40, 128 }, inner.Stream(ids).shape); // The inner door still works.
    }

    [Fact]
    public void Nothing_silenced_is_the_door_itself()
    {
        Tensor ids = arange(256, ScalarType.Int32).unsqueeze(0);
        using ZeroDoor inner = new(8, 256, scaling: ChannelScaling.Standardized);
        using SilencedDoor door = new(inner, new Dictionary<int, float>(), CPU);
        Assert.True(inner.forward(ids).eq(door.forward(ids)).all().item<bool>());
    }

    [Fact]
    public void All_sets_are_the_groups_and_each_channel_once()
    {
        Assert.Equal(["value", "context"], ChannelSet.All.Take(2).Select(set => set.Name));
        IEnumerable<int> single = ChannelSet.All.Where(set => set.Columns.Count == 1).Select(set => set.Columns[0]);
        Assert.Equal(Enumerable.Range(0, HslFeatures.Dimension), single.Order());
        Assert.Equal(ChannelSet.All.Count, ChannelSet.All.Select(set => set.Name).Distinct().Count());
    }

    private static void Check(Tensor plain, Tensor silenced, int places)
    {
        const int channels = HslFeatures.Dimension;
        for (int column = 0; column < 128; column++)
        {
            Tensor values = silenced.select(2, column);
            bool isInSlot = column < places * channels;
            float? constant = (isInSlot, column % channels) switch { (true, 3) => 0.25f, (true, 16) => -7, _ => null };
            Assert.True(constant is { } said ? values.eq(said).all().item<bool>() : values.eq(plain.select(2, column)).all().item<bool>(),
                $"column {column}");
        }
    }
}
