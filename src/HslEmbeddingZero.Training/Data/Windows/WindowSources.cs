namespace HslEmbeddingZero.Training;

/// <summary>Video: a window of 539 bytes as context, and the window half a second later as target.</summary>
public sealed class VideoSource : SampleSource
{
    private static readonly SampleShape Windows = new(WindowRecord.Size, WindowRecord.Size);

    private readonly WindowCorpus _corpus;

    /// <summary>Creates the source.</summary>
    /// <param name="corpus">The windows. The films for video are used.</param>
    /// <param name="weight">How often the source is sampled, relative to the weights of the other sources.</param>
    /// <param name="heldOutSamples">Maximum number of held-out pairs of windows to score. They are evenly spread over all pairs.</param>
    /// <param name="name">Name in progress, metrics and results.</param>
    /// <exception cref="ArgumentException">
    /// The weight is above 0, but the corpus has no pair to train on; or the name is invalid.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The weight is negative or not finite, or <paramref name="heldOutSamples"/> is below 1.
    /// </exception>
    public VideoSource(WindowCorpus corpus, double weight = 1, int heldOutSamples = 128, string name = "video") : base(name, Windows,
        weight)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        WindowSamples.RequireTraining(this, corpus.TrainVideo, "pairs of windows");
        _corpus = corpus;
        HeldOut = WindowSamples.HeldOut(corpus, corpus.HeldOutVideo, heldOutSamples, Shape, Fill);
    }

    /// <inheritdoc/>
    public override string Fingerprint => WindowSamples.Fingerprint(_corpus);

    /// <inheritdoc/>
    public override HeldOutSamples? HeldOut { get; }

    /// <inheritdoc/>
    public override void Fill(SampleDraw draw, Span<short> context, Span<short> targets) =>
        Fill(_corpus, WindowSamples.Choose(this, _corpus.TrainVideo, draw), context, targets);

    private static void Fill(WindowCorpus corpus, int window, Span<short> context, Span<short> targets)
    {
        SampleBytes.Widen(corpus.Window(window), context);
        SampleBytes.Widen(corpus.Window(window + 1), targets);
    }
}

/// <summary>
/// Captions: frame and sound of a window (514 bytes) as context, and its caption and the closing 255 (25 bytes) as target.
/// </summary>
/// <remarks>
/// Two swaps are scored. The partner of a window is the window half the set later, cyclically. It is never the window itself, and it is
/// from another film unless a film holds half of the set. "binding" puts the partner's sound into the context; "scene" puts its frame and
/// sound there. The increase of the loss shows how much the model uses the sound and the frame.
/// </remarks>
public sealed class CaptionSource : SampleSource
{
    private static readonly SampleShape Caption = new(WindowRecord.CaptionOffset, WindowRecord.Size - WindowRecord.CaptionOffset);

    private readonly WindowCorpus _corpus;

