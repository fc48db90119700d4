using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace HslEmbeddingZero;

/// <summary>
/// What a model file says about its door and its body. It is in the metadata of the file: <c>format</c>, <c>door</c> as JSON (arm,
/// bytesPerSlot, tail, seed; with n-gram codes also ngrams: orders, columnsPerOrder, amplitude, inSlots, withPrevious) and
/// <c>body</c> as JSON (the <see cref="ByteTransformerOptions"/>).
/// </summary>
internal sealed record ModelDescription
{
    public const string Format = "HslEmbeddingZero model 1";

    /// <summary>
    /// The format of a file whose matrices are int8. Beside each is a tensor of the same name and <see cref="ScaleSuffix"/> with a float32
    /// scale for every row.
    /// </summary>
    public const string Int8Format = "HslEmbeddingZero int8 model 1";

    public const string ScaleSuffix = ".scale";
    public const string FormatKey = "format";
    public const string DoorKey = "door";
    public const string BodyKey = "body";

    private const string DoorPrefix = "door.";
    private const string DoorMap = "door.slot.weight";

    /// <summary>Upper limit: more bytes than a slot of any real model holds.</summary>
    private const int MostBytesPerSlot = 4096;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNameCaseInsensitive = false,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.Strict,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        TypeInfoResolver = ModelJson.Default,
        Converters = { new JsonStringEnumConverter<SlotTail>(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>The door's structure and values.</summary>
    public required DoorArm Arm { get; init; }

    /// <summary>K, the bytes of a slot.</summary>
    public required int BytesPerSlot { get; init; }

    /// <summary>What happens to an incomplete last slot.</summary>
    public SlotTail Tail { get; init; }

    /// <summary>Seed of the fixed or initial values of a control.</summary>
    public int Seed { get; init; }

    /// <summary>Codes of the last bytes; null if the door has none.</summary>
    public NgramCodes? Ngrams { get; init; }

    /// <summary>The body.</summary>
    public required ByteTransformerOptions Body { get; init; }

    /// <summary>Reads the description in a file's header. Every size is checked against the file.</summary>
    /// <param name="header">The header.</param>
    /// <param name="path">The file. Messages name it.</param>
    /// <param name="allowsInt8">Whether the caller can read int8 matrices.</param>
    /// <exception cref="SafetensorsException">The file is not a model file, or it contradicts itself.</exception>
    public static ModelDescription Read(SafetensorsHeader header, string path, bool allowsInt8 = false)
    {
        string format = header.Metadata.GetValueOrDefault(FormatKey, "");
        if (format != Format && !(allowsInt8 && format == Int8Format))
            throw new SafetensorsException(
                $"{path}: not a model file: '{FormatKey}' is '{SafetensorsHeaderReader.Show(format)}', expected '{Format}'. "
                    + $"{Advice(format, header)}");
        ByteTransformerOptions body = Parse<BodyDescription>(header, BodyKey, path).Options();
        DoorDescription door = Parse<DoorDescription>(header, DoorKey, path);
        CheckBody(header, body, path);
        return OfDoor(header, door, body, path);
    }

    /// <summary>The metadata of a model with this description, and the additional entries of the caller.</summary>
    /// <exception cref="ArgumentException">A reserved key, or a door or body that a model file cannot hold.</exception>
    public Dictionary<string, string> ToMetadata(IReadOnlyDictionary<string, string>? others)
    {
        if (BodyMisfit(Body) is { } misfit) throw new ArgumentException(misfit);
        if (SlotMisfit(BytesPerSlot) is { } tooMany) throw new ArgumentException(tooMany);

        Dictionary<string, string> metadata = others is null ? [] : new(others);
        Add(FormatKey, Format);
        DoorDescription door = new()
        {
            Arm = Arm.Name,
            BytesPerSlot = BytesPerSlot,
            Tail = Tail,
            Seed = Seed,
            Ngrams = NgramDescription.Of(Ngrams),
        };
        Add(DoorKey, JsonSerializer.Serialize(door, TypeOf<DoorDescription>()));
        Add(BodyKey, JsonSerializer.Serialize(BodyDescription.Of(Body), TypeOf<BodyDescription>()));
        return metadata;

        void Add(string key, string value)
        {
            if (!metadata.TryAdd(key, value))
                throw new ArgumentException(
                    $"The metadata key '{key}' is reserved; '{SafetensorsHeaderReader.Show(metadata[key])}' needs another key.",
                    nameof(others));
        }
    }

    /// <summary>Whether a tensor belongs to the door.</summary>
    public static bool IsOfDoor(string tensor) => tensor.StartsWith(DoorPrefix, StringComparison.Ordinal);

    /// <summary>Whether a tensor holds the scales of an int8 matrix, which are no parameters.</summary>
    public static bool IsScale(string tensor) => tensor.EndsWith(ScaleSuffix, StringComparison.Ordinal);

    /// <summary>
    /// Number of parameters of a body with these options, without making it. Options of a hostile file can exceed 64 bits.
    /// </summary>
    public static Int128 ParameterCount(ByteTransformerOptions body)
    {
        Int128 dim = body.Dim;
        Int128 attention = (3 * dim * dim) + (3 * dim) + (dim * dim) + dim;
        Int128 feedForward = (4 * dim * dim) + (4 * dim) + (4 * dim * dim) + dim;
        Int128 norm = 2 * dim;
        Int128 memory = body.FastWeightMemory ? attention + norm + 1 : 0;
        return (body.Layers * (attention + feedForward + norm + norm + memory)) + norm + (body.Vocabulary * (dim + 1));
    }

    /// <summary>What to do with a file that holds weights but no description of a model.</summary>
    private static string Advice(string format, SafetensorsHeader header)
    {
        if (format.StartsWith("HslEmbeddingZero checkpoint", StringComparison.Ordinal))
            return "This is a checkpoint, from which a training run resumes; the model is in the file model.safetensors of the run.";
        if (format == Int8Format) return "This is an int8 model, which only ByteDecoder loads.";
        return ForeignFile.DescribeNames(header.Tensors.Keys) is { } names
            ? $"It holds weights alone, and {names}."
            : "It holds weights alone: make the model, then read them with LoadWeights.";
    }

    private static JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>)Json.GetTypeInfo(typeof(T));

    private static T Parse<T>(SafetensorsHeader header, string key, string path)
    {
        if (!header.Metadata.TryGetValue(key, out string? text))
            throw new SafetensorsException($"{path}: not a model file: the metadata has no '{key}'.");
        try
        {
            return JsonSerializer.Deserialize(text, TypeOf<T>()) ?? throw Bad(header, key, path, "it is null");
        }
        catch (JsonException error)
        {
            throw Bad(header, key, path, error.Message, error);
        }
    }

    private static void CheckBody(SafetensorsHeader header, ByteTransformerOptions body, string path)
    {
        try
        {
            body.Validate();
        }
        catch (ArgumentException error)
        {
            throw Bad(header, BodyKey, path, error.Message, error);
        }

        if (BodyMisfit(body) is { } misfit) throw Bad(header, BodyKey, path, misfit);
        Int128 found = 0;
        foreach (SafetensorsEntry entry in header.Tensors.Values.Where(
            entry => !IsOfDoor(entry.Name) && !IsScale(entry.Name)))
            found += entry.ByteCount / entry.Dtype.Size();
        Int128 expected = ParameterCount(body);
        if (found != expected) throw Bad(header, BodyKey, path, $"such a body has {expected} parameters, but the file holds {found}");
    }

    private static ModelDescription OfDoor(SafetensorsHeader header, DoorDescription door, ByteTransformerOptions body, string path)
    {
        if (SlotMisfit(door.BytesPerSlot) is { } misfit) throw Bad(header, DoorKey, path, misfit);
        try
        {
            NgramCodes? given = door.Ngrams?.Codes();

            // The weights of doors with a learned linear layer grow with K. The other doors reject sizes that do not fit into dim.
            int width = (door.BytesPerSlot * HslFeatures.Dimension) + (given?.SlotColumns ?? 0);
            if (width > body.Dim && header.Tensors.TryGetValue(DoorMap, out SafetensorsEntry? map)
                && !map.Shape.SequenceEqual([body.Dim, width]))
                throw Bad(header, DoorKey, path,
                    $"'{DoorMap}' of such a door is [{body.Dim}, {width}], but the file's is [{string.Join(", ", map.Shape)}]");

            var arm = DoorArm.Named(door.Arm);
            NgramCodes? ngrams = arm.Codes(given); // The file's codes are used, even if the codes of its arm have changed since.
            arm.RequireRoom(door.BytesPerSlot, body.Dim, ngrams);
            if (arm.Values != ControlKind.Hsl) ArgumentOutOfRangeException.ThrowIfNegative(door.Seed);
            return new()
            {
                Arm = arm,
                BytesPerSlot = door.BytesPerSlot,
                Tail = door.Tail,
                Seed = door.Seed,
                Ngrams = ngrams,
                Body = body,
            };
        }
        catch (ArgumentException error)
        {
            throw Bad(header, DoorKey, path, error.Message, error);
        }
    }

    /// <summary>Why a body cannot belong to a byte model, or null.</summary>
    private static string? BodyMisfit(ByteTransformerOptions body) => body.Vocabulary == ByteIds.Count
        ? null
        : $"the vocabulary of a byte model is {ByteIds.Count}, not {body.Vocabulary}";

    private static string? SlotMisfit(int bytesPerSlot) => bytesPerSlot is >= 1 and <= MostBytesPerSlot
        ? null
        : $"a model file has 1 to {MostBytesPerSlot} bytes per slot, not {bytesPerSlot}";

    private static SafetensorsException Bad(SafetensorsHeader header, string key, string path, string problem, Exception? cause = null)
    {
        string message = $"{path}: '{key}' is '{SafetensorsHeaderReader.Show(header.Metadata[key])}': {problem.TrimEnd('.')}.";
        return cause is null ? new SafetensorsException(message) : new SafetensorsException(message, cause);
    }
}
