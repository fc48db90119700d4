using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Model;

/// <summary>The matrix products that replace the fused kernel in bfloat16 on a CPU compute the same attention.</summary>
public sealed class CausalAttentionTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 7)]
    [InlineData(65, 65)]
    [InlineData(1, 40)] // one new position after 39
    public void Products_in_bfloat16_agree_with_the_fused_kernel_in_float32(int length, int keys)
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(length + keys);
        Tensor query = Rounded(2, 3, length, 16), key = Rounded(2, 3, keys, 16), value = Rounded(2, 3, keys, 16);
        using CausalAttention attention = new(new DeviceForm());
        Tensor expected = attention.Attend(query, key, value);
        Tensor actual = attention.Attend(query.bfloat16(), key.bfloat16(), value.bfloat16());
        Assert.Equal(ScalarType.BFloat16, actual.dtype);
        Assert.True((actual.to(ScalarType.Float32) - expected).abs().max().item<float>() < 0.03f);
    }

    [Fact]
    public void Gradients_agree_too()
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(5);
        using CausalAttention attention = new(new DeviceForm());
        Tensor[] inputs = [Rounded(1, 2, 33, 8), Rounded(1, 2, 33, 8), Rounded(1, 2, 33, 8)];
        Tensor weights = Rounded(1, 2, 33, 8);
        Tensor[] full = Gradients(ScalarType.Float32), brief = Gradients(ScalarType.BFloat16);
        for (int i = 0; i < 3; i++)
        {
            double scale = full[i].abs().max().item<float>();
            Assert.True((brief[i] - full[i]).abs().max().item<float>() < 0.03 * scale, $"input {i}");
        }

        Tensor[] Gradients(ScalarType type)
        {
            Tensor[] leaves = [.. inputs.Select(x => x.to(type).detach().clone().requires_grad_())];
            (attention.Attend(leaves[0], leaves[1], leaves[2]).to(ScalarType.Float32) * weights).sum().backward();
            return [.. leaves.Select(x => x.grad!.to(ScalarType.Float32))];
        }
    }

    [Fact]
    public void A_later_position_changes_no_earlier_one_whatever_lengths_came_before()
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(9);
        using CausalAttention attention = new(new DeviceForm());
        foreach (int length in (int[])[12, 40, 9]) // the mask is created, then grown, then used in part
        {
            Tensor query = randn([1, 2, length, 8], ScalarType.BFloat16), key = randn([1, 2, length, 8], ScalarType.BFloat16);
            Tensor value = randn([1, 2, length, 8], ScalarType.BFloat16);
            Tensor before = attention.Attend(query, key, value);
            key.narrow(2, length - 1, 1).fill_(3f);
            value.narrow(2, length - 1, 1).fill_(-7f);
            Tensor after = attention.Attend(query, key, value);
            Assert.True(
                before.narrow(2, 0, length - 1).contiguous().bytes.SequenceEqual(after.narrow(2, 0, length - 1).contiguous().bytes));
            Assert.False(before.contiguous().bytes.SequenceEqual(after.contiguous().bytes));
        }
    }

    [Fact]
    public void Lengths_too_great_for_a_square_of_scores_take_the_fused_kernel()
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(3);
        using CausalAttention attention = new(new DeviceForm());
        Tensor query = Rounded(1, 1, 2049, 8), key = Rounded(1, 1, 2049, 8), value = Rounded(1, 1, 2049, 8);
        Tensor brief = attention.Attend(query.bfloat16(), key.bfloat16(), value.bfloat16());
        Tensor fused = nn.functional.scaled_dot_product_attention(query.bfloat16(), key.bfloat16(), value.bfloat16(), is_casual: true);
        Assert.True(fused.contiguous().bytes.SequenceEqual(brief.contiguous().bytes));
        Assert.True((brief.to(ScalarType.Float32) - attention.Attend(query, key, value)).abs().max().item<float>() < 0.03f);
    }

    /// <summary>Normally distributed values that bfloat16 represents exactly, so that only the arithmetic differs.</summary>
    private static Tensor Rounded(params long[] shape) => randn(shape).bfloat16().to(ScalarType.Float32);
}
