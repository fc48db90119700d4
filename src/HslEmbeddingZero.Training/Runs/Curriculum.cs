using System.Text.Json;
using System.Text.Json.Serialization;

namespace HslEmbeddingZero.Training;

/// <summary>
/// A model and the stages of its training. Each stage has its own sources, lengths and learning rate, and starts from the weights of the
/// stage before. It can be read from a JSON file.
/// </summary>
public sealed record Curriculum
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        WriteIndented = true,
        IgnoreReadOnlyProperties = true,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>The door, one of <see cref="DoorArms.Names"/>.</summary>
    /// <value>"zero" by default.</value>
    public string Door { get; init; } = "zero";

    /// <summary>K, the bytes of the context that one slot holds; 1 or more.</summary>
    /// <value>8 by default.</value>
    public int BytesPerSlot { get; init; } = 8;

    /// <summary>N-gram codes of the door, in place of those that belong to its name.</summary>
    /// <value>Null by default: the door keeps its own.</value>
    public NgramCodes? Ngrams { get; init; }

    /// <summary>Size and structure of the body.</summary>
    /// <value>The published body by default.</value>
    public ByteTransformerOptions Body { get; init; } = new();

    /// <summary>The stages, in order.</summary>
    public required IReadOnlyList<CurriculumStage> Stages { get; init; }

    /// <summary>Reads a curriculum from a JSON file. Property names are those of the records, in camelCase.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">
    /// The file is not JSON, has an unknown property, or a value is out of its range. The message names the file and the property.
    /// </exception>
    /// <exception cref="IOException">The file cannot be found or read.</exception>
    public static Curriculum Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            Curriculum curriculum = JsonSerializer.Deserialize<Curriculum>(File.ReadAllBytes(path), Json)
                ?? throw new InvalidDataException($"{path}: the file holds null and no curriculum.");
            curriculum.Validate();
            return curriculum;
        }
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }
    }

    /// <summary>The curriculum as JSON, as <see cref="Load"/> reads it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Creates the model, with the weights of a seed.</summary>
    /// <param name="seed">Seed of the weights, 0 or more.</param>
    /// <returns>A new model, which belongs to the caller.</returns>
    /// <exception cref="ArgumentException">The door is unknown, or does not fit into the body.</exception>
    public ByteLanguageModel CreateModel(int seed)
    {
        ByteLanguageModel model = new(DoorArms.Create(Door, BytesPerSlot, Body.Dim, ngrams: Ngrams), new ByteTransformer(Body));
        model.ResetParameters(seed);
        return model;
    }

    /// <summary>Throws if a value is out of its range or two values contradict each other.</summary>
    /// <exception cref="ArgumentException">Names the stage, the option, its value and the limit.</exception>
    public void Validate()
    {
        _ = DoorArm.Named(Door).Codes(Ngrams);
        ArgumentOutOfRangeException.ThrowIfLessThan(BytesPerSlot, 1);
        ArgumentNullException.ThrowIfNull(Body);
        Body.Validate();
        ArgumentNullException.ThrowIfNull(Stages);
        if (Stages.Count == 0) throw new ArgumentException("A curriculum needs at least one stage.");
        foreach ((int i, CurriculumStage? stage) in Stages.Index())
        {
            if (stage is null) throw new ArgumentException($"Stage {i} is null.");
            stage.Validate();
        }

        if (Stages.CountBy(stage => stage.Name).FirstOrDefault(pair => pair.Value > 1) is { Key: { } twice })
            throw new ArgumentException($"Two stages have the name '{twice}'; each needs its own.");
    }
}

/// <summary>A stage of a <see cref="Curriculum"/>.</summary>
public sealed record CurriculumStage
{
    private const int LongestName = 64;

    /// <summary>Name of the stage, which begins the names of its files: 1 to 64 letters, digits, '-' or '_'.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// The sources by name. All are scored; those with a weight above 0 are trained on. Which names there are is up to the program.
    /// </summary>
    public required IReadOnlyDictionary<string, StageSource> Sources { get; init; }

    /// <summary>How to train.</summary>
    public required TrainerOptions Training { get; init; }

    /// <summary>
    /// Weights that this stage does not change: beginnings of keys as in <see cref="ByteLanguageModel.Weights"/>, such as "self_blocks.0."
    /// or "head.".
    /// </summary>
    /// <value>None by default.</value>
    public IReadOnlyList<string> Frozen { get; init; } = [];

    /// <summary>Steps between two evaluations, 1 or more. The last step is always evaluated.</summary>
    /// <value>1,000 by default.</value>
    public int EvaluateEverySteps { get; init; } = 1000;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Name);
        if (Name.Length is 0 or > LongestName || !Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
        {
            throw new ArgumentException(
                $"Stage name '{Name}': it must have 1 to {LongestName} characters, each a letter (a-z), a digit, '-' or '_'.");
        }

        try
        {
            ArgumentNullException.ThrowIfNull(Sources);
            ArgumentNullException.ThrowIfNull(Frozen);
            ArgumentNullException.ThrowIfNull(Training);
            Training.Validate();
            ArgumentOutOfRangeException.ThrowIfLessThan(EvaluateEverySteps, 1);
            if (Frozen.Any(string.IsNullOrEmpty)) throw new ArgumentException("A frozen key is empty; it must have at least 1 character.");
            foreach ((string name, StageSource? source) in Sources)
            {
                if (source is null) throw new ArgumentException($"Source '{name}' is null.");
                OptionRange.Require(
                    source.Weight >= 0 && double.IsFinite(source.Weight), $"{name}.weight", source.Weight, "0 or more, and finite");
                OptionRange.Require(source.Context >= 1, $"{name}.context", source.Context, "1 or more");
                OptionRange.Require(source.Target >= 1, $"{name}.target", source.Target, "1 or more");
            }

            if (!Sources.Values.Any(source => source.Weight > 0)) throw new ArgumentException("No source has a weight above 0.");
        }
        catch (ArgumentException error)
        {
            throw new ArgumentException($"Stage '{Name}': {error.Message}", error);
        }
    }
}

/// <summary>A source in a stage.</summary>
/// <param name="Weight">How often it is sampled, relative to the other sources of the stage; 0: it is only scored.</param>
/// <param name="Context">Ids of context in a sample, 1 or more.</param>
/// <param name="Target">Ids to score in a sample, 1 or more.</param>
public sealed record StageSource(double Weight, int Context, int Target)
{
    /// <summary>The lengths of a sample.</summary>
    [JsonIgnore]
    public SampleShape Shape => new(Context, Target);
}
