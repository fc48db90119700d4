namespace HslEmbeddingZero.Training;

/// <summary>Linear warm-up to the peak, then half a cosine down to the final rate.</summary>
/// <param name="Steps">Number of optimizer steps.</param>
/// <param name="WarmupSteps">Steps over which the rate rises.</param>
/// <param name="Peak">Rate after the warm-up.</param>
/// <param name="Final">Rate of the last step.</param>
internal readonly record struct LearningRateSchedule(int Steps, int WarmupSteps, double Peak, double Final)
{
    /// <summary>The learning rate of a step. The first step is 0.</summary>
    public double At(long step)
    {
        if (step < WarmupSteps) return Peak * (step + 1) / WarmupSteps;
        double progress = Math.Min(1.0, (double)(step - WarmupSteps) / Math.Max(1, Steps - 1 - WarmupSteps));
        double cosine = 0.5 * (1 + Math.Cos(Math.PI * progress));
        return Final + (Peak - Final) * cosine;
    }
}
