using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// Dropout with a random stream of its own, so that a run can be resumed exactly and two models in one process do not disturb each other.
/// </summary>
internal sealed class Dropout(double probability) : IDisposable
{
    /// <summary>The stream masks are drawn from; torch's global one until it is set. Owned.</summary>
    public Generator? Generator { get; set; }

    public Tensor Apply(Tensor x, bool training)
    {
        if (!training || probability == 0) return x;
        using Tensor mask = empty(x.shape, x.dtype, x.device);
        using Scalar kept = 1 - probability;
        mask.bernoulli_(1 - probability, Generator).div_(kept);
        return x * mask;
    }

    public void Dispose() => Generator?.Dispose();
}
