using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// Trains a <see cref="ByteLanguageModel"/> on the byte mix. Everything random is a pure function of the seed, and a checkpoint holds
/// weights, moments, step and random state, so that on the CPU a resumed run equals an uninterrupted one bit for bit.
/// </summary>
public sealed class Trainer : IDisposable
{
    private const string CheckpointFormat = "HslEmbeddingZero checkpoint 2";
    private const string FirstFormat = "HslEmbeddingZero checkpoint 1";
    private const string WeightPrefix = "model.";
    private const string FirstMomentPrefix = "first_moment.";
    private const string SecondMomentPrefix = "second_moment.";
    private const string LossKey = "loss.since_report";
    private const ulong DropoutStream = 0xD0A7_5EED_0000_0000; // apart from the samples, which the same seed and index choose

    private readonly ByteLanguageModel _model;
    private readonly BatchSampler _sampler;
    private readonly TrainerOptions _options;
    private Device _device;
    private readonly FlatParameters _parameters;
    private readonly FusedAdamW _optimizer;
    private readonly LossMeter _loss;
    private readonly string _doorDigest;

    /// <summary>
    /// Draws the model's weights from the seed, moves it to the device and the precision, and prepares the optimizer. The model stays the
    /// caller's. If it is moved to another device or dtype between two calls of <see cref="Run"/>, training goes on there.
    /// </summary>
    /// <param name="model">The model to train.</param>
    /// <param name="sampler">Where batches come from.</param>
    /// <param name="options">How to train.</param>
    /// <param name="device">Where to train; the CPU when null.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or TensorFloat32 is asked for off CUDA.</exception>
    public Trainer(ByteLanguageModel model, BatchSampler sampler, TrainerOptions options, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(sampler);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (sampler.BatchSize != options.BatchSize || sampler.Mix != options.Mix)
        {
            throw new ArgumentException(
                $"The sampler gives batches of {sampler.BatchSize} in the mix {sampler.Mix}; the options say {options.BatchSize} and {options.Mix}.", nameof(sampler));
        }

        if (options.Precision == Precision.TensorFloat32 && (device ?? CPU).type != DeviceType.CUDA)
            throw new ArgumentException($"Precision TensorFloat32 needs a CUDA device; the device is {device ?? CPU}.", nameof(options));

        _model = model;
        _sampler = sampler;
        _options = options;
        _device = device ?? CPU;
        WeightInitialization.Draw(model, options.Seed);
        model.to(_device);
        if (options.Precision == Precision.BFloat16) model.to(ScalarType.BFloat16);
        model.Door.ChecksIds = false; // The sampler makes the ids, and a check would wait for the device at every step.
        _doorDigest = DoorDigest();
        _parameters = new FlatParameters(model);
        _optimizer = new FusedAdamW(_parameters, options);
        _loss = new LossMeter(_device);
    }

    /// <summary>Steps taken so far.</summary>
    public long Step { get; private set; }

    /// <summary>Time trained so far, over all pieces of a resumed run.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>Bytes read so far, contexts and targets.</summary>
    public long BytesRead { get; private set; }

