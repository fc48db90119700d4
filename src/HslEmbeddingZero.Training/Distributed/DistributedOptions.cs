namespace HslEmbeddingZero.Training;

/// <summary>
/// How several processes train one model. The options are equal on every rank. A checkpoint does not depend on them, nor on the number of
/// ranks.
/// </summary>
public sealed record DistributedOptions
{
    /// <summary>
    /// Whether gradients are added in the order of the micro-batches, as one process adds them. If the number of ranks divides
    /// <c>GradientAccumulationSteps</c>, the weights are then the same, bit for bit, for every such number. It costs an exchange for every
    /// micro-batch of a rank, instead of one for a step. false: one exchange, and the library chooses the order. Two ranks with one
    /// micro-batch each give the bits of one process in both cases.
    /// </summary>
    /// <value>false by default.</value>
    public bool OrderedReduction { get; init; }

    /// <summary>
    /// Whether every rank computes some rows of every micro-batch. This balances the ranks if micro-batches differ in length. The sums of a
    /// micro-batch then round differently. false: whole micro-batches are dealt out where their number is a multiple of the number of
    /// ranks; otherwise each is cut into as few parts as possible.
    /// </summary>
    /// <value>false by default.</value>
    public bool SharesRows { get; init; }

    /// <summary>
    /// Steps between two comparisons of the weights of all ranks, 1 or more. They are also compared before each checkpoint. A difference
    /// ends the run, because the ranks no longer train one model.
    /// </summary>
    /// <value>100 by default.</value>
    public int CompareWeightsEverySteps { get; init; } = 100;

    /// <summary>
    /// Time after which a step counts as hung, above 0. All ranks are then ended, because a rank that waits for another cannot be
    /// cancelled. Slow steps have more time: ten times the longest step so far, where the first step counts only until there is a second.
    /// The first step, and the work before it, have ten minutes at least.
    /// </summary>
    /// <value>25 seconds by default.</value>
    public TimeSpan HangTimeout { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>Throws if a value is out of its range.</summary>
    /// <exception cref="ArgumentException">Names the option, its value and the limit.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(CompareWeightsEverySteps, 1);
        OptionRange.Require(HangTimeout > TimeSpan.Zero, nameof(HangTimeout), HangTimeout, "above 0");
    }
}
