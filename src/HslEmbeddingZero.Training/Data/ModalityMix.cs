namespace HslEmbeddingZero.Training;

/// <summary>How often each modality is trained on, as weights: only their proportions count.</summary>
/// <param name="Text">The weight of text.</param>
/// <param name="Video">The weight of video.</param>
/// <param name="Caption">The weight of captions.</param>
/// <exception cref="ArgumentOutOfRangeException">A weight is negative or not finite, or all are zero.</exception>
public readonly record struct ModalityMix(double Text, double Video, double Caption)
{
    private readonly double _total = CheckedTotal(Text, Video, Caption);

    /// <summary>The weight of text.</summary>
    public double Text { get; } = Text;

    /// <summary>The weight of video.</summary>
    public double Video { get; } = Video;

    /// <summary>The weight of captions.</summary>
    public double Caption { get; } = Caption;

    /// <summary>The weight of one modality.</summary>
    /// <param name="modality">The modality.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="modality"/> is not one of the three.</exception>
    public double Weight(Modality modality) => modality switch
    {
        Modality.Text => Text,
        Modality.Video => Video,
        Modality.Caption => Caption,
        _ => throw new ArgumentOutOfRangeException(nameof(modality), modality, "A modality is Text, Video or Caption."),
    };

    /// <summary>
    /// The modality of a micro-batch: a fixed schedule in which any first n micro-batches hold each modality within one of its share
    /// of n, and equal weights give video, text, caption, video, ...
    /// </summary>
    /// <remarks>
    /// Text takes the places where round(n·share) steps up, as a line is drawn with pixels; video takes the same steps among the places
    /// that are left. It costs the same at any index.
    /// </remarks>
    /// <param name="microBatch">The micro-batch's index, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="microBatch"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">The mix is the default one, without weights.</exception>
    public Modality At(long microBatch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(microBatch);
        if (_total == 0)
            throw new InvalidOperationException("The mix has no weights: construct it with at least one above 0.");

        var textShare = Text / _total;
        if (StepsUp(microBatch, textShare))
            return Modality.Text;
        var withoutText = microBatch - Rounded(microBatch, textShare);
        return StepsUp(withoutText, Video / (Video + Caption)) ? Modality.Video : Modality.Caption;
    }

    private static bool StepsUp(long index, double share) => Rounded(index + 1, share) > Rounded(index, share);

    private static long Rounded(long index, double share) => (long)Math.Floor((index * share) + 0.5);

    private static double CheckedTotal(double text, double video, double caption)
    {
        foreach (var (weight, name) in new[] { (text, nameof(text)), (video, nameof(video)), (caption, nameof(caption)) })
            if (!(weight >= 0 && double.IsFinite(weight)))
                throw new ArgumentOutOfRangeException(name, weight, "A weight is 0 or more, and finite.");
        var total = text + video + caption;
        if (!(total > 0 && double.IsFinite(total)))
            throw new ArgumentOutOfRangeException(nameof(text), total, "The weights' sum is above 0, and finite.");
        return total;
    }
}
