using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// Trains a <see cref="ByteLanguageModel"/> on the samples of one or more sources. Everything random is a pure function of the seed and the
/// position in the run. A checkpoint holds weights, moments and step, so that on the CPU a resumed run equals an uninterrupted one bit for
/// bit.
/// </summary>
public sealed class Trainer : IDisposable
{
    private const string LossKey = "loss.since_report";
    private const ulong DropoutStream = 0xD0A7_5EED_0000_0000; // separates dropout from the samples, which use the same seed and index

    private readonly ByteLanguageModel _model;
    private readonly BatchSampler _sampler;
    private readonly TrainerOptions _options;
    private readonly Device _device;
    private Prepared? _prepared;
    private bool _isDisposed;

    /// <summary>
    /// Checks its arguments and changes nothing. Training starts from the model's current weights. For a reproducible run, initialize them
    /// with <see cref="ByteLanguageModel.ResetParameters"/>. Parameters with <c>requires_grad = false</c> do not change.
    /// </summary>
    /// <param name="model">The model to train. The caller keeps ownership.</param>
    /// <param name="sources">The sources of samples. They alternate by their weights; their order is part of the run.</param>
    /// <param name="options">How to train.</param>
    /// <param name="device">The device to train on; the CPU when null.</param>
    /// <exception cref="ArgumentException">
    /// An option is out of its range; TensorFloat32 is requested on a device other than CUDA; no source has a weight above 0; two sources
    /// have the same name; every parameter is frozen.
    /// </exception>
    public Trainer(ByteLanguageModel model, IReadOnlyList<SampleSource> sources, TrainerOptions options, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        model.RequireNotDisposed();
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (options.Precision == Precision.TensorFloat32 && (device ?? CPU).type != DeviceType.CUDA)
            throw new ArgumentException($"Precision TensorFloat32 needs a CUDA device; the device is {device ?? CPU}.", nameof(options));

        FlatParameters.TrainableOf(model);
        _model = model;
        _sampler = new(sources, options.BatchSize, options.Seed);
        _options = options;
        _device = device ?? CPU;
    }

    /// <summary>Steps taken so far.</summary>
    public long Step { get; private set; }

    /// <summary>Training time so far, including all earlier parts of a resumed run.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>Bytes read so far, contexts and targets.</summary>
    public long BytesRead { get; private set; }

    /// <summary>
    /// Trains until <see cref="TrainerOptions.Steps"/>, until <paramref name="stopAt"/>, or for <paramref name="stopAfter"/>, whichever
    /// comes first. A cancellation takes effect between two steps. The steps taken so far are kept; <see cref="SaveCheckpoint"/> writes
    /// them to a file.
    /// </summary>
    /// <remarks>
    /// The first call moves the model to the trainer's device and, for <see cref="Precision.BFloat16"/>, to bfloat16. The model stays
    /// there. After each call, training mode and <see cref="InputDoor.ChecksIds"/> are as before the call. Between two calls, the caller
    /// may move the model or change its weights. Training then continues on the new device and from the new weights.
    /// </remarks>
    /// <param name="progress">Receives a report every <see cref="TrainerOptions.ReportEverySteps"/> steps, on the calling thread.</param>
    /// <param name="stopAt">Step to stop at, for example for an evaluation or a checkpoint.</param>
    /// <param name="stopAfter">
    /// Time after which to return, at the end of a step, so that the caller can save a checkpoint. At least one step is taken. null: no
    /// limit.
    /// </param>
    /// <param name="cancellationToken">Cancels between two steps.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="InvalidOperationException">A parameter was frozen or unfrozen since the last call.</exception>
    /// <exception cref="NotFiniteNumberException">
    /// Loss or gradient is NaN or infinite. This is checked at each report. Resume from the last checkpoint; <see cref="SaveCheckpoint"/>
    /// refuses to replace it.
    /// </exception>
    public void Run(
        IProgress<TrainingProgress>? progress = null,
        long stopAt = long.MaxValue,
        TimeSpan? stopAfter = null,
        CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _model.RequireNotDisposed();
        long last = Math.Min(_options.Steps, stopAt);
        if (Step >= last) return;
        using IDisposable ordinary = inference_mode(false); // The caller may be in inference mode, or have gradients off.
        using IDisposable graded = enable_grad();
        Prepared prepared = Prepare();
        prepared.Rebind();
        using IDisposable? products = Precisions.Use(_options.Precision, prepared.Device);
        bool checkedIds = _model.Door.ChecksIds;
        using TrainingMode mode = new(_model, isTraining: true);
        try
        {
            _model.Door.ChecksIds = false; // The sampler has checked the ids. Another check would wait for the device at every step.
            TakeSteps(prepared, last, progress, stopAfter, cancellationToken);
        }
        finally
        {
            _model.Door.ChecksIds = checkedIds;
        }
    }

