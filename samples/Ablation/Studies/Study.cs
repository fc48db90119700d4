using System.Text.Json;
using System.Text.Json.Serialization;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// A study as its file declares it. Every combination of its lists is trained once per seed. The prediction is written before the study
/// runs.
/// </summary>
internal sealed record Study
{
    private static readonly JsonSerializerOptions Strict = new(SampleJson.Line)
    {
        PropertyNameCaseInsensitive = false,
        NumberHandling = JsonNumberHandling.Strict,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>The question of the study.</summary>
    public required string Question { get; init; }

    /// <summary>The result expected before the study ran.</summary>
    public string Prediction { get; init; } = "";

    /// <summary>Name of the budget: smoke, quick or paper. It sets everything that the study does not list.</summary>
    [JsonPropertyName("budget")]
    public string BudgetName { get; init; } = TrainingBudget.Quick.Name;

    /// <summary>Doors: arms of the library, with modifiers.</summary>
    public required IReadOnlyList<string> Arms { get; init; }

    /// <summary>Channels that each arm reads: all, or names of groups and channels separated by commas.</summary>
    public IReadOnlyList<string> Channels { get; init; } = [RunKey.AllChannels];

    /// <summary>Bytes per slot, K.</summary>
    public IReadOnlyList<int> BytesPerSlot { get; init; } = [8];

    public required IReadOnlyList<int> Seeds { get; init; }

    /// <summary>Optimizer steps. Default: the budget's.</summary>
    public IReadOnlyList<int> Steps { get; init; } = [];

    /// <summary>Peak learning rates. Default: the budget's. The final rate keeps its ratio to the peak.</summary>
    public IReadOnlyList<double> PeakLearningRates { get; init; } = [];

    /// <summary>Body width per byte of a slot, for a body that grows with K. Heads keep their width. Null: the budget's body.</summary>
    public int? DimPerByte { get; init; }

    /// <summary>Steps before the last at which every model is scored, for learning curves on held-out data.</summary>
    public IReadOnlyList<int> EvaluateAt { get; init; } = [];

    /// <summary>Doors, as the table names them. Every other door is compared with each of them over the seeds.</summary>
    public IReadOnlyList<string> Baselines { get; init; } = [];

    /// <summary>The budget that the study names.</summary>
    [JsonIgnore]
    public TrainingBudget Budget => TrainingBudget.All.Single(budget => budget.Name == BudgetName);

    /// <summary>All runs, seed by seed, so that an interrupted study has equally many seeds for each door.</summary>
    public IEnumerable<RunKey> Runs() =>
        from seed in Seeds
        from bytesPerSlot in BytesPerSlot
        from steps in Steps
        from rate in PeakLearningRates
        from arm in Arms
        from channels in Channels
        select new RunKey(arm, bytesPerSlot, steps, seed, rate, channels);

    /// <summary>The body for K bytes per slot.</summary>
    public ByteTransformerOptions BodyFor(int bytesPerSlot)
    {
        ByteTransformerOptions body = Budget.Body;
        return DimPerByte is { } width
            ? body with { Dim = width * bytesPerSlot, Heads = Math.Max(1, width * bytesPerSlot * body.Heads / body.Dim) }
            : body;
    }

    /// <summary>The training options of a run, except the precision.</summary>
    public TrainerOptions TrainingOf(RunKey run)
    {
        TrainerOptions training = Budget.Training;
        return training.WithSteps(run.Steps) with
        {
            PeakLearningRate = run.PeakLearningRate,
            FinalLearningRate = run.PeakLearningRate * training.FinalLearningRate / training.PeakLearningRate,
            Seed = run.Seed,
        };
    }

    /// <summary>Reads and checks a study.</summary>
    /// <exception cref="InvalidDataException">
    /// The file is not a study, or a value is not possible. The message names file and value.
    /// </exception>
    public static Study Load(string path)
    {
        try
        {
            Study study = JsonSerializer.Deserialize<Study>(File.ReadAllText(path), Strict)
                ?? throw new InvalidDataException($"{path}: the file is empty.");
            return study.Checked(path);
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path}: {SampleJson.Describe(error)}", error);
        }
    }

