namespace HslEmbeddingZero.Training;

/// <summary>Where a run stands; reported every <see cref="TrainerOptions.ReportEverySteps"/> steps.</summary>
public sealed record TrainingProgress
{
    /// <summary>Steps taken.</summary>
    public required long Step { get; init; }

    /// <summary>Steps in all.</summary>
    public required long Steps { get; init; }

    /// <summary>Mean training loss since the last report, in bits per scored byte, over all micro-batches.</summary>
    public required double BitsPerByte { get; init; }

    /// <summary>The same for each source that was seen, by its name.</summary>
    public NamedValues Sources { get; init; } = NamedValues.Empty;

    /// <summary>Learning rate of the last step.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Norm of the last step's gradient before clipping.</summary>
    public required double GradientNorm { get; init; }

    /// <summary>Bytes read (context and targets) a second since the last report.</summary>
    public double BytesPerSecond { get; init; }

    /// <summary>Time trained, over all pieces of a resumed run.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Time left at the speed so far.</summary>
    public TimeSpan Remaining { get; init; }
}
