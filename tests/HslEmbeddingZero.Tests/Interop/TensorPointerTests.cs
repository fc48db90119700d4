using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Interop;

public sealed unsafe class TensorPointerTests
{
    [Fact]
    public void It_is_the_address_of_the_first_number()
    {
        using Tensor values = arange(0, 6, dtype: ScalarType.Float32, device: CPU);
        float* first = (float*)TensorPointer.Of(values);
        Assert.Equal([0, 1, 2, 3, 4, 5], new ReadOnlySpan<float>(first, 6).ToArray());
        first[4] = 40;
        Assert.Equal(40, values[4].item<float>());
    }

    [Theory]
    [InlineData(ScalarType.Byte, 1)]
    [InlineData(ScalarType.BFloat16, 2)]
    [InlineData(ScalarType.Float32, 4)]
    [InlineData(ScalarType.Float64, 8)]
    [InlineData(ScalarType.Int64, 8)]
    public void A_view_begins_at_its_own_first_number(ScalarType type, int bytes)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor values = zeros([4, 5], type, CPU);
        nint start = TensorPointer.Of(values);
        Assert.Equal(start + (2 * 5 * bytes), TensorPointer.Of(values.narrow(0, 2, 2)));
        Assert.Equal(start + (7 * bytes), TensorPointer.Of(values.view(-1).narrow(0, 7, 3)));
        Assert.Equal(start + (3 * bytes), TensorPointer.Of(values.t().narrow(0, 3, 1)));
        Assert.Equal(start, TensorPointer.Of(values.detach()));
    }

    [Fact]
    public void An_empty_tensor_has_any_address()
    {
        using Tensor none = zeros(0, ScalarType.Float32, CPU);
        TensorPointer.Of(none); // does not throw
        Assert.Equal(0, none.numel());
    }

    [Fact]
    public void A_tensor_without_memory_is_refused_and_the_next_call_of_torch_works()
    {
        using Tensor dense = ones([3, 3], ScalarType.Float32, CPU);
        using Tensor sparse = dense.to_sparse();
        using Tensor meta = zeros(3, ScalarType.Float32, device("meta"));
        Assert.Contains("sparse", Assert.Throws<ArgumentException>(() => TensorPointer.Of(sparse)).Message, StringComparison.Ordinal);
        Assert.Contains("meta", Assert.Throws<ArgumentException>(() => TensorPointer.Of(meta)).Message, StringComparison.Ordinal);
        using Tensor sum = dense.sum();
        Assert.Equal(9, sum.item<float>());
    }
}
