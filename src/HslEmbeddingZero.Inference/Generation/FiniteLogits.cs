namespace HslEmbeddingZero;

/// <summary>The check of logits that every generator makes.</summary>
internal static class FiniteLogits
{
    /// <summary>Throws if a logit is not finite.</summary>
    /// <param name="logits">258 logits.</param>
    /// <param name="idsRead">How many ids the model read before them. The message names it.</param>
    /// <exception cref="NotFiniteNumberException">A logit is NaN or infinite.</exception>
    public static void Require(ReadOnlySpan<float> logits, int idsRead)
    {
        for (int id = 0; id < logits.Length; id++)
        {
            if (float.IsFinite(logits[id])) continue;
            throw new NotFiniteNumberException(
                $"The model's logits are not finite: that of id {id} is {logits[id]} after {idsRead} ids. "
                + "Its weights are damaged, or too large for its dtype.", logits[id]);
        }
    }
}
