namespace HslEmbeddingZero.Training;

/// <summary>Held-out text: windows of 512 ids of context and 256 ids to score. No id is scored twice.</summary>
public sealed class HeldOutText
{
    internal HeldOutText(short[] contexts, short[] targets, int[] source)
    {
        Contexts = contexts;
        Targets = targets;
        Source = source;
    }

    /// <summary>The contexts, window after window, 512 ids each.</summary>
    public short[] Contexts { get; }

    /// <summary>The ids to score, window after window, 256 each.</summary>
    public short[] Targets { get; }

    /// <summary>For each window the index of its file in <see cref="TextCorpus.Sources"/>.</summary>
    public int[] Source { get; }

    /// <summary>How many windows there are.</summary>
    public int Count => Source.Length;

    /// <summary>
    /// Each source's held-out ids hold (length - 512) / 256 places whose targets touch but do not overlap. The windows are shared out in
    /// proportion to the sources' lengths, at least one each, and lie evenly spread over the places.
    /// </summary>
    internal static HeldOutText Create(TextCorpus corpus, int most)
    {
        if (most < corpus.Sources.Count)
            throw new ArgumentOutOfRangeException(
                nameof(most),
                most,
                $"There are {corpus.Sources.Count} text sources; each needs at least 1 of the {nameof(HeldOutOptions.TextWindows)}.");

        var shape = SampleShape.Of(Modality.Text);
        var shares = ShareOut(corpus, shape, most);
        var count = shares.Sum();
        var contexts = new short[count * shape.ContextLength];
        var targets = new short[count * shape.TargetLength];
        var sources = new int[count];
        var window = 0;
        for (var source = 0; source < shares.Length; source++)
        {
            var ids = corpus.HeldOut(source).Span;
            foreach (var place in EvenSpread.Places(shares[source], Places(ids.Length, shape)))
            {
                var sample = ids.Slice(place * shape.TargetLength, shape.Length);
                sample[..shape.ContextLength].CopyTo(contexts.AsSpan(window * shape.ContextLength));
                sample[shape.ContextLength..].CopyTo(targets.AsSpan(window * shape.TargetLength));
                sources[window++] = source;
            }
        }

        return new(contexts, targets, sources);
    }

    private static int Places(int length, SampleShape shape) => (length - shape.ContextLength) / shape.TargetLength;

    /// <summary>
    /// One window to each source, then each further one to the source whose length per window is greatest and that has a place left.
    /// </summary>
    private static int[] ShareOut(TextCorpus corpus, SampleShape shape, int most)
    {
        var lengths = Enumerable.Range(0, corpus.Sources.Count).Select(source => corpus.HeldOut(source).Length).ToArray();
        var places = Array.ConvertAll(lengths, length => Places(length, shape));
        var shares = Array.ConvertAll(lengths, _ => 1);
        var queue = new PriorityQueue<int, double>();
        for (var source = 0; source < lengths.Length; source++)
            Offer(source);
        for (var given = shares.Length; given < most && queue.TryDequeue(out var source, out _); given++)
        {
            shares[source]++;
            Offer(source);
        }

        return shares;

        void Offer(int source)
        {
            if (shares[source] < places[source])
                queue.Enqueue(source, -lengths[source] / (shares[source] + 0.5));
        }
    }
}
