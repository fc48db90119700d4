namespace HslEmbeddingZero.Training;

/// <summary>What a model scores on a <see cref="HeldOutSet"/>; NaN where the set has nothing of the kind. All in bits per scored byte.</summary>
/// <param name="TextBitsPerByte">Text, over all sources.</param>
/// <param name="TextBitsPerByteBySource">Text of each source of the corpus, in its order.</param>
/// <param name="VideoBitsPerByte">Video: the next window after a window.</param>
/// <param name="CaptionBitsPerByte">Captions under their own frame and audio.</param>
/// <param name="BindingGap">Captions under another held-out window's audio, minus matched: what the audio tells.</param>
/// <param name="SceneGap">Captions under another held-out window's frame and audio, minus matched.</param>
public sealed record EvaluationResult(
    double TextBitsPerByte,
    IReadOnlyList<double> TextBitsPerByteBySource,
    double VideoBitsPerByte,
    double CaptionBitsPerByte,
    double BindingGap,
    double SceneGap);
