using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// A training run in a folder. It trains, evaluates on a schedule, keeps the best weights and writes checkpoints at time intervals. After
/// an interruption it can resume from the last checkpoint.
/// </summary>
/// <remarks>
/// Files: <c>metrics.jsonl</c> (see <see cref="MetricsLog"/>), <c>evaluations.jsonl</c>, <c>checkpoint.safetensors</c>,
/// <c>model.safetensors</c> (the best weights) and <c>lock</c>. If the run has a name, each file name starts with that name and a dot. The
/// lock is held while the object lives. The system releases it when the process ends, in whatever way it ends. With a group of processes,
/// every rank makes the same calls, and only rank 0 reads and writes the folder.
/// </remarks>
public sealed partial class TrainingRun : IDisposable
{
    private readonly ByteLanguageModel _model;
    private readonly TrainerOptions _training;
    private readonly TrainingRunOptions _options;
    private readonly Evaluator? _evaluator;
    private readonly ILogger _logger;
    private readonly FileStream? _lock; // null on all ranks but the first
    private readonly string _folder;
    private readonly Device _device;
    private EvaluationLog? _log;
    private bool _isDisposed;

    /// <summary>Creates the folder and locks the run. Nothing is trained or loaded yet, and the model is not changed.</summary>
    /// <param name="folder">Folder of the run's files. It is created if it does not exist.</param>
    /// <param name="model">The model to train. The caller keeps ownership.</param>
    /// <param name="sources">The sources to train on and to score.</param>
    /// <param name="training">Options of training.</param>
    /// <param name="options">What to do in addition to training; the defaults when null.</param>
    /// <param name="device">The device to train on; the CPU when null.</param>
    /// <param name="logger">Receives messages about start, evaluations, checkpoints and end; null for no messages.</param>
    /// <param name="group">The processes that share the work; null for one process. The caller keeps ownership.</param>
    /// <exception cref="ArgumentException">
    /// As for the constructor of <see cref="Training.Trainer"/>, or an option is out of its range.
    /// </exception>
    /// <exception cref="RunInUseException">The run is already in use, for example by another process.</exception>
    /// <exception cref="IOException">The folder cannot be created or written to.</exception>
    /// <exception cref="ProcessGroupException">Rank 0 cannot take the folder, which its own exception says.</exception>
    public TrainingRun(
        string folder, ByteLanguageModel model, IReadOnlyList<SampleSource> sources, TrainerOptions training,
        TrainingRunOptions? options = null,
        Device? device = null, ILogger? logger = null, IProcessGroup? group = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(sources);
        _options = options ?? new();
        _options.Validate();
        Trainer = new(model, sources, training, device, group);
        _model = model;
        _training = training;
        _evaluator = sources.Any(source => source.HeldOut is not null)
            ? new(sources, _options.EvaluationBatchSize, device ?? CPU, Group) : null;
        _logger = logger ?? NullLogger.Instance;
        _folder = folder;
        _device = device ?? CPU;
        FileStream? taken = null;
        Group.DoOnFirst(() =>
        {
            Directory.CreateDirectory(folder);
            taken = Take(PathOf("lock"));
        });
        _lock = taken;
    }

    /// <summary>The trainer: steps taken, time trained, bytes read.</summary>
    public Trainer Trainer { get; }

    /// <summary>File of the training metrics.</summary>
    public string MetricsPath => PathOf("metrics.jsonl");

    /// <summary>File of the held-out scores.</summary>
    public string EvaluationsPath => PathOf("evaluations.jsonl");

    /// <summary>The checkpoint file, from which an interrupted run resumes.</summary>
    public string CheckpointPath => PathOf("checkpoint.safetensors");

    /// <summary>
    /// File of the best weights: a model file, see <see cref="ByteLanguageModel.Load"/>. With a custom door or body, the file holds the
    /// weights only.
    /// </summary>
    public string WeightsPath => PathOf("model.safetensors");

    /// <summary>The evaluations so far, including those of earlier parts of a resumed run.</summary>
    public IReadOnlyList<RunEvaluation> Evaluations => _log?.Evaluations ?? [];

    /// <summary>The evaluation with the lowest criterion so far; null before the first.</summary>
    public RunEvaluation? Best => Evaluations.MinBy(evaluation => _options.Criterion(evaluation.Scores));

    private Collective Group => Trainer.Group;

