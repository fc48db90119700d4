using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>What one trained model scored: a row, a seed.</summary>
internal sealed record RunResult(
    string Arm,
    int BytesPerSlot,
    int Steps,
    int Seed,
    string Fingerprint,
    long LearnedInputParameters,
    EvaluationResult Scores,
    double TrainBytesPerSecond,
    double WallSeconds);
