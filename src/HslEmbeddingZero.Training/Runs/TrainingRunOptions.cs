using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>What a <see cref="TrainingRun"/> does in addition to training.</summary>
public sealed record TrainingRunOptions
{
    /// <summary>Prefix of the run's file names, so that several runs can share a folder. Empty: no prefix.</summary>
    /// <value>Empty by default.</value>
    public string Name { get; init; } = "";

    /// <summary>
    /// Steps between two evaluations, 1 or more. null: only at <see cref="EvaluateAt"/>. The last step is always evaluated.
    /// </summary>
    /// <value>null by default.</value>
    public long? EvaluateEverySteps { get; init; }

    /// <summary>Further steps at which the model is evaluated, each 1 or more.</summary>
    /// <value>None by default.</value>
    public IReadOnlyList<long> EvaluateAt { get; init; } = [];

    /// <summary>Samples scored at once, 1 or more. It sets memory and speed of an evaluation.</summary>
    /// <value>16 by default.</value>
    public int EvaluationBatchSize { get; init; } = 16;

    /// <summary>Time between two checkpoints, above 0. null: a checkpoint is written only when the run is interrupted.</summary>
    /// <value>Two minutes by default.</value>
    public TimeSpan? CheckpointEvery { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Whether the weights of the best evaluation are saved.</summary>
    /// <value>true by default.</value>
    public bool KeepsBestWeights { get; init; } = true;

    /// <summary>The number that ranks evaluations. The lowest is the best.</summary>
    /// <value>By default <see cref="EvaluationResult.Mean"/>.</value>
    public Func<EvaluationResult, double> Criterion { get; init; } = scores => scores.Mean;

    /// <summary>
    /// Dtype of the best weights in their file: float32, bfloat16 or float16. The weights are rounded to it. null keeps the model's dtype.
    /// </summary>
    /// <value>null by default.</value>
    public ScalarType? WeightsType { get; init; }

    /// <summary>Metadata to store with the best weights, such as corpus and licence; null for none.</summary>
    /// <value>null by default.</value>
    public Func<RunEvaluation, IReadOnlyDictionary<string, string>>? WeightsMetadata { get; init; }

    /// <summary>
    /// Is called on the training thread right before the run starts its logs, and right before it writes an evaluation, weights or a
    /// checkpoint. For a checkpoint it is called once more, before the new file takes the place of the old one. If it throws, the files
    /// stay as they are, and <see cref="TrainingRun.Run"/> passes the exception on. It is for a run that another process may take over:
    /// the one that has lost the run must not overwrite the files of the other. With a group of processes, rank 0 calls it.
    /// </summary>
    /// <value>null by default: nothing is called.</value>
    public Action? BeforeWrite { get; init; }

    /// <summary>Throws if a value is out of its range.</summary>
    /// <exception cref="ArgumentException">Names the option, its value and the limit.</exception>
    public void Validate()
    {
        ArgumentNullException.ThrowIfNull(Name);
        ArgumentNullException.ThrowIfNull(EvaluateAt);
        ArgumentNullException.ThrowIfNull(Criterion);
        if (Name.AsSpan().IndexOfAny('/', '\\', '\0') >= 0)
            throw new ArgumentException($"Name '{Name}' must be a file name, without folders.");
        if (EvaluateEverySteps is { } every) OptionRange.Require(every >= 1, nameof(EvaluateEverySteps), every, "1 or more");
        foreach (long step in EvaluateAt) OptionRange.Require(step >= 1, nameof(EvaluateAt), step, "1 or more");
        ArgumentOutOfRangeException.ThrowIfLessThan(EvaluationBatchSize, 1);
        if (CheckpointEvery is { } time) OptionRange.Require(time > TimeSpan.Zero, nameof(CheckpointEvery), time, "above 0");
        OptionRange.Require(
            WeightsType is null or ScalarType.Float32 or ScalarType.BFloat16 or ScalarType.Float16, nameof(WeightsType), $"{WeightsType}",
            "Float32, BFloat16 or Float16");
    }
}

/// <summary>An evaluation within a run.</summary>
/// <param name="Step">Steps trained.</param>
/// <param name="Scores">The model's scores.</param>
/// <param name="Elapsed">Duration of the evaluation.</param>
public sealed record RunEvaluation(long Step, EvaluationResult Scores, TimeSpan Elapsed);

/// <summary>The run is already in use, by another process or by another object of this process. The message names the lock file.</summary>
public sealed class RunInUseException : IOException
{
    /// <summary>Creates the exception without a message.</summary>
    public RunInUseException()
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    public RunInUseException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with a message and its cause.</summary>
    public RunInUseException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
