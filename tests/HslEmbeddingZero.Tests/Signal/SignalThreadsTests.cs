namespace HslEmbeddingZero.Tests.Signal;

/// <summary>The encoder and the codec keep no state between calls, so many threads may use them at once.</summary>
public sealed class SignalThreadsTests
{
    [Fact]
    public void Many_threads_get_the_same()
    {
        byte[][] inputs = [.. Enumerable.Range(0, 16).Select(i => Doors.DoorTensors.RandomBytes(200 + 31 * i, i))];
        HslFeatureOptions[] options = [default, new(IncludeBits: true), new(MomentumPhase: true), new(true, true)];
        float[][] expected = [.. inputs.Select((bytes, i) => HslFeatures.Encode(bytes, options[i % 4]))];
        Parallel.For(0, 512, new ParallelOptions { MaxDegreeOfParallelism = 16 }, i =>
        {
            byte[] bytes = inputs[i % 16];
            Assert.Equal(expected[i % 16], HslFeatures.Encode(bytes, options[i % 4]));
            float[] parallel = new float[expected[i % 16].Length];
            HslFeatures.EncodeParallel(bytes, parallel, options[i % 4], 2);
            Assert.Equal(expected[i % 16], parallel);
            Assert.Equal(bytes, HslCodec.Decode(HslCodec.Encode(bytes)));
        });
    }
}
