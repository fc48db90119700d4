namespace HslEmbeddingZero.Training;

/// <summary>
/// Held-out captions: frame and sound of a window as context (514 bytes), its caption and the closing 255 to score (25 bytes).
/// </summary>
/// <remarks>
/// A window's partner is the window half the set further on, cyclically: never itself, and another film wherever no film holds half
/// of the set. What a model loses when the partner's sound stands in the context tells how far it listens.
/// </remarks>
public sealed class HeldOutCaption
{
    private static readonly SampleShape Shape = SampleShape.Of(Modality.Caption);

    internal HeldOutCaption(WindowCorpus corpus, int most)
    {
        (Contexts, Targets, Count) = WindowSample.Collect(corpus, Modality.Caption, corpus.HeldOutCaption, most);
        if (Count < 2)
            throw new ArgumentException($"{Count} held-out caption window: at least 2 are needed, to be swapped with each other.");
        AudioSwapped = WithPartner(WindowRecord.AudioOffset, WindowRecord.AudioSize);
        SceneSwapped = WithPartner(WindowRecord.FrameOffset, Shape.ContextLength);
    }

    /// <summary>The contexts, window after window, 514 bytes each.</summary>
    public byte[] Contexts { get; }

    /// <summary>The bytes to score, window after window, 25 each.</summary>
    public byte[] Targets { get; }

    /// <summary>The contexts, each with its partner's sound in place of its own.</summary>
    public byte[] AudioSwapped { get; }

    /// <summary>The contexts, each with its partner's frame and sound in place of its own.</summary>
    public byte[] SceneSwapped { get; }

    /// <summary>How many windows there are.</summary>
    public int Count { get; }

    /// <summary>The window whose sound or scene replaces that of a window.</summary>
    /// <param name="window">A window, from 0 to <see cref="Count"/> - 1.</param>
    public int Partner(int window) => (window + (Count / 2)) % Count;

    private byte[] WithPartner(int offset, int size)
    {
        byte[] swapped = [.. Contexts];
        for (var window = 0; window < Count; window++)
            Contexts.AsSpan((Partner(window) * Shape.ContextLength) + offset, size)
                .CopyTo(swapped.AsSpan((window * Shape.ContextLength) + offset));
        return swapped;
    }
}
