using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// What a model scores after some steps, as evaluations.jsonl and the weights' metadata keep it: bits per scored held-out byte.
/// </summary>
/// <param name="Step">Steps trained.</param>
/// <param name="Text">Text.</param>
/// <param name="Video">Video: the next window after a window.</param>
/// <param name="Caption">Captions under their own frame and audio.</param>
/// <param name="BindingGap">Captions under another window's audio, minus matched.</param>
/// <param name="SceneGap">Captions under another window's frame and audio, minus matched.</param>
/// <param name="TextBySource">Text of each file, in the order of the corpus.</param>
internal sealed record Scores(long Step, double? Text, double? Video, double? Caption, double? BindingGap, double? SceneGap,
    IReadOnlyList<double> TextBySource)
{
    /// <summary>What decides which weights are best: the mean of the three modalities, lower is better.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public double Mean => new[] { Text, Video, Caption }.OfType<double>().Average();

    /// <summary>The largest difference of two scores of the same kind.</summary>
    public double LargestDifference(Scores other) => new[]
    {
        Text - other.Text, Video - other.Video, Caption - other.Caption, BindingGap - other.BindingGap, SceneGap - other.SceneGap,
    }.OfType<double>().Select(Math.Abs).DefaultIfEmpty().Max();

    public static Scores Of(long step, EvaluationResult result)
    {
        SourceScore? caption = Score("caption");
        return new(
            step, Rounded(Score("text")?.BitsPerByte), Rounded(Score("video")?.BitsPerByte), Rounded(caption?.BitsPerByte),
            Rounded(caption?.Gaps["binding"]), Rounded(caption?.Gaps["scene"]),
            [.. (Score("text")?.Parts ?? NamedValues.Empty).Values.Select(bits => Math.Round(bits, 6))]);

        SourceScore? Score(string source) => result.Sources.FirstOrDefault(score => score.Name == source);
    }

    private static double? Rounded(double? bits) => bits is { } some ? Math.Round(some, 6) : null;
}
