using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>What a training command line asked for, with the preset's values where it was silent.</summary>
internal sealed record TrainOptions(
    TrainPreset Preset,
    string Door,
    TrainerOptions Training,
    Precision? Precision,
    IReadOnlyList<string> Text,
    IReadOnlyList<string> Windows,
    string? Licence,
    TorchSharp.torch.Device Device,
    DirectoryInfo Out,
    bool Resume)
{
    /// <summary>The same with a precision, the one given or else the fastest, in the training.</summary>
    public TrainOptions WithPrecision() => this with
    {
        Training = Training with { Precision = Precision ?? ComputeOptions.FastestPrecisionOf(Preset.Body, Device, Out, Resume) },
    };
}
