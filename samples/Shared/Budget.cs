using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>Replaces training options of a preset with those of a command line.</summary>
internal static class Budget
{
    /// <summary>Sets the number of steps; null keeps the preset's. The warm-up takes at most half of the steps.</summary>
    public static TrainerOptions WithSteps(this TrainerOptions preset, int? steps) => steps is { } some
        ? preset with { Steps = some, WarmupSteps = Math.Min(preset.WarmupSteps, some / 2) }
        : preset;
}
