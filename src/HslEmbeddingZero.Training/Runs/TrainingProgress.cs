namespace HslEmbeddingZero.Training;

/// <summary>Progress of a run, reported every <see cref="TrainerOptions.ReportEverySteps"/> steps.</summary>
public sealed record TrainingProgress
{
    /// <summary>Steps taken so far.</summary>
    public required long Step { get; init; }

    /// <summary>Steps of the whole run.</summary>
    public required long Steps { get; init; }

    /// <summary>Mean training loss since the last report, in bits per scored byte, over all micro-batches.</summary>
    public required double BitsPerByte { get; init; }

    /// <summary>Mean training loss since the last report for each source that occurred, in bits per scored byte, by source name.</summary>
    public NamedValues Sources { get; init; } = NamedValues.Empty;

    /// <summary>Learning rate of the last step.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Norm of the last step's gradient before clipping.</summary>
    public required double GradientNorm { get; init; }

    /// <summary>Bytes read (context and targets) per second since the last report.</summary>
    public double BytesPerSecond { get; init; }

    /// <summary>Training time, including all earlier parts of a resumed run.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Estimated time left, at the mean speed so far.</summary>
    public TimeSpan Remaining { get; init; }
}
