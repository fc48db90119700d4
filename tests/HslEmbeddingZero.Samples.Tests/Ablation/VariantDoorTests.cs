using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Samples.Tests.Ablation;

public sealed class VariantDoorTests : IDisposable
{
    private const int Bytes = 64;
    private const int Dim = 128;

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly byte[] _bytes = new byte[Bytes];
    private readonly Tensor _ids;

    public VariantDoorTests()
    {
        new Random(5).NextBytes(_bytes);
        _ids = tensor(_bytes).unsqueeze(0);
    }

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData("zero")]
    [InlineData("zero-standardized")]
    public void Every_channel_by_name_is_the_door_itself(string arm)
    {
        using InputDoor plain = DoorVariant.Parse(arm, "all").Create(4, Dim, 0), chosen = DoorVariant.Parse(arm, "value,context").Create(4, Dim, 0);
        Assert.IsType<ZeroDoor>(plain);
        Same(plain.forward(_ids), chosen.forward(_ids));
        Same(plain.Stream(_ids), chosen.Stream(_ids));
    }

    [Fact]
    public void Bits_and_momentum_are_those_of_the_features()
    {
        using InputDoor bits = DoorVariant.Parse("zero+bits", "all").Create(2, Dim, 0), momentum = DoorVariant.Parse("zero+momentum", "all").Create(2, Dim, 0);
        Assert.Equal(HslFeatures.Encode(_bytes, new HslFeatureOptions(IncludeBits: true)), Floats(bits.Features(_ids)));
        float[] expected = HslFeatures.Encode(_bytes, new HslFeatureOptions(MomentumPhase: true)), actual = Floats(momentum.Features(_ids));
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }

    [Theory]
    [InlineData("bits", 0, 8)]
    [InlineData("delta", 8, 8)]
    [InlineData("fft_re0,phase", 25, 3)]
    public void Chosen_channels_stand_tight_in_the_order_of_their_columns(string channels, int first, int count)
    {
        using InputDoor door = DoorVariant.Parse("zero", channels).Create(4, Dim, 0);
        float[] full = HslFeatures.Encode(_bytes, new HslFeatureOptions(IncludeBits: true)), slot = Floats(door.forward(_ids));
        Assert.Equal(full[(3 * 35) + first], slot[3 * count]);
        Assert.All(slot[(4 * count)..Dim], padding => Assert.Equal(0, padding));
    }

    [Fact]
    public void Hadamard_keeps_lengths_and_undoes_itself()
    {
        using InputDoor plain = DoorVariant.Parse("zero", "all").Create(4, Dim, 0), spread = DoorVariant.Parse("zero+hadamard", "all").Create(4, Dim, 0);
        Tensor expected = plain.forward(_ids), actual = spread.forward(_ids);
        Near(expected.norm(2, p: 2f), actual.norm(2, p: 2f), 1e-4);
        Near(expected, actual.matmul(Hadamard.Orthonormal(Dim)), 1e-5);
        Near(eye(Dim), Hadamard.Orthonormal(Dim).matmul(Hadamard.Orthonormal(Dim).t()), 1e-5);
    }

    [Fact]
    public void Gain_gives_random_bytes_a_mean_square_of_one_whatever_K_is()
    {
        byte[] many = new byte[1 << 16];
        new Random(1).NextBytes(many);
        foreach (int bytesPerSlot in new[] { 1, 4 })
        {
            using InputDoor door = DoorVariant.Parse("zero-standardized+gain", "all").Create(bytesPerSlot, Dim, 0);
            Assert.Equal(1, door.forward(tensor(many).unsqueeze(0)).square().mean().item<float>(), 0.01f);
        }
    }

    [Fact]
    public void An_address_moves_stream_bytes_to_their_slot_places()
    {
        using InputDoor door = DoorVariant.Parse("zero+address", "all").Create(4, Dim, 0);
        float[] features = HslFeatures.Encode(_bytes), stream = Floats(door.Stream(_ids));
        for (int i = 0; i < Bytes; i++)
        {
            float[] row = stream[(i * Dim)..((i + 1) * Dim)];
            int place = 27 * (i % 4);
            Assert.Equal(features[(i * 27)..((i + 1) * 27)], row[place..(place + 27)]);
            Assert.Equal(27, row.Length - row[..place].Concat(row[(place + 27)..]).Count(value => value == 0));
        }
    }

    [Theory]
    [InlineData("mlp", "all", "mlp")]
    [InlineData("zero+magic", "all", "magic")]
    [InlineData("zero", "delta,gamma", "gamma")]
    [InlineData("embedding+bits", "all", "embedding")]
    [InlineData("random", "delta", "random")]
    [InlineData("projection+hadamard", "all", "hadamard")]
    [InlineData("zero+gain", "all", "gain")]
    [InlineData("zero+bits", "delta", "bits")]
    public void What_does_not_exist_or_go_together_is_named(string arm, string channels, string named) =>
        Assert.Contains(named, Assert.Throws<ArgumentException>(() => DoorVariant.Parse(arm, channels)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_width_without_a_Hadamard_matrix_is_named() =>
        Assert.Contains("216", Assert.Throws<ArgumentException>(() => DoorVariant.Parse("zero+hadamard", "all").Create(8, 216, 0)).Message, StringComparison.Ordinal);

    private static float[] Floats(Tensor values) => [.. values.contiguous().data<float>()];

    private static void Same(Tensor expected, Tensor actual) => Assert.Equal(Floats(expected), Floats(actual));

    private static void Near(Tensor expected, Tensor actual, double tolerance) => Assert.InRange((expected - actual).abs().max().item<float>(), 0, tolerance);
}
