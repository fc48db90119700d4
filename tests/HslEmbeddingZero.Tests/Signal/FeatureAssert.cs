namespace HslEmbeddingZero.Tests.Signal;

/// <summary>Compares feature rows float by float. The message names row and column of the first difference.</summary>
internal static class FeatureAssert
{
    // == rather than a bit pattern: the reference has -0.0 in a column where this library has 0.0.
    public static void Same(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, int dimension)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (expected[i] != actual[i])
                Assert.Fail($"row {i / dimension}, column {i % dimension}: expected {expected[i]:R}, got {actual[i]:R}");
        }
    }
}
