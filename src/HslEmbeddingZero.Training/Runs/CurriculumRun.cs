using System.Text.Json;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace HslEmbeddingZero.Training;

/// <summary>
/// The training of a <see cref="Curriculum"/> in a folder: one <see cref="TrainingRun"/> for each stage. It can be interrupted in any stage
/// and resumed there.
/// </summary>
/// <remarks>
/// Files: those of each run, with the name of its stage in front, and STAGE<c>.weights.safetensors</c>, the model after the stage. That
/// file is written last. The next stage starts from it, also in the same process, so that a resumed curriculum equals an uninterrupted
/// one bit for bit on the CPU. With a group of processes, every rank makes the same calls; all ranks read the files of earlier stages.
/// </remarks>
public sealed class CurriculumRun
{
    private const string RunKey = "run";

    private readonly string _folder;
    private readonly int _seed;
    private readonly Device? _device;
    private readonly ILogger? _logger;
    private readonly IProcessGroup? _group;

    /// <summary>Checks the curriculum. No file is read or written yet.</summary>
    /// <param name="folder">Folder of all files. It is created if it does not exist.</param>
    /// <param name="curriculum">The model and its stages.</param>
    /// <param name="seed">Seed of the first weights, 0 or more. The seed of samples and dropout is in the options of each stage.</param>
    /// <param name="device">The device to train on; the CPU when null.</param>
    /// <param name="logger">Receives messages about each stage; null for no messages.</param>
    /// <param name="group">The processes that share the work; null for one process. The caller keeps ownership.</param>
    /// <exception cref="ArgumentException">A value of the curriculum is out of its range.</exception>
    public CurriculumRun(
        string folder, Curriculum curriculum, int seed = 0, Device? device = null, ILogger? logger = null, IProcessGroup? group = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(curriculum);
        ArgumentOutOfRangeException.ThrowIfNegative(seed);
        curriculum.Validate();
        Curriculum = curriculum;
        (_folder, _seed, _device, _logger, _group) = (folder, seed, device, logger, group);
    }

    /// <summary>The model and its stages.</summary>
    public Curriculum Curriculum { get; }

    /// <summary>File of the model after a stage.</summary>
    public string WeightsPath(CurriculumStage stage)
    {
        ArgumentNullException.ThrowIfNull(stage);
        return Path.Combine(_folder, $"{stage.Name}.weights.safetensors");
    }

    /// <summary>The evaluations of a stage so far; none where it has not begun.</summary>
    public IReadOnlyList<RunEvaluation> Evaluations(CurriculumStage stage)
    {
        ArgumentNullException.ThrowIfNull(stage);
        return [.. EvaluationLog.Read(Path.Combine(_folder, $"{stage.Name}.evaluations.jsonl"))];
    }

    /// <summary>Whether a stage has been trained to its end.</summary>
    public bool IsDone(CurriculumStage stage) => File.Exists(WeightsPath(stage));

