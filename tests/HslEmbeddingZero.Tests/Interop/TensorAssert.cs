using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Interop;

internal static class TensorAssert
{
    /// <summary>Same type, same shape, equal values.</summary>
    public static void AssertSame(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.dtype, actual.dtype);
        Assert.Equal(expected.shape, actual.shape);
        Assert.True(actual.eq(expected).all().item<bool>());
    }
}
