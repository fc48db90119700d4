namespace HslEmbeddingZero.Training;

/// <summary>How many bytes of a sample are given and how many are scored.</summary>
/// <param name="ContextLength">Bytes read through the input door, as the prefix.</param>
/// <param name="TargetLength">Bytes predicted and scored, one by one.</param>
public readonly record struct SampleShape(int ContextLength, int TargetLength)
{
    /// <summary>The whole sample, context and target together.</summary>
    public int Length => ContextLength + TargetLength;

    /// <summary>The shape of one modality: text 512/256, video 539/539, caption 514/25.</summary>
    /// <param name="modality">The modality.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="modality"/> is not one of the three.</exception>
    public static SampleShape Of(Modality modality) => modality switch
    {
        Modality.Text => new(512, 256),
        Modality.Video => new(WindowRecord.Size, WindowRecord.Size),
        Modality.Caption => new(WindowRecord.CaptionOffset, WindowRecord.Size - WindowRecord.CaptionOffset),
        _ => throw new ArgumentOutOfRangeException(nameof(modality), modality, "A modality is Text, Video or Caption."),
    };
}