    /// <summary>
    /// Trains a stage: from its checkpoint if there is one, otherwise from the weights of the stage before. A stage that is done is not
    /// trained again.
    /// </summary>
    /// <param name="stage">A stage of the curriculum. The stages before it are done.</param>
    /// <param name="sources">
    /// The sources of the stage, with the weights and lengths that it asks for. All of them are scored.
    /// </param>
    /// <param name="options">
    /// Checkpoints, dtype of the weights and so on; the defaults when null. Name, evaluations and best weights are set by the stage: a
    /// stage hands on its last weights, whatever their scores.
    /// </param>
    /// <param name="progress">Receives the progress of the training, on the calling thread.</param>
    /// <param name="evaluations">Receives every evaluation, on the calling thread.</param>
    /// <param name="scoring">Receives the progress of each evaluation, on the calling thread.</param>
    /// <param name="cancellationToken">Stops the run, after a checkpoint is written.</param>
    /// <exception cref="ArgumentException">The stage is not of this curriculum, or a frozen key fits no weight.</exception>
    /// <exception cref="CheckpointException">
    /// The checkpoint or the weights of the stage belong to another run. The message names the differences.
    /// </exception>
    /// <exception cref="InvalidOperationException">The stage before is not done.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled. The same call continues the run.</exception>
    /// <inheritdoc cref="TrainingRun.Run" path="/exception"/>
    public void Run(
        CurriculumStage stage, IReadOnlyList<SampleSource> sources, TrainingRunOptions? options = null,
        IProgress<TrainingProgress>? progress = null, IProgress<RunEvaluation>? evaluations = null,
        IProgress<EvaluationProgress>? scoring = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stage);
        ArgumentNullException.ThrowIfNull(sources);
        int index = Curriculum.Stages.ToList().IndexOf(stage);
        if (index < 0) throw new ArgumentException($"The curriculum has no such stage '{stage.Name}'.", nameof(stage));
        string identity = Identity(index, sources);
        if (IsDone(stage))
        {
            RequireSame(stage, identity);
            return;
        }

        using ByteLanguageModel model = Start(index);
        Freeze(model, stage);
        options = (options ?? new()) with
        {
            Name = stage.Name,
            EvaluateEverySteps = stage.EvaluateEverySteps,
            KeepsBestWeights = false,
        };
        using TrainingRun run = new(_folder, model, sources, stage.Training, options, _device, _logger, _group);
        run.Resume();
        run.Run(progress, evaluations, scoring, cancellationToken);
        Dictionary<string, string> metadata = new() { [RunKey] = identity };
        if (run.Evaluations is [.., var last] && options.WeightsMetadata?.Invoke(last) is { } entries)
            foreach ((string key, string value) in entries) metadata[key] = value;
        run.Trainer.Group.DoOnFirst(() => model.Save(WeightsPath(stage), options.WeightsType, metadata));
    }

    /// <summary>The model at the start of a stage.</summary>
    private ByteLanguageModel Start(int index)
    {
        if (index == 0) return Curriculum.CreateModel(_seed);
        CurriculumStage before = Curriculum.Stages[index - 1];
        return IsDone(before)
            ? ByteLanguageModel.Load(WeightsPath(before))
            : throw new InvalidOperationException($"The stage '{before.Name}' is not done: {WeightsPath(before)} does not exist.");
    }

    private static void Freeze(ByteLanguageModel model, CurriculumStage stage)
    {
        IReadOnlyDictionary<string, Tensor> weights = model.Weights();
        foreach (string frozen in stage.Frozen)
        {
            Tensor[] fitting = [.. weights.Where(pair => pair.Key.StartsWith(frozen, StringComparison.Ordinal)).Select(pair => pair.Value)];
            if (fitting.Length == 0)
            {
                throw new ArgumentException(
                    $"Stage '{stage.Name}': no weight's key begins with '{frozen}'. The keys are {string.Join(", ", weights.Keys)}.");
            }

            foreach (Tensor weight in fitting) weight.requires_grad = false;
        }
    }

    /// <summary>What the weights after a stage depend on, apart from the device.</summary>
    private string Identity(int index, IReadOnlyList<SampleSource> sources)
    {
        CurriculumStage stage = Curriculum.Stages[index];
        return JsonSerializer.Serialize(new
        {
            seed = _seed,
            curriculum = Curriculum with { Stages = [.. Curriculum.Stages.Take(index + 1)] },
            data = new BatchSampler(sources, stage.Training.BatchSize, stage.Training.Seed).Fingerprint,
        });
    }

    private void RequireSame(CurriculumStage stage, string identity)
    {
        string path = WeightsPath(stage);
        Safetensors.ReadHeader(path).Metadata.TryGetValue(RunKey, out string? then);
        if (then == identity) return;
        throw new CheckpointException(
            $"{path} is of another run: {string.Join("; ", RunFingerprint.Differences(then, identity))}. Choose another folder.");
    }
}
