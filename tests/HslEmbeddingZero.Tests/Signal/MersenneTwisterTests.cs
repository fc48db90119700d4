namespace HslEmbeddingZero.Tests.Signal;

/// <summary>
/// The doubles are those of MathNet.Numerics 5.0.0 (<c>new MersenneTwister(seed, threadSafe: false)</c>), which drew the bytes of earlier
/// versions. The same seed must draw the same text for ever.
/// </summary>
public class MersenneTwisterTests
{
    [Theory]
    [InlineData(0, 0.548813502304256, 0.5928446163889021, 0.715189364971593)]
    [InlineData(1, 0.4170219984371215, 0.99718480813317, 0.720324489288032)]
    [InlineData(42, 0.37454011430963874, 0.7965429842006415, 0.9507143115624785)]
    [InlineData(5489, 0.8147236919030547, 0.13547700410708785, 0.9057919341139495)]
    [InlineData(int.MaxValue, 0.3933911283966154, 0.8920087465085089, 0.6566618450451642)]
    public void The_first_doubles_are_those_of_MathNet(int seed, double first, double second, double third)
    {
        MersenneTwister random = new((uint)seed);
        Assert.Equal([first, second, third], [random.NextDouble(), random.NextDouble(), random.NextDouble()]);
    }

    /// <summary>Before and after the state is mixed for the second time, and far behind.</summary>
    [Theory]
    [InlineData(0, 0.882859998382628, 0.07952208677306771, 0.35929766297340393)]
    [InlineData(1, 0.4670853151474148, 0.25711829774081707, 0.2882202703040093)]
    [InlineData(42, 0.2508605329785496, 0.02535074297338724, 0.32582458574324846)]
    [InlineData(5489, 0.9360550639685243, 0.9729745592921972, 0.9601144108455628)]
    [InlineData(int.MaxValue, 0.18244322738610208, 0.7827096355613321, 0.269822382600978)]
    public void Later_doubles_are_those_of_MathNet(int seed, double at623, double at624, double at9999)
    {
        MersenneTwister random = new((uint)seed);
        double[] all = [.. Enumerable.Range(0, 10_000).Select(_ => random.NextDouble())];
        Assert.Equal([at623, at624, at9999], [all[623], all[624], all[9999]]);
    }
}
