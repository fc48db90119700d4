namespace HslEmbeddingZero.Training;

/// <summary>How a window becomes a sample: what is given and what is scored.</summary>
internal static class WindowSample
{
    public static void Write(WindowCorpus corpus, Modality modality, int index, Span<byte> context, Span<byte> targets)
    {
        var window = corpus.Window(index);
        window[..context.Length].CopyTo(context);
        if (modality == Modality.Video)
            corpus.Window(index + 1).CopyTo(targets);
        else
            window[context.Length..].CopyTo(targets);
    }

    /// <summary>At most <paramref name="most"/> of the windows, evenly spread, sample after sample.</summary>
    public static (byte[] Contexts, byte[] Targets, int Count) Collect(
        WindowCorpus corpus, Modality modality, IReadOnlyList<int> windows, int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        var shape = SampleShape.Of(modality);
        var count = Math.Min(most, windows.Count);
        var contexts = new byte[count * shape.ContextLength];
        var targets = new byte[count * shape.TargetLength];
        foreach (var (row, place) in EvenSpread.Places(count, windows.Count).Index())
            Write(
                corpus,
                modality,
                windows[place],
                contexts.AsSpan(row * shape.ContextLength, shape.ContextLength),
                targets.AsSpan(row * shape.TargetLength, shape.TargetLength));
        return (contexts, targets, count);
    }
}
