using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>Identifies a run within a comparison. Runs whose keys differ in the seed only form one row of the table.</summary>
internal sealed record RunKey(string Arm, int BytesPerSlot, int Steps, int Seed, double PeakLearningRate,
    string Channels = RunKey.AllChannels)
{
    public const string AllChannels = "all";

    /// <summary>The key of the row: the same for every seed.</summary>
    public RunKey Row() => this with { Seed = 0 };
}

/// <summary>
/// The scores of a model on the byte mix, in bits per held-out byte, under the names of committed runs. NaN where nothing was scored.
/// </summary>
/// <param name="TextBitsPerByte">Text, over all inputs.</param>
/// <param name="TextBitsPerByteBySource">Text of each input, in the corpus' order.</param>
/// <param name="VideoBitsPerByte">Video: the next window after a window.</param>
/// <param name="CaptionBitsPerByte">Captions with their own frame and sound as context.</param>
/// <param name="BindingGap">
/// Captions with the sound of another held-out window, minus the score with their own: how much the model uses the sound.
/// </param>
/// <param name="SceneGap">Captions with frame and sound of another held-out window, minus the score with their own.</param>
internal sealed record MixScores(
    double TextBitsPerByte,
    IReadOnlyList<double> TextBitsPerByteBySource,
    double VideoBitsPerByte,
    double CaptionBitsPerByte,
    double BindingGap,
    double SceneGap)
{
    public static MixScores Of(EvaluationResult result)
    {
        SourceScore? video = Score("video"), caption = Score("caption");
        return new(
            result["text"].BitsPerByte, [.. result["text"].Parts.Values], video?.BitsPerByte ?? double.NaN,
            caption?.BitsPerByte ?? double.NaN,
            caption?.Gaps["binding"] ?? double.NaN, caption?.Gaps["scene"] ?? double.NaN);

        SourceScore? Score(string source) => result.Sources.FirstOrDefault(score => score.Name == source);
    }
}

/// <summary>The scores of a model at a step before the end of its training.</summary>
internal sealed record CurvePoint(long Step, MixScores Scores);

/// <summary>
/// The scores of one trained model, and the device and libtorch version of its training. Older runs have no device and version. The scores
/// by novelty of the text are present where the plan asks for them.
/// </summary>
internal sealed record RunResult(
    RunKey Key,
    string Fingerprint,
    long LearnedInputParameters,
    MixScores Scores,
    IReadOnlyList<CurvePoint> Curve,
    double TrainBytesPerSecond,
    double WallSeconds,
    string? Device = null,
    string? Libtorch = null,
    IReadOnlyList<NoveltyScore>? Novelty = null)
{
    /// <summary>The scores after a step: the last step, or one of the curve.</summary>
    public MixScores ScoresAt(long step) => step == Key.Steps ? Scores : Curve.Single(point => point.Step == step).Scores;
}
