using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>What tells the runs of a comparison apart. Equal but for the seed: one row of its table.</summary>
internal sealed record RunKey(string Arm, int BytesPerSlot, int Steps, int Seed, double PeakLearningRate, string Channels = RunKey.AllChannels)
{
    public const string AllChannels = "all";

    /// <summary>The same row, whatever the seed.</summary>
    public RunKey Row() => this with { Seed = 0 };
}

/// <summary>What a model scored before its training was over.</summary>
internal sealed record CurvePoint(long Step, EvaluationResult Scores);

/// <summary>
/// What one trained model scored, and where its training ended. Older runs did not note the place. What it scores on new
/// text is noted where the plan asks for it.
/// </summary>
internal sealed record RunResult(
    RunKey Key,
    string Fingerprint,
    long LearnedInputParameters,
    EvaluationResult Scores,
    IReadOnlyList<CurvePoint> Curve,
    double TrainBytesPerSecond,
    double WallSeconds,
    string? Device = null,
    string? Libtorch = null,
    IReadOnlyList<NoveltyScore>? Novelty = null)
{
    /// <summary>The scores after a step: the last one, or one of the curve.</summary>
    public EvaluationResult ScoresAt(long step) => step == Key.Steps ? Scores : Curve.Single(point => point.Step == step).Scores;
}
