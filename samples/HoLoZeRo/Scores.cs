using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// The scores of a model after some steps, in bits per scored held-out byte. evaluations.jsonl and the metadata of the weights hold them.
/// </summary>
/// <param name="Step">Steps trained.</param>
/// <param name="Text">Text.</param>
/// <param name="Video">Video: the next window after a window.</param>
/// <param name="Caption">Captions with their own frame and audio as context.</param>
/// <param name="BindingGap">Captions with another window's audio, minus the score with their own.</param>
/// <param name="SceneGap">Captions with another window's frame and audio, minus the score with their own.</param>
/// <param name="TextBySource">Text by file, in the order of the corpus.</param>
internal sealed record Scores(long Step, double? Text, double? Video, double? Caption, double? BindingGap, double? SceneGap,
    IReadOnlyList<double> TextBySource)
{
    /// <summary>The mean of the three modalities. The weights with the lowest mean are the best.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public double Mean => new[] { Text, Video, Caption }.OfType<double>().Average();

    /// <summary>Whether no score is NaN or infinite.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsFinite => new[] { Text, Video, Caption, BindingGap, SceneGap }.OfType<double>().Concat(TextBySource).All(double.IsFinite);

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
