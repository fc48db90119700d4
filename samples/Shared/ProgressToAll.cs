using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>Tells several listeners, in their order.</summary>
internal sealed class ProgressToAll(params IReadOnlyList<IProgress<TrainingProgress>> listeners) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value)
    {
        foreach (IProgress<TrainingProgress> listener in listeners) listener.Report(value);
    }
}