    /// <summary>
    /// Trains until <see cref="TrainerOptions.Steps"/>, until <paramref name="stopAt"/>, or for <paramref name="stopAfter"/>, whichever
    /// comes first. A cancellation takes effect between two steps; what was trained stays, and <see cref="SaveCheckpoint"/> keeps it.
    /// </summary>
    /// <param name="progress">Told every <see cref="TrainerOptions.LogEvery"/> steps, on this thread.</param>
    /// <param name="stopAt">Step to stop at, for an evaluation or a checkpoint in between.</param>
    /// <param name="stopAfter">Time after which to return, at the end of a step, so that the caller can keep a checkpoint; null: no
    /// limit.</param>
    /// <param name="cancellationToken">Asks to stop early.</param>
    /// <exception cref="OperationCanceledException">The cancellation was asked for.</exception>
    public void Run(
        IProgress<TrainingProgress>? progress = null,
        long stopAt = long.MaxValue,
        TimeSpan? stopAfter = null,
        CancellationToken cancellationToken = default)
    {
        long last = Math.Min(_options.Steps, stopAt);
        if (Step >= last) return;
        _model.train();
        Precisions.Use(_options.Precision);
        FollowModel();
        using var prefetcher = new BatchPrefetcher(_sampler, _device, Step * _options.Accumulation);
        Stopwatch clock = Stopwatch.StartNew();
        TimeSpan before = Elapsed;
        TimeSpan reported = TimeSpan.Zero;
        long bytesReported = BytesRead;
        while (Step < last && !(clock.Elapsed >= stopAfter))
        {
            cancellationToken.ThrowIfCancellationRequested();
            double learningRate = LearningRateSchedule.At(Step, _options);
            using Tensor norm = TakeStep(prefetcher, learningRate);
            Step++;
            Elapsed = before + clock.Elapsed;
            if (Step % _options.LogEvery != 0 && Step != _options.Steps) continue;

            (double all, double[] byModality) = _loss.Read();
            using Tensor hostNorm = norm.cpu();
            Elapsed = before + clock.Elapsed;
            double seconds = (clock.Elapsed - reported).TotalSeconds;
            progress?.Report(new TrainingProgress(
                Step, _options.Steps, all, byModality[0], byModality[1], byModality[2], learningRate, hostNorm.item<float>(),
                (BytesRead - bytesReported) / Math.Max(seconds, 1e-9), Elapsed, Elapsed / Step * (_options.Steps - Step)));
            reported = clock.Elapsed;
            bytesReported = BytesRead;
        }
    }

    /// <summary>Writes everything the run needs to go on, atomically.</summary>
    /// <param name="path">File to write, in the safetensors format.</param>
    public void SaveCheckpoint(string path)
    {
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> tensors = WeightsAndMoments();
        tensors[LossKey] = _loss.Save();
        Dictionary<string, string> metadata = new()
        {
            ["format"] = CheckpointFormat,
            ["run"] = Fingerprint(),
            ["step"] = Step.ToString(CultureInfo.InvariantCulture),
            ["bytes_read"] = BytesRead.ToString(CultureInfo.InvariantCulture),
            ["seconds"] = Elapsed.TotalSeconds.ToString("R", CultureInfo.InvariantCulture),
        };
        CheckpointDigest.Seal(metadata, tensors);
        Safetensors.Save(path, tensors, metadata);
    }

