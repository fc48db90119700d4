namespace HslEmbeddingZero.Samples;

/// <summary>What a command line asked for, with the preset's values where it was silent.</summary>
internal sealed record TableOptions(
    Preset Preset,
    IReadOnlyList<string> Text,
    IReadOnlyList<string> Windows,
    TorchSharp.torch.Device Device,
    DirectoryInfo Out,
    bool Resume);
