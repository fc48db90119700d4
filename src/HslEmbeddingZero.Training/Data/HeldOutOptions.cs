namespace HslEmbeddingZero.Training;

/// <summary>How many held-out windows of each modality are scored at most.</summary>
/// <param name="TextWindows">Windows of text, over all sources; at least one per source.</param>
/// <param name="VideoWindows">Pairs of successive windows of video.</param>
/// <param name="CaptionWindows">Windows with a caption. The default takes all of the embedded corpus.</param>
public sealed record HeldOutOptions(int TextWindows = 256, int VideoWindows = 128, int CaptionWindows = 457);
