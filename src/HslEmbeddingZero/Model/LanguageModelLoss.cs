using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// Cross-entropy of next-byte logits, computed in float32 for logits of any dtype. Divided by ln 2, it is the bits per byte in reports and
/// tables.
/// </summary>
/// <remarks>
/// A target of <see cref="ByteIds.Mask"/> is padding: it is not scored, and its loss is 0. That is how samples of different lengths share
/// a batch.
/// </remarks>
public static class LanguageModelLoss
{
    /// <summary>Mean over all scored bytes: the training loss of samples without padding.</summary>
    /// <param name="logits">[B, L, V] logits, as <see cref="ByteLanguageModel.forward"/> gives them.</param>
    /// <param name="targets">[B, L] ids below V of any integer type, on the same device.</param>
    /// <returns>A float32 scalar tensor, in nats. It belongs to the dispose scope that is open around the call.</returns>
    public static Tensor NatsPerByte(Tensor logits, Tensor targets) => Loss(logits, targets, nn.Reduction.Mean);

    /// <summary>
    /// Mean over the samples, each the mean over its scored bytes: the training loss of samples with padding. A long sample counts as much
    /// as a short one, so that the mean does not depend on which samples share a batch.
    /// </summary>
    /// <param name="logits">[B, L, V] logits, as <see cref="ByteLanguageModel.forward"/> gives them.</param>
    /// <param name="targets">[B, L] ids below V of any integer type, on the same device; each sample has at least one to score.</param>
    /// <returns>A float32 scalar tensor, in nats. It belongs to the dispose scope that is open around the call.</returns>
    public static Tensor NatsPerByteOfSamples(Tensor logits, Tensor targets)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor scored = targets.NotEqualSafe(ByteIds.Mask).sum(1, type: ScalarType.Float32);
        return (NatsOfEachByte(logits, targets).sum(1) / scored).mean().MoveToOuterDisposeScope();
    }

    /// <summary>Loss of each byte.</summary>
    /// <param name="logits">[B, L, V] logits, as <see cref="ByteLanguageModel.forward"/> gives them.</param>
    /// <param name="targets">[B, L] ids below V of any integer type, on the same device.</param>
    /// <returns>[B, L] float32, in nats. It belongs to the dispose scope that is open around the call.</returns>
    public static Tensor NatsOfEachByte(Tensor logits, Tensor targets)
    {
        using DisposeScope scope = NewDisposeScope();
        return Loss(logits, targets, nn.Reduction.None).view(targets.shape).MoveToOuterDisposeScope();
    }

    private static Tensor Loss(Tensor logits, Tensor targets, nn.Reduction reduction)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor flat = logits.reshape(-1, logits.size(-1)).to(ScalarType.Float32);
        Tensor ids = targets.reshape(-1).to(ScalarType.Int64);
        return nn.functional.cross_entropy(flat, ids, ignore_index: ByteIds.Mask, reduction: reduction).MoveToOuterDisposeScope();
    }
}
