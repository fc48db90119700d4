using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>Cross-entropy of next-byte logits, in float32.</summary>
internal static class LanguageModelLoss
{
    /// <summary>[B, L, V] logits and [B, L] ids to the mean over all B·L scored bytes, in nats.</summary>
    public static Tensor NatsPerByte(Tensor logits, Tensor targets) => Loss(logits, targets, nn.Reduction.Mean);

    /// <summary>[B, L, V] logits and [B, L] ids to the loss of every byte [B, L], in nats.</summary>
    public static Tensor NatsOfEachByte(Tensor logits, Tensor targets)
    {
        using var scope = NewDisposeScope();
        return Loss(logits, targets, nn.Reduction.None).view(targets.shape).MoveToOuterDisposeScope();
    }

    private static Tensor Loss(Tensor logits, Tensor targets, nn.Reduction reduction)
    {
        using var scope = NewDisposeScope();
        Tensor flat = logits.reshape(-1, logits.size(-1)).to(ScalarType.Float32);
        return nn.functional.cross_entropy(flat, targets.reshape(-1).to(ScalarType.Int64), reduction: reduction).MoveToOuterDisposeScope();
    }
}
