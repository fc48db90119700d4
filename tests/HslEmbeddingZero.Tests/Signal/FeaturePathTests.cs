namespace HslEmbeddingZero.Tests.Signal;

/// <summary>Every store width, in place and streamed, and every number of cores give equal floats.</summary>
public class FeaturePathTests
{
    public static TheoryData<string, bool, bool> Paths
    {
        get
        {
            var data = new TheoryData<string, bool, bool>();
            foreach (FeaturePath path in Enum.GetValues<FeaturePath>())
            {
                data.Add(path.ToString(), false, false);
                data.Add(path.ToString(), true, false);
                data.Add(path.ToString(), false, true);
                data.Add(path.ToString(), true, true);
            }

            return data;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Paths))]
    public void Paths_agree_with_the_scalar_one_at_any_length_and_alignment(string pathName, bool includeBits, bool momentum)
    {
        FeaturePath path = Enum.Parse<FeaturePath>(pathName);
        Skip.IfNot(FeatureKernel.IsSupported(path), $"{path} is not in this machine's hardware.");
        var options = new HslFeatureOptions(includeBits, momentum);
        var random = new Random(7);
        foreach (int length in (int[])[1, 2, 3, 15, 16, 17, 63, 64, 65, 66, 80, 127, 129, 200, 1000])
        {
            byte[] bytes = new byte[length];
            random.NextBytes(bytes);
            float[] expected = new float[length * options.Dimension];
            HslFeatures.Encode(bytes, expected, options, FeaturePath.Scalar, stream: false);

            for (int offset = 0; offset < 17; offset++)
            {
                foreach (bool stream in (bool[])[false, true])
                {
                    float[] actual = new float[expected.Length + 34];
                    Array.Fill(actual, float.NaN);
                    HslFeatures.Encode(bytes, actual.AsSpan(offset, expected.Length), options, path, stream);
                    FeatureAssert.Same(expected, actual.AsSpan(offset, expected.Length), options.Dimension);
                    Assert.All(actual[..offset], value => Assert.True(float.IsNaN(value)));
                    Assert.All(actual[(offset + expected.Length)..], value => Assert.True(float.IsNaN(value)));
                }
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(-1)]
    public void Cores_do_not_change_the_result(int cores)
    {
        foreach (int length in (int[])[0, 1, 8191, 16384, 100_003])
        {
            byte[] bytes = new byte[length];
            new Random(length).NextBytes(bytes);
            foreach (HslFeatureOptions options in (HslFeatureOptions[])[default, new(true, true)])
            {
                float[] expected = HslFeatures.Encode(bytes, options);
                float[] actual = new float[expected.Length];
                HslFeatures.EncodeParallel(bytes, actual, options, cores);
                FeatureAssert.Same(expected, actual, options.Dimension);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-2)]
    public void A_nonsensical_number_of_cores_is_refused(int cores)
        => Assert.Throws<ArgumentOutOfRangeException>(
            () => HslFeatures.EncodeParallel(new byte[1], new float[HslFeatures.Dimension], default, cores));

    [Fact]
    public void Output_large_enough_to_stream_equals_the_scalar_path()
    {
        byte[] bytes = new byte[700_000];
        new Random(3).NextBytes(bytes);
        float[] expected = new float[HslFeatures.Length(bytes.Length)];
        Assert.True(expected.Length * 4L >= FeatureKernel.StreamFromBytes);
        HslFeatures.Encode(bytes, expected, default, FeaturePath.Scalar, stream: false);
        float[] actual = new float[expected.Length];
        HslFeatures.Encode(bytes, actual);
        Assert.True(expected.AsSpan().SequenceEqual(actual));
        Array.Clear(actual);
        HslFeatures.EncodeParallel(bytes, actual);
        Assert.True(expected.AsSpan().SequenceEqual(actual));
    }
}
