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
    private readonly BatchShare _share;
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
    /// <param name="group">
    /// The processes that share the micro-batches of each step; null for one process. Every rank creates its trainer with the same
    /// arguments, and makes the same calls. Training starts from the weights of rank 0. The caller keeps ownership.
    /// </param>
    /// <exception cref="ArgumentException">
    /// An option is out of its range; TensorFloat32 is requested on a device other than CUDA; no source has a weight above 0; two sources
    /// have the same name; every parameter is frozen; the ranks cannot share a step equally.
    /// </exception>
    public Trainer(
        ByteLanguageModel model, IReadOnlyList<SampleSource> sources, TrainerOptions options, Device? device = null,
        IProcessGroup? group = null)
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
        _share = new(
            group?.Rank ?? 0, group?.Size ?? 1, options.GradientAccumulationSteps, options.BatchSize, options.Distributed.SharesRows);
        _options = options;
        _device = device ?? CPU;
        Group = new(group, options.Distributed, _device);
    }

    /// <summary>Steps taken so far.</summary>
    public long Step { get; private set; }

    /// <summary>Training time so far, including all earlier parts of a resumed run.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>Bytes read so far by all ranks, contexts and targets.</summary>
    public long BytesRead { get; private set; }

    /// <summary>What the ranks decide and do together.</summary>
    internal Collective Group { get; }

    /// <summary>
    /// Trains until <see cref="TrainerOptions.Steps"/>, until <paramref name="stopAt"/>, or for <paramref name="stopAfter"/>, whichever
    /// comes first. A cancellation takes effect between two steps. The steps taken so far are kept; <see cref="SaveCheckpoint"/> writes
    /// them to a file.
    /// </summary>
    /// <remarks>
    /// The first call moves the model to the trainer's device and, for <see cref="Precision.BFloat16"/>, to bfloat16. The model stays
    /// there. After each call, training mode and <see cref="InputDoor.ChecksIds"/> are as before the call. Between two calls, the caller
    /// may move the model or change its weights. Training then continues on the new device and from the new weights. With a group of
    /// processes, the first call takes the weights of rank 0, and a cancellation of one rank stops all of them at the same step.
    /// </remarks>
    /// <param name="progress">
    /// Receives a report every <see cref="TrainerOptions.ReportEverySteps"/> steps, on the calling thread. Every rank has the same reports.
    /// </param>
    /// <param name="stopAt">Step to stop at, for example for an evaluation or a checkpoint.</param>
    /// <param name="stopAfter">
    /// Time after which to return, at the end of a step, so that the caller can save a checkpoint. At least one step is taken. null: no
    /// limit.
    /// </param>
    /// <param name="cancellationToken">Cancels between two steps.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="InvalidOperationException">A parameter was frozen or unfrozen since the last call.</exception>
    /// <exception cref="ProcessGroupException">
    /// A rank was started with another model, other data or options; the weights of the ranks differ; an exchange failed.
    /// </exception>
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
        using var prefetcher = new BatchPrefetcher(_sampler, _share, prepared.Device, Step * _share.PiecesPerStep);
        var clock = Stopwatch.StartNew();
        TimeSpan before = Elapsed;
        TimeSpan reported = TimeSpan.Zero;
        long bytesReported = BytesRead;
        long first = Step;
        TrainingProgress? report = null;
        while (Step < last)
        {
            bool goesOn = false;
            Group.WatchStep($"step {Step + 1}", () =>
            {
                bool isTimeOver = Step > first && clock.Elapsed >= stopAfter;
                goesOn = GoesOn(isTimeOver, isFirst: Step == first, cancellationToken);
                if (goesOn) report = TakeStepAndReport();
            });
            if (!goesOn) return;
            if (report is not null) progress?.Report(report);
        }

        TrainingProgress? TakeStepAndReport()
        {
            double learningRate = _options.Schedule.At(Step);
            TakeStep(prepared, prefetcher, learningRate);
            Step++;
            Elapsed = before + clock.Elapsed;
            if (Step % _options.Distributed.CompareWeightsEverySteps == 0) RequireEqualWeights(prepared);
            if (Step % _options.ReportEverySteps != 0 && Step != _options.Steps) return null;

            (double all, double[] bySource) = prepared.Loss.Read();
            double norm = prepared.Optimizer.GradientNorm;
            if (!double.IsFinite(all) || !double.IsFinite(norm)) throw Diverged(double.IsFinite(all) ? norm : all);
            // No later step would find out what the last update did.
            if (Step == _options.Steps && !prepared.Optimizer.IsFinite) throw Diverged(double.NaN, "a weight or a moment");
            Elapsed = before + clock.Elapsed;
            double seconds = (clock.Elapsed - reported).TotalSeconds;
            double bytes = BytesRead - bytesReported;
            reported = clock.Elapsed;
            bytesReported = BytesRead;
            return new TrainingProgress
            {
                Step = Step,
                Steps = _options.Steps,
                BitsPerByte = all,
                Sources = new(_sampler.Sources.Zip(bySource, (source, bits) => KeyValuePair.Create(source.Name, bits))
                    .Where(pair => !double.IsNaN(pair.Value))),
                LearningRate = learningRate,
                GradientNorm = norm,
                BytesPerSecond = bytes / Math.Max(seconds, 1e-9),
                Elapsed = Elapsed,
                Remaining = Elapsed / Step * (_options.Steps - Step),
            };
        }
    }

    /// <summary>
    /// Whether another step follows. All ranks answer alike: the clock of rank 0 counts, and the cancellation of any rank.
    /// </summary>
    private bool GoesOn(bool isTimeOver, bool isFirst, CancellationToken cancellationToken)
    {
        if (!isFirst && !Group.AnswersAtOnce && Step % _options.ReportEverySteps != 0) return true;
        double[] votes = [isTimeOver && Group.IsFirst ? 1 : 0, cancellationToken.IsCancellationRequested ? 1 : 0];
        Group.Sum(votes);
        if (votes[0] > 0) return false;
        if (votes[1] == 0) return true;
        cancellationToken.ThrowIfCancellationRequested();
        throw new OperationCanceledException("Another rank was asked to stop.");
    }

    /// <summary>Writes everything that is needed to resume the run. The file is replaced atomically.</summary>
    /// <remarks>
    /// Before the first step, this moves the model as <see cref="Run"/> does. With a group, every rank makes the call, and rank 0 writes.
    /// The file does not depend on the number of ranks.
    /// </remarks>
    /// <param name="path">File to write, in the safetensors format.</param>
    /// <exception cref="NotFiniteNumberException">
    /// Loss, gradient, a weight or a moment is NaN or infinite. An existing file is not changed.
    /// </exception>
    /// <exception cref="ProcessGroupException">The weights of the ranks differ, or rank 0 cannot write the file.</exception>
    public void SaveCheckpoint(string path)
    {
        using IDisposable ordinary = inference_mode(false);
        using DisposeScope scope = NewDisposeScope();
        Prepared prepared = Prepare();
        prepared.Rebind();
        Tensor loss = prepared.Loss.Save();
        if (!loss.data<double>().All(double.IsFinite) || prepared.Optimizer.HasDiverged) throw Diverged(prepared.Optimizer.GradientNorm);
        if (!prepared.Optimizer.IsFinite) throw Diverged(double.NaN, "a weight or a moment");
        RequireEqualWeights(prepared);
        Group.DoOnFirst(() => Checkpoint.Save(path, prepared.Fingerprint, new(Step, BytesRead, Elapsed), State(prepared, loss)));
    }

    /// <summary>
    /// Resumes from a checkpoint of the same run. If any part does not fit, nothing changes, except that the model may have been moved as
    /// in <see cref="Run"/>. With a group, every rank makes the call, and only rank 0 reads the file.
    /// </summary>
    /// <param name="path">File written by <see cref="SaveCheckpoint"/>.</param>
    /// <exception cref="SafetensorsException">The file is damaged or not in the safetensors format.</exception>
    /// <exception cref="CheckpointException">The file is not a checkpoint, or belongs to another run.</exception>
    /// <exception cref="ProcessGroupException">Rank 0 cannot read the file.</exception>
    public void LoadCheckpoint(string path)
    {
        IReadOnlyDictionary<string, string> metadata = new Dictionary<string, string>();
        Group.DoOnFirst(() => metadata = Checkpoint.ReadMetadata(path)); // before the model is moved
        using IDisposable ordinary = inference_mode(false);
        Prepared prepared = Prepare();
        prepared.Rebind();
        using DisposeScope scope = NewDisposeScope();
        Tensor loss = prepared.Loss.Save();
        Checkpoint checkpoint = new(0, 0, TimeSpan.Zero);
        Group.DoOnFirst(() =>
            checkpoint = Checkpoint.Load(path, metadata, prepared.Fingerprint, _options.Steps, State(prepared, loss)));
        long[] progress = Group.OfFirst([checkpoint.Step, checkpoint.BytesRead, checkpoint.Elapsed.Ticks]);
        Tensor shared = loss.to(_device);
        Group.Broadcast(shared);
        foreach (Tensor buffer in prepared.Optimizer.Buffers) Group.Broadcast(buffer);
        prepared.Loss.Restore(shared.cpu());
        prepared.Optimizer.EndLoad(progress[0]);
        (Step, BytesRead, Elapsed) = (progress[0], progress[1], TimeSpan.FromTicks(progress[2]));
    }

    /// <summary>Frees the optimizer. The model stays on its device, with its current weights.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _prepared?.Dispose();
        Group.Dispose();
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

        Prepared prepared = new(optimizer, new LossMeter(_sampler.Sources.Count, _share.Parts, _device, Group),
            RunFingerprint.Of(_model, _options, _sampler));
        try
        {
            Unite(prepared);
        }
        catch
        {
            prepared.Dispose();
            throw;
        }

        return _prepared = prepared;
    }

    /// <summary>Makes sure that all ranks train the same run, and gives them the weights of rank 0.</summary>
    private void Unite(Prepared prepared)
    {
        if (Group.Size == 1) return;
        string first = Group.OfFirst(prepared.Fingerprint), options = Group.OfFirst(_options.Distributed.ToString());
        Group.RequireOnAll(
            first != prepared.Fingerprint || options != _options.Distributed.ToString(),
            () => new ProcessGroupException(
                $"Rank {Group.Rank} was started with another run than rank 0: "
                + string.Join("; ", first != prepared.Fingerprint
                    ? RunFingerprint.Differences(first, prepared.Fingerprint)
                    : [$"{_options.Distributed}, and not {options}"])
                + ". Start all ranks with the same model, data and options."),
            ranks => $"Not all processes were started with the same run: {ranks} differ from rank 0. Their messages say in what.");
        Group.Broadcast(prepared.Optimizer.Parameters.Weights);
        prepared.Optimizer.Parameters.CopyMasterToModel();
    }

    /// <summary>Throws if the weights of a rank are not those of rank 0, down to the last bit.</summary>
    private void RequireEqualWeights(Prepared prepared)
    {
        if (Group.Size == 1) return;
        byte[] digest = prepared.Optimizer.Parameters.Digest();
        bool differs = !Group.OfFirst(digest).AsSpan().SequenceEqual(digest);
        Group.RequireOnAll(differs, () => new ProcessGroupException(Message($"rank {Group.Rank}")), Message);

        string Message(string ranks) =>
            $"The weights of {ranks} differ from those of rank 0 at step {Step}: the processors compute differently, or a memory is "
            + "damaged. Resume from the last checkpoint, on machines of one kind.";
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
        FusedAdamW optimizer = prepared.Optimizer;
        bool isOrdered = _options.Distributed.OrderedReduction && Group.Size > 1;
        for (int i = 0; i < _share.PiecesPerStep; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            // The sum so far is on every rank. Rank 0 adds to it, and the others after rank 0.
            if (isOrdered && i > 0 && !Group.IsFirst) optimizer.Parameters.ZeroGradient();
            ByteBatch batch = prefetcher.Next();
            SeedDropout((Step * _share.PiecesPerStep) + i, prepared.Device);
            Tensor logits = _model.forward(batch.Context, batch.Targets);
            Tensor loss = _sampler.Sources[batch.Source].HasPadding
                ? LanguageModelLoss.NatsPerByteOfSamples(logits, batch.Targets)
                : LanguageModelLoss.NatsPerByte(logits, batch.Targets);
            prepared.Loss.Add(batch.Source, loss.detach());
            loss.DivideSafe((double)microBatches * _share.Parts).backward();
            optimizer.AccumulateGradient();
            if (isOrdered) Group.Sum(optimizer.Parameters.Gradient, inRankOrder: true);
        }

        if (!isOrdered) Group.Sum(optimizer.Parameters.Gradient);
        for (long microBatch = Step * microBatches; microBatch < (Step + 1) * microBatches; microBatch++)
        {
            int source = _sampler.SourceAt(microBatch);
            prepared.Loss.Count(source);
            BytesRead += (long)_options.BatchSize * _sampler.Sources[source].Shape.Length;
        }

        optimizer.Update(learningRate);
    }

    private void SeedDropout(long piece, Device device)
    {
        (long microBatch, int firstRow) = _share.At(piece);
        ulong seed = DropoutSeed(_options.Seed, microBatch);
        if (_share.Parts == 1) _model.Body.SeedDropout(seed, device);
        else _model.Body.SeedDropout(seed, device, firstRow, _options.BatchSize);
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