    private void TakeSteps(
        Prepared prepared, long last, IProgress<TrainingProgress>? progress, TimeSpan? stopAfter, CancellationToken cancellationToken)
    {
        using var prefetcher = new BatchPrefetcher(_sampler, prepared.Device, Step * _options.GradientAccumulationSteps);
        var clock = Stopwatch.StartNew();
        TimeSpan before = Elapsed;
        TimeSpan reported = TimeSpan.Zero;
        long bytesReported = BytesRead;
        long first = Step;
        while (Step < last && (Step == first || !(clock.Elapsed >= stopAfter)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            double learningRate = _options.Schedule.At(Step);
            TakeStep(prepared, prefetcher, learningRate);
            Step++;
            Elapsed = before + clock.Elapsed;
            if (Step % _options.ReportEverySteps != 0 && Step != _options.Steps) continue;

            (double all, double[] bySource) = prepared.Loss.Read();
            double norm = prepared.Optimizer.GradientNorm;
            if (!double.IsFinite(all) || !double.IsFinite(norm)) throw Diverged(double.IsFinite(all) ? norm : all);
            // No later step would find out what the last update did.
            if (Step == _options.Steps && !prepared.Optimizer.IsFinite) throw Diverged(double.NaN, "a weight or a moment");
            Elapsed = before + clock.Elapsed;
            double seconds = (clock.Elapsed - reported).TotalSeconds;
            progress?.Report(new TrainingProgress
            {
                Step = Step,
                Steps = _options.Steps,
                BitsPerByte = all,
                Sources = new(_sampler.Sources.Zip(bySource, (source, bits) => KeyValuePair.Create(source.Name, bits))
                    .Where(pair => !double.IsNaN(pair.Value))),
                LearningRate = learningRate,
                GradientNorm = norm,
                BytesPerSecond = (BytesRead - bytesReported) / Math.Max(seconds, 1e-9),
                Elapsed = Elapsed,
                Remaining = Elapsed / Step * (_options.Steps - Step),
            });
            reported = clock.Elapsed;
            bytesReported = BytesRead;
        }
    }

    /// <summary>Writes everything that is needed to resume the run. The file is replaced atomically.</summary>
    /// <remarks>Before the first step, this moves the model as <see cref="Run"/> does.</remarks>
    /// <param name="path">File to write, in the safetensors format.</param>
    /// <exception cref="NotFiniteNumberException">
    /// Loss, gradient, a weight or a moment is NaN or infinite. An existing file is not changed.
    /// </exception>
    public void SaveCheckpoint(string path)
    {
        using IDisposable ordinary = inference_mode(false);
        using DisposeScope scope = NewDisposeScope();
        Prepared prepared = Prepare();
        prepared.Rebind();
        if (!prepared.Loss.IsFinite || prepared.Optimizer.HasDiverged) throw Diverged(prepared.Optimizer.GradientNorm);
        if (!prepared.Optimizer.IsFinite) throw Diverged(double.NaN, "a weight or a moment");
        Checkpoint.Save(path, prepared.Fingerprint, new(Step, BytesRead, Elapsed), State(prepared, prepared.Loss.Save()));
    }

    /// <summary>
    /// Resumes from a checkpoint of the same run. If any part does not fit, nothing changes, except that the model may have been moved as
    /// in <see cref="Run"/>.
    /// </summary>
    /// <param name="path">File written by <see cref="SaveCheckpoint"/>.</param>
    /// <exception cref="SafetensorsException">The file is damaged or not in the safetensors format.</exception>
    /// <exception cref="CheckpointException">The file is not a checkpoint, or belongs to another run.</exception>
    public void LoadCheckpoint(string path)
    {
        IReadOnlyDictionary<string, string> metadata = Checkpoint.ReadMetadata(path); // before the model is moved
        using IDisposable ordinary = inference_mode(false);
        Prepared prepared = Prepare();
        prepared.Rebind();
        using DisposeScope scope = NewDisposeScope();
        Tensor loss = prepared.Loss.Save();
        var checkpoint = Checkpoint.Load(path, metadata, prepared.Fingerprint, _options.Steps, State(prepared, loss));
        prepared.Loss.Restore(loss);
        prepared.Optimizer.EndLoad(checkpoint.Step);
        (Step, BytesRead, Elapsed) = (checkpoint.Step, checkpoint.BytesRead, checkpoint.Elapsed);
    }

    /// <summary>Frees the optimizer. The model stays on its device, with its current weights.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _prepared?.Dispose();
    }

