using System.Text.Json;
using System.Text.Json.Serialization;
using HslEmbeddingZero.Training;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// A study as its file declares it: every combination of its lists is trained, once for each seed. What it expects is written down before
/// it runs.
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

    /// <summary>What the study asks.</summary>
    public required string Question { get; init; }

    /// <summary>What was expected before it ran.</summary>
    public string Prediction { get; init; } = "";

    /// <summary>Name of the budget that everything not listed here is taken from: smoke, quick or paper.</summary>
    [JsonPropertyName("budget")]
    public string BudgetName { get; init; } = TrainingBudget.Quick.Name;

    /// <summary>Doors: arms of the library, with modifiers.</summary>
    public required IReadOnlyList<string> Arms { get; init; }

    /// <summary>Channels that each arm reads: all, or names of groups and channels with commas between.</summary>
    public IReadOnlyList<string> Channels { get; init; } = [RunKey.AllChannels];

    /// <summary>Bytes per slot, K.</summary>
    public IReadOnlyList<int> BytesPerSlot { get; init; } = [8];

    public required IReadOnlyList<int> Seeds { get; init; }

    /// <summary>Optimizer steps; the budget's where the list is not given.</summary>
    public IReadOnlyList<int> Steps { get; init; } = [];

    /// <summary>Peak learning rates; the budget's where the list is not given. The final rate keeps its ratio to the peak.</summary>
    public IReadOnlyList<double> PeakLearningRates { get; init; } = [];

    /// <summary>Width of the body for each byte of a slot, where it is to grow with K; heads keep their width.</summary>
    public int? DimPerByte { get; init; }

    /// <summary>Steps before the last at which every model is scored, for learning curves on held-out data.</summary>
    public IReadOnlyList<int> EvaluateAt { get; init; } = [];

    /// <summary>Doors, as the table names them, that every other door is compared with over the seeds.</summary>
    public IReadOnlyList<string> Baselines { get; init; } = [];

    /// <summary>The budget that the study names.</summary>
    [JsonIgnore]
    public TrainingBudget Budget => TrainingBudget.All.Single(budget => budget.Name == BudgetName);

    /// <summary>Every run, seed by seed, so that a study which was stopped is balanced.</summary>
    public IEnumerable<RunKey> Runs() =>
        from seed in Seeds
        from bytesPerSlot in BytesPerSlot
        from steps in Steps
        from rate in PeakLearningRates
        from arm in Arms
        from channels in Channels
        select new RunKey(arm, bytesPerSlot, steps, seed, rate, channels);

    /// <summary>The body that K bytes a slot are given to.</summary>
    public ByteTransformerOptions BodyFor(int bytesPerSlot)
    {
        ByteTransformerOptions body = Budget.Body;
        return DimPerByte is { } width
            ? body with { Dim = width * bytesPerSlot, Heads = Math.Max(1, width * bytesPerSlot * body.Heads / body.Dim) }
            : body;
    }

    /// <summary>How a run is trained, but for the precision.</summary>
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

    /// <summary>Reads a study and refuses what cannot be run.</summary>
    /// <exception cref="InvalidDataException">
    /// The file is no study, or asks for something impossible; the message names file and value.
    /// </exception>
    public static Study Load(string path)
    {
        try
        {
            Study study = JsonSerializer.Deserialize<Study>(File.ReadAllText(path), Strict)
                ?? throw new InvalidDataException($"{path}: it is empty.");
            return study.Checked(path);
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }
    }

    /// <summary>The study with the budget's values where it was silent.</summary>
    /// <param name="path">Where it stands, for the message.</param>
    /// <exception cref="InvalidDataException">It asks for something impossible.</exception>
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
        if (Baselines.FirstOrDefault(baseline => !fronts.Contains(baseline)) is { } missing)
            throw new ArgumentException($"The baseline '{missing}' is none of the doors {string.Join(", ", fronts)}.");
        return study;
    }

    /// <summary>A door as tables name it: the arm, and its channels unless it reads all.</summary>
    public static string DoorLabel(RunKey run) => run.Channels == RunKey.AllChannels ? run.Arm : $"{run.Arm}[{run.Channels}]";

    private void Check(RunKey run)
    {
        TrainingOf(run).Validate();
        DoorVariant.Parse(run.Arm, run.Channels).Create(run.BytesPerSlot, BodyFor(run.BytesPerSlot).Dim, run.Seed).Dispose();
        new ByteTransformer(BodyFor(run.BytesPerSlot)).Dispose();
    }

    private static void Require<T>(IReadOnlyList<T> values, string name, Func<T, bool> isAllowed, string allowed)
    {
        if (values.Count == 0) throw new ArgumentException($"'{name}' lists nothing.");
        if (values.GroupBy(value => value).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"'{name}' lists {twice.Key} twice.");
        foreach (T value in values)
        {
            if (!isAllowed(value)) throw new ArgumentException($"'{name}' takes values of {allowed}; got {value}.");
        }
    }
}

/// <summary>Where studies lie: beside the program, or wherever a path leads.</summary>
internal static class StudyFile
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "studies");

    /// <summary>The studies that come with the program.</summary>
    public static IReadOnlyList<string> Names { get; } =
        Directory.Exists(Folder) ? [.. Directory.GetFiles(Folder, "*.json").Select(path => Path.GetFileNameWithoutExtension(path)).Order(
            StringComparer.Ordinal)] : [];

    /// <exception cref="FileNotFoundException">There is neither a study of that name nor such a file.</exception>
    public static string Find(string nameOrFile)
    {
        if (Names.Contains(nameOrFile)) return Path.Combine(Folder, nameOrFile + ".json");
        return File.Exists(nameOrFile)
            ? nameOrFile
            : throw new FileNotFoundException(
                $"'{nameOrFile}' is neither a file nor a study of this program; those are {string.Join(", ", Names)}.");
    }
}
