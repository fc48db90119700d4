using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>What a training command line asked for, with the preset's values where it was silent.</summary>
internal sealed record TrainOptions(
    TrainPreset Preset,
    string Door,
    TrainerOptions Training,
    TimeSpan? CheckpointEvery,
    IReadOnlyList<string> Text,
    IReadOnlyList<string> Windows,
    string? Licence,
    TorchSharp.torch.Device Device,
    DirectoryInfo Out,
    bool Resume);
