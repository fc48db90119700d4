namespace HslEmbeddingZero.Training;

/// <summary>Linear warm-up to the peak, then half a cosine down to the final rate.</summary>
internal static class LearningRateSchedule
{
    /// <param name="step">The step about to be taken, from 0.</param>
    /// <param name="options">Peak, final rate, warm-up and length.</param>
    public static double At(long step, TrainerOptions options)
    {
        if (step < options.WarmupSteps) return options.PeakLearningRate * (step + 1) / options.WarmupSteps;
        double progress = Math.Min(1.0, (double)(step - options.WarmupSteps) / Math.Max(1, options.Steps - 1 - options.WarmupSteps));
        double cosine = 0.5 * (1 + Math.Cos(Math.PI * progress));
        return options.FinalLearningRate + (options.PeakLearningRate - options.FinalLearningRate) * cosine;
    }
}
