using System.Numerics;
using TorchSharp;
using static HslEmbeddingZero.Tests.Doors.DoorTensors;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Doors;

public sealed class ChannelScaleTests : IDisposable
{
    private const int Channels = HslFeatures.Dimension;
    private const int Boundary = 16;
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly ZeroDoor _door = new(scaling: ChannelScaling.Standardized);

    public void Dispose()
    {
        _door.Dispose();
        _scope.Dispose();
    }

    /// <summary>Twenty-six columns of a byte with a predecessor, over all 65,536 pairs.</summary>
    [Fact]
    public void Pair_columns_have_mean_zero_and_deviation_one()
    {
        byte[] pairs = [.. Enumerable.Range(0, 65536).SelectMany(pair => new[] { (byte)(pair >> 8), (byte)pair })];
        Tensor rows = _door.Features(Ids(pairs, ScalarType.Byte, 65536, 2)).select(1, 1).to(ScalarType.Float64);
        double[] means = [.. rows.mean([0]).data<double>()];
        double[] squares = [.. rows.square().mean([0]).data<double>()];
        for (int c = 0; c < Channels; c++)
        {
            if (c == Boundary) continue;
            Assert.Equal(0, means[c], 1e-6);
            Assert.Equal(1, squares[c], 1e-6);
        }
    }

    /// <summary>
    /// The boundary depends on three bytes through 28 codes. The test uses exact weights over all 256³ triples and reads each code once.
    /// </summary>
    [Fact]
    public void Boundary_has_mean_zero_and_deviation_one_over_all_triples()
    {
        var triples = new Dictionary<int, (double Weight, byte[] Bytes)>();
        for (int middle = 0; middle < 256; middle++)
        {
            ILookup<int, int> tails = Enumerable.Range(0, 256).ToLookup(first => TwiceEnergy(first, middle, 0x0F));
            ILookup<int, int> heads = Enumerable.Range(0, 256).ToLookup(last => TwiceEnergy(middle, last, 0xF8));
            foreach (IGrouping<int, int> tail in tails)
            {
                foreach (IGrouping<int, int> head in heads)
                {
                    double weight = tail.Count() * (double)head.Count() / (1 << 24);
                    (double sum, byte[] bytes) = triples.GetValueOrDefault(tail.Key + head.Key,
                        (0, [(byte)tail.First(), (byte)middle, (byte)head.First()]));
                    triples[tail.Key + head.Key] = (sum + weight, bytes);
                }
            }
        }

        Assert.Equal(1, triples.Values.Sum(triple => triple.Weight), 1e-12);
        double mean = 0, square = 0, rawMean = 0, rawSquare = 0;
        foreach ((int code, (double weight, byte[] bytes)) in triples)
        {
            double value = Floats(_door.Features(Ids(bytes, ScalarType.Byte)))[2 * Channels + Boundary];
            (mean, square) = (mean + weight * value, square + weight * value * value);
            (rawMean, rawSquare) = (rawMean + weight * code / 18, rawSquare + weight * code * code / 324);
        }

        Assert.Equal(0, mean, 1e-6);
        Assert.Equal(1, square, 1e-6);
        Assert.Equal(ChannelScale.Mean(Boundary), rawMean, 1e-12);
        Assert.Equal(ChannelScale.Deviation(Boundary), Math.Sqrt(rawSquare - rawMean * rawMean), 1e-12);
    }

    [Fact]
    public void Many_random_bytes_have_mean_zero_and_deviation_one_in_every_column()
    {
        // 400,000 bytes: the standard error of a mean is below 0.002, of a square below 0.004 (the boundary is correlated with its
        // neighbours).
        Tensor rows = _door.Features(Ids(RandomBytes(400_000, 1), ScalarType.Byte)).to(ScalarType.Float64);
        Assert.All(rows.mean([0]).data<double>(), mean => Assert.InRange(mean, -0.015, 0.015));
        Assert.All(rows.square().mean([0]).data<double>(), square => Assert.InRange(square, 0.97, 1.03));
    }

    [Fact]
    public void Every_column_is_the_shifted_and_scaled_feature()
    {
        byte[] bytes = RandomBytes(3000, 2);
        float[] raw = HslFeatures.Encode(bytes);
        float[] rows = Floats(_door.Features(Ids(bytes, ScalarType.Byte)));
        for (int i = 0; i < raw.Length; i++)
        {
            int c = i % Channels;
            Assert.Equal((raw[i] - ChannelScale.Mean(c)) / ChannelScale.Deviation(c), rows[i], 1e-6);
        }
    }

    [Fact]
    public void Constants_are_the_closed_forms()
    {
        for (int c = 0; c < Channels; c++)
        {
            (double mean, double variance) = c switch
            {
                < 16 => (0.5, 0.25),
                16 => (0.75, 5.0 / 144),
                17 => (4, 2),
                21 => (0, 2),
                < 25 => (0, 1),
                _ => (0, 0.5),
            };
            Assert.Equal(mean, ChannelScale.Mean(c));
            Assert.Equal(variance, ChannelScale.Deviation(c) * ChannelScale.Deviation(c), 1e-15);
        }
    }

    [Fact]
    public void Nothing_is_lost()
    {
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(v => (byte)v), .. RandomBytes(1000, 3)];
        float[] rows = Floats(_door.Features(Ids(bytes, ScalarType.Byte)));
        for (int i = 0; i < bytes.Length; i++)
        {
            int value = 0, bit = 0;
            for (int j = 0; j < 8; j++) // a set bit of the Gray code gives +1, a clear one -1
            {
                bit ^= rows[i * Channels + j] > 0 ? 1 : 0;
                value = (value << 1) | bit;
            }

            Assert.Equal(bytes[i], value);
        }
    }

    [Fact]
    public void Special_ids_stay_zero_and_the_next_byte_is_first()
    {
        int[] ids = [10, ByteIds.Mask, 20, 30, 40, ByteIds.EndOfSequence, 50];
        float[] rows = Floats(_door.Features(Ids(ids)));
        Assert.All(rows[Channels..(2 * Channels)], value => Assert.Equal(0f, value));
        Assert.All(rows[(5 * Channels)..(6 * Channels)], value => Assert.Equal(0f, value));
        Assert.Equal(Bits(Floats(_door.Features(Ids([20, 30, 40])))), Bits(rows.AsSpan(2 * Channels, 3 * Channels)));
        Assert.Equal(Bits(Floats(_door.Features(Ids([50])))), Bits(rows.AsSpan(6 * Channels, Channels)));
    }

    private static int TwiceEnergy(int previous, int value, int mask)
    {
        int gray = value ^ (value >> 1), before = previous ^ (previous >> 1);
        return 2 * BitOperations.PopCount((uint)(gray & mask)) + BitOperations.PopCount((uint)((gray ^ before) & mask));
    }
}
