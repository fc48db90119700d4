using TorchSharp;
using TorchSharp.Modules;
using static HslEmbeddingZero.Tests.Interop.TensorAssert;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Tests.Interop;

public sealed class SafetensorsLoadIntoTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly TorchSharp.Modules.Linear _module = nn.Linear(3, 2);

    public void Dispose()
    {
        _module.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void Fills_parameters_and_converts_floats()
    {
        Tensor weight = full(2, 3, 0.5, dtype: ScalarType.BFloat16), bias = arange(1, 3, dtype: ScalarType.Float64);
        Safetensors.LoadInto(_module, Tensors(weight, bias), "here");
        Assert.Equal(ScalarType.Float32, _module.weight.dtype);
        Assert.True(_module.weight.requires_grad);
        Assert.Equal(3f, _module.weight.sum().item<float>());
        Assert.Equal(2f, _module.bias![1].item<float>());
    }

    [Fact]
    public void Fills_buffers_too()
    {
        using BatchNorm1d norm = nn.BatchNorm1d(2);
        var state = norm.state_dict().ToDictionary(pair => pair.Key, pair => pair.Value.detach().clone().add(3));
        Safetensors.LoadInto(norm, state, "here");
        Assert.Equal(3L, norm.num_batches_tracked!.item<long>());
        Assert.Equal(3f, norm.running_mean![0].item<float>());
    }

    [Fact]
    public void A_missing_key_is_refused() =>
        Refused(new() { ["weight"] = ones(2, 3) }, "'bias' is missing", "expected Float32 [2]", "found nothing");

    [Fact]
    public void An_extra_key_is_refused()
    {
        Dictionary<string, Tensor> tensors = Tensors(ones(2, 3), ones(2));
        tensors["scale"] = ones(1);
        Refused(tensors, "'scale' is extra", "expected nothing", "found Float32 [1]");
    }

    [Fact]
    public void A_wrong_shape_is_refused() => Refused(
        Tensors(ones(3, 2), ones(2)), "'weight' has the wrong shape", "expected Float32 [2, 3]", "found Float32 [3, 2]");

    [Fact]
    public void A_type_that_does_not_convert_is_refused() => Refused(
        Tensors(ones(2, 3), ones(2, dtype: ScalarType.Int64)), "'bias' has a type", "expected Float32 [2]", "found Int64 [2]");

    [Fact]
    public void All_problems_are_told_at_once() => Refused(
        new() { ["w"] = ones(1) }, "'weight' is missing", "'bias' is missing", "'w' is extra");

    private void Refused(Dictionary<string, Tensor> tensors, params string[] parts)
    {
        Tensor weight = _module.weight.detach().clone(), bias = _module.bias!.detach().clone();
        SafetensorsException error =
            Assert.Throws<SafetensorsException>(() => Safetensors.LoadInto(_module, tensors, "somewhere.safetensors"));
        Assert.StartsWith("somewhere.safetensors: ", error.Message, StringComparison.Ordinal);
        foreach (string part in parts) Assert.Contains(part, error.Message, StringComparison.Ordinal);
        AssertSame(weight, _module.weight);
        AssertSame(bias, _module.bias!);
    }

    private static Dictionary<string, Tensor> Tensors(Tensor weight, Tensor bias) => new() { ["weight"] = weight, ["bias"] = bias };
}
