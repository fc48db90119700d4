namespace HslEmbeddingZero.Training;

/// <summary>Where a run stands; reported every <see cref="TrainerOptions.ReportEverySteps"/> steps.</summary>
/// <param name="Step">Steps taken.</param>
/// <param name="Steps">Steps in all.</param>
/// <param name="BitsPerByte">Mean training loss since the last report, in bits per scored byte, over all modalities.</param>
/// <param name="TextBitsPerByte">The same for text; NaN where none was seen.</param>
/// <param name="VideoBitsPerByte">The same for video; NaN where none was seen.</param>
/// <param name="CaptionBitsPerByte">The same for captions; NaN where none was seen.</param>
/// <param name="LearningRate">Learning rate of the last step.</param>
/// <param name="GradientNorm">Norm of the last step's gradient before clipping.</param>
/// <param name="BytesPerSecond">Bytes read (context and targets) a second since the last report.</param>
/// <param name="Elapsed">Time trained, over all pieces of a resumed run.</param>
/// <param name="Remaining">Time left at the speed so far.</param>
public sealed record TrainingProgress(
    long Step,
    long Steps,
    double BitsPerByte,
    double TextBitsPerByte,
    double VideoBitsPerByte,
    double CaptionBitsPerByte,
    double LearningRate,
    double GradientNorm,
    double BytesPerSecond,
    TimeSpan Elapsed,
    TimeSpan Remaining);
