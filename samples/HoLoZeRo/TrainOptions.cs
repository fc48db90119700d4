using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>The options of a training command line. Options that were not given have the preset's values.</summary>
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