    /// <summary>Goes on from a checkpoint of the same run. Nothing changes unless all of it fits.</summary>
    /// <param name="path">File written by <see cref="SaveCheckpoint"/>.</param>
    /// <exception cref="SafetensorsException">A damaged file, or not one of the format.</exception>
    /// <exception cref="CheckpointException">Not a checkpoint, or one of another run.</exception>
    public void LoadCheckpoint(string path)
    {
        IReadOnlyDictionary<string, string> metadata = Safetensors.ReadHeader(path).Metadata;
        metadata.TryGetValue("format", out string? format);
        if (format == FirstFormat)
        {
            throw new CheckpointException(
                $"{path}: a checkpoint of an earlier version (format '{format}', expected '{CheckpointFormat}'). Dropout is seeded for each "
                + "micro-batch now, so that the run cannot go on as it began. Delete the file and train anew, or finish the run with the "
                + "version that wrote it.");
        }

        if (format != CheckpointFormat)
            throw new CheckpointException($"{path}: not a checkpoint of this version (format '{format}', expected '{CheckpointFormat}').");
        if (!metadata.TryGetValue("run", out string? run) || run != Fingerprint())
            throw new CheckpointException($"{path}: belongs to another run.{Environment.NewLine}  checkpoint: {run}{Environment.NewLine}  this run:   {Fingerprint()}");
        long step = Number(metadata, "step", path, 0, _options.Steps);
        long bytesRead = Number(metadata, "bytes_read", path, 0, long.MaxValue);
        if (!metadata.TryGetValue("seconds", out string? text)
            || !double.TryParse(text, CultureInfo.InvariantCulture, out double seconds) || !(seconds >= 0 && seconds < 1e9))
            throw new CheckpointException($"{path}: seconds is '{text}', expected a time of 0 or more.");

        using var scope = NewDisposeScope();
        IReadOnlyDictionary<string, Tensor> tensors = Safetensors.Load(path);
        try
        {
            Dictionary<string, Tensor> places = WeightsAndMoments();
            CheckpointDigest.Verify(path, metadata, tensors);
            Tensor loss = _loss.Save();
            places[LossKey] = loss;
            Safetensors.LoadInto(places, tensors, path, "the run");
            _loss.Restore(loss);
        }
        finally
        {
            foreach (Tensor tensor in tensors.Values) tensor.Dispose();
        }

        _parameters.PublishWeights();
        _parameters.ZeroGradient();
        _optimizer.RestoreSteps(step);
        Step = step;
        BytesRead = bytesRead;
        Elapsed = TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond)); // FromSeconds cuts off, and can lose a tick.
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer.Dispose();
        _parameters.Dispose();
        _loss.Dispose();
    }

    /// <summary>Views of everything the optimizer changes, by its name in a checkpoint.</summary>
    private Dictionary<string, Tensor> WeightsAndMoments()
    {
        Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
        for (int i = 0; i < _parameters.Names.Count; i++)
        {
            tensors[WeightPrefix + _parameters.Names[i]] = _parameters.Slice(_parameters.Weights, i);
            tensors[FirstMomentPrefix + _parameters.Names[i]] = _parameters.Slice(_optimizer.FirstMoment, i);
            tensors[SecondMomentPrefix + _parameters.Names[i]] = _parameters.Slice(_optimizer.SecondMoment, i);
        }

        return tensors;
    }

    /// <summary>Goes where the caller has moved the model since.</summary>
    private void FollowModel()
    {
        if (!_parameters.Follow()) return;
        _optimizer.Follow();
        Device device = _parameters.Weights.device;
        if (IsSameDevice(device, _device)) return;
        _device = device;
        _loss.Move(device);
    }

    /// <summary>torch.CUDA has the index -1, "the current one"; a tensor that was moved there has the device's number.</summary>
    internal static bool IsSameDevice(Device first, Device second) =>
        first.type == second.type && Math.Max(first.index, 0) == Math.Max(second.index, 0);

    /// <summary>
    /// Seed of the masks of one micro-batch, by its index in the run: neither a resume nor the number of processes that share the
    /// micro-batches changes it.
    /// </summary>
    internal static ulong DropoutSeed(int seed, long microBatch) => SplitMix64.Mix((ulong)seed ^ DropoutStream, microBatch);

    private Tensor TakeStep(BatchPrefetcher prefetcher, double learningRate)
    {
        using var scope = NewDisposeScope();
        for (int i = 0; i < _options.Accumulation; i++)
        {
            using var inner = NewDisposeScope();
            ByteBatch batch = prefetcher.Next();
            _model.Body.SeedDropout(DropoutSeed(_options.Seed, (Step * _options.Accumulation) + i), _device);
            Tensor loss = LanguageModelLoss.NatsPerByte(_model.forward(batch.Context, batch.Targets), batch.Targets);
            _loss.Add(batch.Modality, loss.detach());
            loss.DividedBy(_options.Accumulation).backward();
            _parameters.CollectGradient();
            BytesRead += batch.Context.numel() + batch.Targets.numel();
        }

        Tensor norm = _optimizer.Step(learningRate);
        _parameters.PublishWeights();
        _parameters.ZeroGradient();
        return norm;
    }

    /// <summary>What must be equal for a checkpoint to fit.</summary>
    private string Fingerprint() => JsonSerializer.Serialize(new
    {
        door = _model.Door.GetType().Name,
        doorRows = _doorDigest,
        bytesPerSlot = _model.Door.BytesPerSlot,
        tail = _model.Door.Tail.ToString(),
        body = _model.Body.Options,
        trainer = _options with { LogEvery = 1 },
        data = _sampler.Fingerprint,
    });

    /// <summary>The rows of all ids at the start of the run: they tell doors of one class with different features apart.</summary>
    private string DoorDigest()
    {
        using var quiet = no_grad();
        using var scope = NewDisposeScope();
        Tensor ids = arange(ByteIds.Count, ScalarType.Int64, _device);
        Tensor rows = _model.Door.Features(ids).to(ScalarType.Float32).cpu().contiguous();
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(rows.bytes);
        // Rows do not tell whether slots have codes too.
        if (_model.Door.Ngrams is { } codes) hash.AppendData(Encoding.UTF8.GetBytes(codes.ToString()));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static long Number(IReadOnlyDictionary<string, string> metadata, string key, string path, long low, long high)
    {
        if (metadata.TryGetValue(key, out string? text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            && value >= low && value <= high)
            return value;
        throw new CheckpointException($"{path}: {key} is '{text}', expected a whole number from {low} to {high}.");
    }
}
