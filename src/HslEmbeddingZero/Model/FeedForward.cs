using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// Linear(d, 4d), exact GELU, dropout, Linear(4d, d). The keys 0 and 3 are the indices of the linear layers in the original's
/// nn.Sequential.
/// </summary>
internal sealed class FeedForward : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "0")]
    private readonly Linear _widen;

    [ComponentName(Name = "3")]
    private readonly Linear _narrow;

    private readonly LinearKernel _linear;
    private readonly Dropout _dropout;

    public FeedForward(int dim, LinearKernel linear, Dropout dropout) : base(nameof(FeedForward))
    {
        _widen = nn.Linear(dim, 4 * dim, device: CPU, dtype: ScalarType.Float32);
        _narrow = nn.Linear(4 * dim, dim, device: CPU, dtype: ScalarType.Float32);
        _linear = linear;
        _dropout = dropout;
        RegisterComponents();
    }

    /// <summary>Draws the weights. In the layer that writes to the residual stream, the deviation is divided by the divisor.</summary>
    public void ResetParameters(Generator? random, double residualDivisor)
    {
        _widen.Reset(random);
        _narrow.Reset(random, residualDivisor);
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor hidden = nn.functional.gelu(_linear.Apply(_widen, input));
        return _linear.Apply(_narrow, _dropout.Apply(hidden, training)).MoveToOuterDisposeScope();
    }
}