    /// <summary>Completes the study with the budget's values, and checks every run.</summary>
    /// <param name="path">Path of the study, for the message.</param>
    /// <exception cref="InvalidDataException">A value is not possible.</exception>
    public Study Checked(string path)
    {
        try
        {
            Study study = Completed();
            foreach (RunKey run in study.Runs().DistinctBy(run => run.Row())) study.Check(run);
            return study;
        }
        catch (ArgumentException error)
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }
    }

    private Study Completed()
    {
        if (TrainingBudget.All.All(budget => budget.Name != BudgetName))
            throw new ArgumentException(
                $"Unknown budget '{BudgetName}'; known are {string.Join(", ", TrainingBudget.All.Select(budget => budget.Name))}.");
        Study study = this with
        {
            Steps = Steps.Count > 0 ? Steps : [Budget.Training.Steps],
            PeakLearningRates = PeakLearningRates.Count > 0 ? PeakLearningRates : [Budget.Training.PeakLearningRate],
        };
        Require(study.Arms, "arms", _ => true, "");
        Require(study.Channels, "channels", _ => true, "");
        Require(study.BytesPerSlot, "bytesPerSlot", k => k is >= 1 and <= 4096, "1 to 4096");
        Require(study.Seeds, "seeds", seed => seed >= 0, "0 or more");
        Require(study.Steps, "steps", steps => steps >= 1, "1 or more");
        Require(study.PeakLearningRates, "peakLearningRates", rate => rate > 0 && rate < 1, "above 0 and below 1");
        if (study.EvaluateAt.Count > 0) Require(study.EvaluateAt, "evaluateAt", step => step >= 1, "1 or more");
        if (DimPerByte is < 1 or > 4096) throw new ArgumentException($"dimPerByte takes 1 to 4096; got {DimPerByte}.");
        string[] fronts = [.. study.Runs().Select(DoorLabel).Distinct()];
        if (Baselines.Any(baseline => baseline is null)) throw new ArgumentException("'baselines' lists null.");
        if (Baselines.FirstOrDefault(baseline => !fronts.Contains(baseline)) is { } missing)
            throw new ArgumentException($"The baseline '{missing}' is not one of the doors {string.Join(", ", fronts)}.");
        return study;
    }

    /// <summary>Name of a door in tables: the arm, and its channels unless it reads all.</summary>
    public static string DoorLabel(RunKey run) => run.Channels == RunKey.AllChannels ? run.Arm : $"{run.Arm}[{run.Channels}]";

    private void Check(RunKey run)
    {
        TrainingOf(run).Validate();
        DoorVariant.Parse(run.Arm, run.Channels).Create(run.BytesPerSlot, BodyFor(run.BytesPerSlot).Dim, run.Seed).Dispose();
        new ByteTransformer(BodyFor(run.BytesPerSlot)).Dispose();
    }

    private static void Require<T>(IReadOnlyList<T> values, string name, Func<T, bool> isAllowed, string allowed)
    {
        if (values.Count == 0) throw new ArgumentException($"the list '{name}' is empty.");
        if (values.Any(value => value is null)) throw new ArgumentException($"'{name}' lists null.");
        if (values.GroupBy(value => value).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"'{name}' lists {twice.Key} twice.");
        foreach (T value in values)
        {
            if (!isAllowed(value)) throw new ArgumentException($"'{name}' takes values of {allowed}; got {value}.");
        }
    }
}

/// <summary>Finds study files: in the program's folder by name, or anywhere by path.</summary>
internal static class StudyFile
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "studies");

    /// <summary>The studies that come with the program.</summary>
    public static IReadOnlyList<string> Names { get; } =
        Directory.Exists(Folder) ? [.. Directory.GetFiles(Folder, "*.json").Select(path => Path.GetFileNameWithoutExtension(path)).Order(
            StringComparer.Ordinal)] : [];

    /// <exception cref="FileNotFoundException">Neither a study of this name nor such a file exists.</exception>
    public static string Find(string nameOrFile)
    {
        if (Names.Contains(nameOrFile)) return Path.Combine(Folder, nameOrFile + ".json");
        return File.Exists(nameOrFile)
            ? nameOrFile
            : throw new FileNotFoundException(
                $"'{nameOrFile}' is neither a file nor a study of this program. The studies are {string.Join(", ", Names)}.");
    }
}
