using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>A preset's training with other numbers of a command line.</summary>
internal static class Budget
{
    /// <summary>As many steps as asked for, the preset's where nothing was; a short run warms up over half of it at most.</summary>
    public static TrainerOptions WithSteps(this TrainerOptions preset, int? steps) => steps is { } some
        ? preset with { Steps = some, WarmupSteps = Math.Min(preset.WarmupSteps, some / 2) }
        : preset;
}