    /// <summary>Creates the source.</summary>
    /// <param name="corpus">The windows. The films for captions are used.</param>
    /// <param name="weight">How often the source is sampled, relative to the weights of the other sources.</param>
    /// <param name="heldOutSamples">Maximum number of held-out windows to score. They are evenly spread over all held-out windows.</param>
    /// <param name="name">Name in progress, metrics and results.</param>
    /// <exception cref="ArgumentException">
    /// The weight is above 0, but the corpus has no window to train on; there is a single held-out window, which has no partner; or the
    /// name is invalid.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The weight is negative or not finite, or <paramref name="heldOutSamples"/> is below 1.
    /// </exception>
    public CaptionSource(WindowCorpus corpus, double weight = 1, int heldOutSamples = int.MaxValue, string name = "caption")
        : base(name, Caption, weight)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        WindowSamples.RequireTraining(this, corpus.TrainCaption, "windows with a caption");
        _corpus = corpus;
        HeldOut = WindowSamples.HeldOut(corpus, corpus.HeldOutCaption, heldOutSamples, Shape, Fill) is { } samples
            ? WithSwaps(samples)
            : null;
    }

    /// <inheritdoc/>
    public override string Fingerprint => WindowSamples.Fingerprint(_corpus);

    /// <inheritdoc/>
    public override HeldOutSamples? HeldOut { get; }

    /// <inheritdoc/>
    public override void Fill(SampleDraw draw, Span<short> context, Span<short> targets) =>
        Fill(_corpus, WindowSamples.Choose(this, _corpus.TrainCaption, draw), context, targets);

    private static void Fill(WindowCorpus corpus, int window, Span<short> context, Span<short> targets)
    {
        ReadOnlySpan<byte> bytes = corpus.Window(window);
        SampleBytes.Widen(bytes[..context.Length], context);
        SampleBytes.Widen(bytes[context.Length..], targets);
    }

    private static HeldOutSamples WithSwaps(HeldOutSamples samples)
    {
        if (samples.Count < 2)
            throw new ArgumentException($"{samples.Count} held-out caption window: at least 2 are needed, to swap their contexts.");
        return samples
            .WithSwap("binding", WithPartner(samples, WindowRecord.AudioOffset, WindowRecord.AudioSize))
            .WithSwap("scene", WithPartner(samples, WindowRecord.FrameOffset, Caption.ContextLength));
    }

    private static short[] WithPartner(HeldOutSamples samples, int offset, int size)
    {
        short[] swapped = samples.Contexts.ToArray();
        for (int window = 0; window < samples.Count; window++)
        {
            int partner = (window + (samples.Count / 2)) % samples.Count;
            samples.Context(partner).Slice(offset, size).CopyTo(swapped.AsSpan((window * Caption.ContextLength) + offset));
        }

        return swapped;
    }
}

/// <summary>Code that the two sources of windows share.</summary>
internal static class WindowSamples
{
    public delegate void WindowFill(WindowCorpus corpus, int window, Span<short> context, Span<short> targets);

    public static void RequireTraining(SampleSource source, IReadOnlyList<int> windows, string what)
    {
        if (source.Weight > 0 && windows.Count == 0)
            throw new ArgumentException($"Source '{source.Name}' has weight {source.Weight}, but the corpus has 0 {what} to train on.");
    }

    public static int Choose(SampleSource source, IReadOnlyList<int> windows, SampleDraw draw) => windows.Count > 0
        ? windows[(int)draw.Below(windows.Count)]
        : throw new InvalidOperationException($"Source '{source.Name}' has no windows to train on.");

    /// <summary>At most <paramref name="most"/> of the windows, evenly spread; null if there are none.</summary>
    public static HeldOutSamples? HeldOut(WindowCorpus corpus, IReadOnlyList<int> windows, int most, SampleShape shape, WindowFill fill)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        int count = Math.Min(most, windows.Count);
        if (count == 0) return null;
        short[] contexts = new short[count * shape.ContextLength], targets = new short[count * shape.TargetLength];
        foreach ((int row, long place) in EvenSpread.Places(count, windows.Count).Index())
        {
            fill(
                corpus, windows[(int)place],
                contexts.AsSpan(row * shape.ContextLength, shape.ContextLength), targets.AsSpan(row * shape.TargetLength,
                    shape.TargetLength));
        }

        return new(shape, contexts, targets, [], []);
    }

    public static string Fingerprint(WindowCorpus corpus) =>
        string.Join(' ', corpus.Files.SelectMany(file => new[] { file.Sha256, file.SidecarSha256 }).OfType<string>());
}

/// <summary>Converts bytes to ids.</summary>
internal static class SampleBytes
{
    public static void Widen(ReadOnlySpan<byte> bytes, Span<short> ids)
    {
        ids = ids[..bytes.Length];
        for (int i = 0; i < bytes.Length; i++) ids[i] = bytes[i];
    }
}
