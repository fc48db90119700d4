namespace HslEmbeddingZero.Training.Tests.Data;

/// <summary>
/// The doubles are those of MathNet.Numerics 5.0.0 (<c>new Xoshiro256StarStar(seed, threadSafe: false)</c>), which drew the samples of
/// earlier versions. A seed must draw the same samples for ever.
/// </summary>
public class Xoshiro256Tests
{
    [Theory]
    [InlineData(0, 0.6012629994179048, 0.7477740925472398, 0.10301998939503632, 0.479195373185742)]
    [InlineData(1, 0.7029218331588505, 0.5204366199388569, 0.5741057000197225, 0.7199933649419734)]
    [InlineData(7, 0.7005764821796896, 0.2787512294737843, 0.8396274618764198, 0.8471595111078865)]
    [InlineData(-1, 0.5598927040505212, 0.7674350796247662, 0.5072966666942884, 0.7647895006938519)]
    [InlineData(int.MinValue, 0.2947275157426439, 0.3628416388556791, 0.3462977295327643, 0.2820177672585258)]
    [InlineData(int.MaxValue, 0.2636345283659195, 0.5516286154296266, 0.24851244559517238, 0.6949869467087934)]
    [InlineData(123456789, 0.8200474410581898, 0.8817690596997072, 0.08209155293901105, 0.6159891625981264)]
    public void The_doubles_are_those_of_MathNet(int seed, double first, double second, double third, double at999)
    {
        Xoshiro256 random = new(seed);
        double[] all = new double[1000];
        for (int i = 0; i < all.Length; i++) all[i] = random.NextDouble();
        Assert.Equal([first, second, third, at999], [all[0], all[1], all[2], all[999]]);
    }
}
