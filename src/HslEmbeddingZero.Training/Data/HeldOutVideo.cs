namespace HslEmbeddingZero.Training;

/// <summary>Held-out video: a window of 539 bytes as context, the next window of the same film to score.</summary>
public sealed class HeldOutVideo
{
    internal HeldOutVideo(WindowCorpus corpus, int most)
    {
        (Contexts, Targets, Count) = WindowSample.Collect(corpus, Modality.Video, corpus.HeldOutVideo, most);
    }

    /// <summary>The contexts, window after window, 539 bytes each.</summary>
    public byte[] Contexts { get; }

    /// <summary>The bytes to score, window after window, 539 each.</summary>
    public byte[] Targets { get; }

    /// <summary>How many windows there are.</summary>
    public int Count { get; }
}