    /// <summary>
    /// Resumes from the run's checkpoint. Call it before <see cref="Run"/>; otherwise <see cref="Run"/> starts from the beginning.
    /// </summary>
    /// <returns>Whether there is a checkpoint.</returns>
    /// <exception cref="SafetensorsException">The file is damaged or not in the safetensors format.</exception>
    /// <exception cref="CheckpointException">The file is not a checkpoint, or belongs to another run.</exception>
    public bool Resume()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!Group.OnFirst(Group.IsFirst && File.Exists(CheckpointPath))) return false;
        Trainer.LoadCheckpoint(CheckpointPath);
        LogResumed(CheckpointPath, Trainer.Step);
        return true;
    }

    /// <summary>Trains to the last step. It evaluates and saves as the options say.</summary>
    /// <remarks>
    /// A cancelled run writes a checkpoint first. A run that reaches its last step writes one too, unless
    /// <see cref="TrainingRunOptions.CheckpointEvery"/> is null. After NaN, the last good checkpoint stays as it is.
    /// </remarks>
    /// <param name="progress">
    /// Receives a report every <see cref="TrainerOptions.ReportEverySteps"/> steps, on the calling thread, after the metrics are written.
    /// Every rank has the same reports and evaluations.
    /// </param>
    /// <param name="evaluations">
    /// Receives every evaluation, on the calling thread, after the evaluation and any new best weights are written.
    /// </param>
    /// <param name="scoring">Receives the progress of each evaluation, on the calling thread.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    /// <returns>The scores after the last step; null if no source has held-out samples.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled. <see cref="Resume"/> continues the run.</exception>
    /// <exception cref="NotFiniteNumberException">Loss, gradient or a score is NaN or infinite; the last good checkpoint stays.</exception>
    /// <exception cref="IOException">A file cannot be written, such as on a full disk.</exception>
    /// <exception cref="ProcessGroupException">
    /// A rank was started with another run; the weights of the ranks differ; an exchange failed; rank 0 cannot write a file.
    /// </exception>
    public EvaluationResult? Run(
        IProgress<TrainingProgress>? progress = null, IProgress<RunEvaluation>? evaluations = null,
        IProgress<EvaluationProgress>? scoring = null, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        MetricsLog? metrics = null;
        Group.DoOnFirst(() =>
        {
            _options.BeforeWrite?.Invoke();
            _log = new(EvaluationsPath, Trainer.Step);
            metrics = new(MetricsPath, Trainer.Step);
        });
        using MetricsLog? opened = metrics;
        string evaluated = Group.OfFirst(Group.IsFirst ? _log!.Text : ""); // All ranks then decide alike what is due and what is best.
        if (!Group.IsFirst) _log = new(evaluated);
        ReportToAll listeners = new(metrics, progress);
        LogStarted(_folder, Trainer.Step, _training.Steps);
        try
        {
            Train(listeners, evaluations, scoring, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            SaveCheckpoint();
            LogInterrupted(Trainer.Step, CheckpointPath);
            throw;
        }
        catch (NotFiniteNumberException diverged)
        {
            LogDiverged(diverged, Trainer.Step);
            throw;
        }

        EvaluationResult? last = _log!.Evaluations is [.., var evaluation] ? evaluation.Scores : null;
        LogFinished(Trainer.Step, last?.Mean ?? double.NaN);
        return last;
    }

    /// <summary>Writes everything that is needed to resume the run to <see cref="CheckpointPath"/>, whole or not at all.</summary>
    /// <exception cref="NotFiniteNumberException">
    /// Loss, gradient, a weight or a moment is NaN or infinite. An existing file is not changed.
    /// </exception>
    /// <exception cref="IOException">The file cannot be written, such as on a full disk.</exception>
    public void SaveCheckpoint()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_options.BeforeWrite is not { } mayWrite)
        {
            Trainer.SaveCheckpoint(CheckpointPath);
            return;
        }

        // The second check stands right before the rename. A large file takes long to write, and the run may be lost meanwhile. The name
        // is this writer's own: the other process may write a checkpoint at the same time.
        Group.DoOnFirst(mayWrite);
        string own = PathOf($"checkpoint.{Guid.NewGuid():N}.tmp");
        try
        {
            Trainer.SaveCheckpoint(own);
            Group.DoOnFirst(() =>
            {
                mayWrite();
                AtomicFile.Replace(own, CheckpointPath);
            });
        }
        catch
        {
            if (Group.IsFirst) File.Delete(own);
            throw;
        }
    }

    /// <summary>Releases the lock and frees the optimizer. The model stays on its device, with its current weights.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        Trainer.Dispose();
        _lock?.Dispose();
    }

    private void Train(
        IProgress<TrainingProgress> progress, IProgress<RunEvaluation>? evaluations, IProgress<EvaluationProgress>? scoring,
        CancellationToken cancellationToken)
    {
        var sinceCheckpoint = Stopwatch.StartNew();
        while (true)
        {
            long step = Trainer.Step;
            bool isOver = step == _training.Steps;
            if (isOver && _options.CheckpointEvery is not null) Checkpoint(); // If the evaluation is killed, no step is trained again.
            if (IsEvaluationDue(step)) Evaluate(evaluations, scoring, cancellationToken);
            if (isOver) return;
            if (Group.OnFirst(sinceCheckpoint.Elapsed >= _options.CheckpointEvery)) Checkpoint();
            Trainer.Run(progress, NextEvaluation(step), _options.CheckpointEvery - sinceCheckpoint.Elapsed, cancellationToken);
        }

        void Checkpoint()
        {
            SaveCheckpoint();
            LogCheckpoint(Trainer.Step, CheckpointPath);
            sinceCheckpoint.Restart();
        }
    }

    private bool IsEvaluationDue(long step) => _evaluator is not null && step > 0
        && (step == _training.Steps || step % _options.EvaluateEverySteps == 0 || _options.EvaluateAt.Contains(step))
        && !(_log!.Evaluations is [.., var last] && last.Step >= step); // A resumed run may have this evaluation already.

    private long NextEvaluation(long step) => _options.EvaluateAt
        .Append(_options.EvaluateEverySteps is { } every ? ((step / every) + 1) * every : long.MaxValue)
        .Append(_training.Steps)
        .Where(at => at > step).Min();

    private void Evaluate(
        IProgress<RunEvaluation>? evaluations, IProgress<EvaluationProgress>? scoring, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        using IDisposable? products = Precisions.Use(_training.Precision, _device);
        EvaluationResult scores = _evaluator!.Evaluate(_model, scoring, cancellationToken);
        RunEvaluation evaluation = new(
            Trainer.Step, scores, TimeSpan.FromTicks(Group.OfFirst([Stopwatch.GetElapsedTime(start).Ticks])[0]));
        double criterion = _options.Criterion(scores);
        if (!double.IsFinite(criterion)) throw new NotFiniteNumberException($"The criterion at step {Trainer.Step} is {criterion}.",
            criterion);
        bool isBest = Best is not { } best || criterion < _options.Criterion(best.Scores);
        Group.DoOnFirst(() =>
        {
            _options.BeforeWrite?.Invoke();
            if (isBest && _options.KeepsBestWeights) SaveWeights(evaluation);
            _log!.Add(evaluation);
        });
        if (!Group.IsFirst) _log!.Add(evaluation);
        LogEvaluated(evaluation.Step, criterion, isBest);
        evaluations?.Report(evaluation);
    }

    private void SaveWeights(RunEvaluation evaluation)
    {
        IReadOnlyDictionary<string, string>? metadata = _options.WeightsMetadata?.Invoke(evaluation);
        if (_model.Door.Arm is not null && _model.Body is ByteTransformer) _model.Save(WeightsPath, _options.WeightsType, metadata);
        else _model.SaveWeights(WeightsPath, metadata);
    }

    private string PathOf(string file) => Path.Combine(_folder, _options.Name.Length > 0 ? $"{_options.Name}.{file}" : file);

    private static FileStream Take(string path)
    {
        try
        {
            return new(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (IOException taken) when (File.Exists(path)) // Without the lock file, nobody holds the run.
        {
            throw new RunInUseException($"{path}: another process is using this run. Wait for it to end, or choose another folder.", taken);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Training in {Folder} from step {Step} to {Steps}.")]
    private partial void LogStarted(string folder, long step, long steps);

    [LoggerMessage(2, LogLevel.Information, "Going on from {Path}, step {Step}.")]
    private partial void LogResumed(string path, long step);

    [LoggerMessage(3, LogLevel.Information, "Held out at step {Step}: {Criterion} bits per byte; best so far: {IsBest}.")]
    private partial void LogEvaluated(long step, double criterion, bool isBest);

    [LoggerMessage(4, LogLevel.Debug, "Checkpoint of step {Step}: {Path}.")]
    private partial void LogCheckpoint(long step, string path);

    [LoggerMessage(5, LogLevel.Warning, "Interrupted at step {Step}; the run can be resumed from {Path}.")]
    private partial void LogInterrupted(long step, string path);

    [LoggerMessage(6, LogLevel.Error, "Training has diverged by step {Step}; the last good checkpoint stays.")]
    private partial void LogDiverged(Exception exception, long step);

    [LoggerMessage(7, LogLevel.Information, "Finished at step {Step}, {BitsPerByte} bits per byte held out.")]
    private partial void LogFinished(long step, double bitsPerByte);

    /// <summary>Writes the metrics file first, so that the listener can read it.</summary>
    private sealed class ReportToAll(MetricsLog? metrics, IProgress<TrainingProgress>? progress) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            metrics?.Report(value);
            progress?.Report(value);
        }
    }
}
