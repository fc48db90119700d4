namespace HslEmbeddingZero.Training.Tests.Distributed;

public sealed class RankOrderTests
{
    [Theory]
    [InlineData(2, 0)]
    [InlineData(3, 1)]
    [InlineData(3, 7)]
    [InlineData(5, 16)]
    [InlineData(4, 1037)]
    public void Parts_are_added_rank_after_rank(int ranks, int length)
    {
        Random random = new(7);
        float[] parts =
            [.. Enumerable.Range(0, ranks * length).Select(_ => (float)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-9, 9))))];
        double[] doubles = [.. parts.Select(part => part * Math.PI)];
        float[] expected = parts[..length];
        double[] expectedDoubles = doubles[..length];
        for (int rank = 1; rank < ranks; rank++)
        {
            for (int i = 0; i < length; i++)
            {
                expected[i] += parts[(rank * length) + i];
                expectedDoubles[i] += doubles[(rank * length) + i];
            }
        }

        Assert.Equal(expected, RankOrder.Sum<float>(parts, ranks).ToArray());
        Assert.Equal(expectedDoubles, RankOrder.Sum<double>(doubles, ranks).ToArray());
    }

    [Fact]
    public void A_negative_zero_of_all_ranks_stays_negative() =>
        Assert.True(float.IsNegative(RankOrder.Sum<float>([-0f, -0f, -0f], 3)[0]));
}
