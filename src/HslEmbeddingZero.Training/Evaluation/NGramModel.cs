namespace HslEmbeddingZero.Training;

/// <summary>
/// A model of ids 0 to 257 made of counts: the baseline that a trained model must beat. Order 2 predicts from one id of context (a bigram),
/// order 3 from two (a trigram).
/// </summary>
/// <remarks>
/// Witten-Bell smoothing: if a context h was seen N times, followed by T different ids,
/// P(x | h) = (count(h, x) + T·P(x | h without its oldest id)) / (N + T). The recursion ends at 1/258. Every id keeps some probability,
/// and the probabilities sum to 1. The counts are dense arrays: 69 MB at order 3. Only the pages that are touched become resident.
/// </remarks>
public sealed class NGramModel
{
    private const int Ids = 258;
    private const int Chunk = 1 << 20;

    /// <summary>For each context length 0, 1, ...: the counts of the ids that followed.</summary>
    private readonly Level[] _levels;

    /// <summary>Creates an empty model, which gives every id the probability 1/258.</summary>
    /// <param name="order">1, 2 or 3: the number of context ids plus 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="order"/> is not 1, 2 or 3.</exception>
    public NGramModel(int order)
    {
        if (order is < 1 or > 3)
            throw new ArgumentOutOfRangeException(nameof(order), order, "The order must be 1, 2 or 3.");
        Order = order;
        _levels = new Level[order];
        for ((int length, int contexts) = (0, 1); length < order; length++, contexts *= Ids)
            _levels[length] = new(new uint[contexts * Ids], new long[contexts], new int[contexts]);
    }

    /// <summary>The number of context ids that the model uses, plus 1.</summary>
    public int Order { get; }

    /// <summary>Counts a sequence of ids. Counts add up over calls.</summary>
    /// <param name="ids">Training ids.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is below 0 or above 257.</exception>
    public void Fit(ReadOnlySpan<short> ids) => Fit(ids, 0);

    /// <summary>Counts the ids of a part of a corpus, of any length.</summary>
    /// <param name="ids">Training ids.</param>
    public void Fit(TextIds ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        short[] chunk = new short[(int)Math.Min(ids.Length, Chunk)];
        for (long next = 0; next < ids.Length;)
        {
            int known = (int)Math.Min(Order - 1, next); // already counted; they are the contexts of the first new ids
            Span<short> some = chunk.AsSpan(0, (int)Math.Min(chunk.Length, ids.Length - next + known));
            ids.CopyTo(next - known, some);
            Fit(some, known);
            next += some.Length - known;
        }
    }

    /// <param name="ids">Ids.</param>
    /// <param name="known">How many of the first ids are already counted. They serve as contexts only.</param>
    private void Fit(ReadOnlySpan<short> ids, int known)
    {
        CheckIds(ids, nameof(ids));
        for (int i = known; i < ids.Length; i++)
            for (int length = 0; length <= Math.Min(i, Order - 1); length++)
                _levels[length].Count(ContextOf(ids[(i - length)..i]), ids[i]);
    }

    /// <summary>Mean bits per id of <paramref name="targets"/>. Each id is predicted from the true ids before it.</summary>
    /// <param name="context">The ids before the targets. They are not scored; may be empty.</param>
    /// <param name="targets">The ids to score.</param>
    /// <exception cref="ArgumentException"><paramref name="targets"/> is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An id is below 0 or above 257.</exception>
    public double BitsPerByte(ReadOnlySpan<short> context, ReadOnlySpan<short> targets)
    {
        if (targets.IsEmpty)
            throw new ArgumentException("There are 0 ids to score; at least 1 is needed.", nameof(targets));
        CheckIds(context, nameof(context));
        CheckIds(targets, nameof(targets));

        short[] ids = [.. context[^Math.Min(context.Length, Order - 1)..], .. targets];
        double bits = 0d;
        for (int i = ids.Length - targets.Length; i < ids.Length; i++)
            bits -= Math.Log2(Probability(ids.AsSpan(..i), ids[i]));
        return bits / targets.Length;
    }

    /// <summary>The probability of an id after the ids before it. Only the last <see cref="Order"/> - 1 of them are used.</summary>
    internal double Probability(ReadOnlySpan<short> before, short id)
    {
        double probability = 1d / Ids;
        for (int length = 0; length <= Math.Min(before.Length, Order - 1); length++)
            probability = _levels[length].Interpolate(ContextOf(before[^length..]), id, probability);
        return probability;
    }

    private static int ContextOf(ReadOnlySpan<short> ids)
    {
        int context = 0;
        foreach (short id in ids)
            context = (context * Ids) + id;
        return context;
    }

    private static void CheckIds(ReadOnlySpan<short> ids, string name)
    {
        foreach (short id in ids)
            if (id is < 0 or >= Ids)
                throw new ArgumentOutOfRangeException(name, id, $"An id must be within 0 to {Ids - 1}.");
    }

    /// <param name="Seen">How often each id followed each context.</param>
    /// <param name="Total">How often anything followed each context.</param>
    /// <param name="Kinds">How many different ids followed each context.</param>
    private readonly record struct Level(uint[] Seen, long[] Total, int[] Kinds)
    {
        public void Count(int context, short id)
        {
            if (Seen[(context * Ids) + id] == 0)
                Kinds[context]++;
            checked
            {
                Seen[(context * Ids) + id]++;
            }

            Total[context]++;
        }

        public double Interpolate(int context, short id, double lower)
        {
            (long total, int kinds) = (Total[context], Kinds[context]);
            return total == 0 ? lower : (Seen[(context * Ids) + id] + (kinds * lower)) / ((double)total + kinds);
        }
    }
}