    /// <summary>At the first call, moves the model to device and precision, and creates what training needs.</summary>
    private Prepared Prepare()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _model.RequireNotDisposed();
        if (_prepared is not null) return _prepared;
        _model.to(_device);
        // Created in float32, so that the float32 weights become the master weights of bfloat16 exactly.
        FusedAdamW optimizer = new(_model, _options.Optimizer);
        if (_options.Precision == Precision.BFloat16)
        {
            _model.to(ScalarType.BFloat16);
            optimizer.Rebind();
        }

        return _prepared = new Prepared(optimizer, new LossMeter(_sampler.Sources.Count, _device),
            RunFingerprint.Of(_model, _options, _sampler));
    }

    /// <summary>
    /// Whether two devices are the same. torch.CUDA has the index -1 ("the current one"), but a tensor that was moved there has the
    /// device's number.
    /// </summary>
    internal static bool IsSameDevice(Device first, Device second) =>
        first.type == second.type && Math.Max(first.index, 0) == Math.Max(second.index, 0);

    /// <summary>
    /// Seed of the dropout masks of one micro-batch, by its index in the run. It depends neither on a resume nor on the number of processes
    /// that share the micro-batches.
    /// </summary>
    internal static ulong DropoutSeed(int seed, long microBatch) => SplitMix64.Mix((ulong)seed ^ DropoutStream, microBatch);

    private void TakeStep(Prepared prepared, BatchPrefetcher prefetcher, double learningRate)
    {
        int microBatches = _options.GradientAccumulationSteps;
        for (int i = 0; i < microBatches; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            ByteBatch batch = prefetcher.Next();
            _model.Body.SeedDropout(DropoutSeed(_options.Seed, (Step * microBatches) + i), prepared.Device);
            Tensor loss = LanguageModelLoss.NatsPerByte(_model.forward(batch.Context, batch.Targets), batch.Targets);
            prepared.Loss.Add(batch.Source, loss.detach());
            loss.DivideSafe(microBatches).backward();
            BytesRead += batch.Context.numel() + batch.Targets.numel();
            if (i < microBatches - 1) prepared.Optimizer.AccumulateGradient();
        }

        prepared.Optimizer.Step(learningRate);
    }

    /// <summary>
    /// The tensors of a checkpoint. They are the run's own tensors, except the losses since the last report, which are a copy.
    /// </summary>
    private static Dictionary<string, Tensor> State(Prepared prepared, Tensor loss) => new(prepared.Optimizer.State()) { [LossKey] = loss };

    private NotFiniteNumberException Diverged(double value, string what = "loss or gradient") => new(
        $"Training has diverged by step {Step}: {what} is {value}. "
            + "Train again with a lower learning rate, from the start or from an earlier model file.",
        value);

    /// <summary>The state that exists from the first step on.</summary>
    private sealed record Prepared(FusedAdamW Optimizer, LossMeter Loss, string Fingerprint) : IDisposable
    {
        public Device Device => Optimizer.Parameters.Weights.device;

        /// <summary>Follows the model to the device that the caller moved it to, and takes over weights that the caller wrote.</summary>
        public void Rebind()
        {
            Device before = Device;
            Optimizer.Rebind();
            if (!IsSameDevice(before, Device)) Loss.Move(Device);
        }

        public void Dispose()
        {
            Optimizer.Dispose();
            Loss.Dispose();
        }
    }
}
