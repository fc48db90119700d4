using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>What tells the runs of a comparison apart. Equal but for the seed: one row of its table.</summary>
internal sealed record RunKey(string Arm, int BytesPerSlot, int Steps, int Seed, double PeakLearningRate,
    string Channels = RunKey.AllChannels)
{
    public const string AllChannels = "all";

    /// <summary>The same row, whatever the seed.</summary>
    public RunKey Row() => this with { Seed = 0 };
}

/// <summary>
/// What a model scores on the byte mix, in bits per held-out byte, as committed runs have it. NaN where there was nothing to score.
/// </summary>
/// <param name="TextBitsPerByte">Text, over all inputs.</param>
/// <param name="TextBitsPerByteBySource">Text of each input, in the corpus' order.</param>
/// <param name="VideoBitsPerByte">Video: the next window after a window.</param>
/// <param name="CaptionBitsPerByte">Captions under their own frame and sound.</param>
/// <param name="BindingGap">Captions under another held-out window's sound, minus matched: what the sound tells.</param>
/// <param name="SceneGap">Captions under another held-out window's frame and sound, minus matched.</param>
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

/// <summary>What a model scored before its training was over.</summary>
internal sealed record CurvePoint(long Step, MixScores Scores);

/// <summary>
/// What one trained model scored, and where its training ended. Older runs did not note the place. What it scores on new
/// text is noted where the plan asks for it.
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
    /// <summary>The scores after a step: the last one, or one of the curve.</summary>
    public MixScores ScoresAt(long step) => step == Key.Steps ? Scores : Curve.Single(point => point.Step == step).Scores;
}
