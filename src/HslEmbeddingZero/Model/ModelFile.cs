using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// The metadata of a model file: <c>format</c>, <c>door</c> as JSON (arm, bytesPerSlot, tail, seed; with n-gram codes also ngrams: orders,
/// columnsPerOrder, amplitude, inSlots) and <c>body</c> as JSON (the <see cref="ByteTransformerOptions"/>).
/// </summary>
internal static class ModelFile
{
    public const string Format = "HslEmbeddingZero model 1";
    public const string FormatKey = "format";
    public const string DoorKey = "door";
    public const string BodyKey = "body";

    private const string DoorPrefix = "door.";
    private const string DoorMap = "door.slot.weight";

    /// <summary>Upper limit: more bytes than a slot of any real model holds.</summary>
    private const int MostBytesPerSlot = 4096;

    /// <summary>
    /// Body options that every file must name. An option that is added later takes its default if a file does not name it.
    /// </summary>
    private static readonly HashSet<string> NeededOptions =
        ["dim", "layers", "heads", "dropout", "fastWeightMemory", "memoryChunk", "rotaryBase", "vocabulary"];

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNameCaseInsensitive = false,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.Strict,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { RequireNeededOptions } },
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>The metadata of a model with this door and body, and the additional entries of the caller.</summary>
    /// <exception cref="ArgumentException">A reserved key, or a door or body that a model file cannot hold.</exception>
    public static Dictionary<string, string> Describe(InputDoor door, ByteBody body, IReadOnlyDictionary<string, string>? others)
    {
        string arm = door.Arm ?? throw new ArgumentException(
            $"This {door.GetName()} is not one of the arms that a model file can name: {string.Join(", ", DoorArms.Names)}. SaveWeights "
                + $"writes only the weights.", nameof(door));
        if (body is not ByteTransformer transformer)
        {
            throw new ArgumentException(
                $"This {body.GetName()} is not a {nameof(ByteTransformer)}, the only body that a model file can hold. "
                + "SaveWeights writes only the weights.", nameof(body));
        }

        if (BodyMisfit(transformer.Options) is { } misfit) throw new ArgumentException(misfit, nameof(body));
        if (SlotMisfit(door.BytesPerSlot) is { } tooMany) throw new ArgumentException(tooMany, nameof(door));

        Dictionary<string, string> metadata = others is null ? [] : new(others);
        Add(FormatKey, Format);
        DoorDescription description = new()
        {
            Arm = arm,
            BytesPerSlot = door.BytesPerSlot,
            Tail = door.Tail,
            Seed = door.Seed,
            Ngrams = NgramDescription.Of(door.Ngrams),
        };
        Add(DoorKey, JsonSerializer.Serialize(description, Json));
        Add(BodyKey, JsonSerializer.Serialize(transformer.Options, Json));
        return metadata;

        void Add(string key, string value)
        {
            if (!metadata.TryAdd(key, value))
                throw new ArgumentException(
                    $"The metadata key '{key}' is reserved; '{SafetensorsHeaderReader.Show(metadata[key])}' needs another key.",
                    nameof(others));
        }
    }

    /// <summary>
    /// Makes the door and body that a file describes; their weights are not read yet. Every size is checked against the file before it is
    /// used.
    /// </summary>
    /// <exception cref="SafetensorsException">The file is damaged, is not a model file, or contradicts itself.</exception>
    public static (InputDoor Door, ByteTransformer Body) Build(string path)
    {
        SafetensorsHeader header = Safetensors.ReadHeader(path);
        string format = header.Metadata.GetValueOrDefault(FormatKey, "");
        if (format != Format)
            throw new SafetensorsException(
                $"{path}: not a model file: '{FormatKey}' is '{SafetensorsHeaderReader.Show(format)}', expected '{Format}'. "
                    + $"{Advice(format, header)}");
        ByteTransformerOptions body = Read<ByteTransformerOptions>(header, BodyKey, path);
        DoorDescription door = Read<DoorDescription>(header, DoorKey, path);
        CheckBody(header, body, path);
        NgramCodes? ngrams = CheckDoor(header, door, body.Dim, path);

        InputDoor? made = null;
        ByteTransformer? transformer = null;
        TorchRuntime.EnsureLoaded();
        using Tensor random = get_rng_state(); // New layers draw weights, which are replaced. The caller's random numbers stay the same.
        try
        {
            // The file's n-gram codes are used, even if the codes of its arm have changed since.
            made = DoorArms.Create(door.Arm, door.BytesPerSlot, body.Dim, door.Seed, door.Tail, ngrams);
            transformer = new ByteTransformer(body);
            return (made, transformer);
        }
        catch (Exception error)
        {
            made?.Dispose();
            transformer?.Dispose();
            if (error is ArgumentException) throw Bad(header, DoorKey, path, error.Message, error);
            throw;
        }
        finally
        {
            set_rng_state(random);
        }
    }

    /// <summary>What to do with a file that holds weights but no description of a model.</summary>
    private static string Advice(string format, SafetensorsHeader header)
    {
        if (format.StartsWith("HslEmbeddingZero checkpoint", StringComparison.Ordinal))
            return "This is a checkpoint, from which a training run resumes; the model is in the file model.safetensors of the run.";
        return ForeignFile.DescribeNames(header.Tensors.Keys) is { } names
            ? $"It holds weights alone, and {names}."
            : $"It holds weights alone: make the model, then read them with {nameof(ByteLanguageModel.LoadWeights)}.";
    }

    private static T Read<T>(SafetensorsHeader header, string key, string path)
    {
        if (!header.Metadata.TryGetValue(key, out string? text))
            throw new SafetensorsException($"{path}: not a model file: the metadata has no '{key}'.");
        try
        {
            return JsonSerializer.Deserialize<T>(text, Json) ?? throw Bad(header, key, path, "it is null");
        }
        catch (JsonException error)
        {
            throw Bad(header, key, path, error.Message, error);
        }
    }

    private static void RequireNeededOptions(JsonTypeInfo type)
    {
        if (type.Type != typeof(ByteTransformerOptions)) return;
        foreach (JsonPropertyInfo property in type.Properties) property.IsRequired = NeededOptions.Contains(property.Name);
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
            entry => !entry.Name.StartsWith(DoorPrefix, StringComparison.Ordinal)))
            found += Elements(entry);
        Int128 expected = ParameterCount(body);
        if (found != expected) throw Bad(header, BodyKey, path, $"such a body has {expected} parameters, but the file holds {found}");
    }

    private static NgramCodes? CheckDoor(SafetensorsHeader header, DoorDescription door, int dim, string path)
    {
        if (SlotMisfit(door.BytesPerSlot) is { } misfit) throw Bad(header, DoorKey, path, misfit);
        NgramCodes? ngrams;
        try
        {
            ngrams = door.Ngrams?.Codes();
        }
        catch (ArgumentException error)
        {
            throw Bad(header, DoorKey, path, error.Message, error);
        }

        // The weights of doors with a learned linear layer grow with K. The other doors reject sizes that do not fit into dim.
        int width = (door.BytesPerSlot * HslFeatures.Dimension) + (ngrams?.SlotColumns ?? 0);
        if (width > dim && header.Tensors.TryGetValue(DoorMap, out SafetensorsEntry? map) && !map.Shape.SequenceEqual([dim, width]))
            throw Bad(header, DoorKey, path,
                $"'{DoorMap}' of such a door is [{dim}, {width}], but the file's is [{string.Join(", ", map.Shape)}]");
        return ngrams;
    }

    /// <summary>Why a body cannot belong to a byte model, or null.</summary>
    private static string? BodyMisfit(ByteTransformerOptions body) => body.Vocabulary == ByteIds.Count
        ? null
        : $"the vocabulary of a byte model is {ByteIds.Count}, not {body.Vocabulary}";

    private static string? SlotMisfit(int bytesPerSlot) => bytesPerSlot is >= 1 and <= MostBytesPerSlot
        ? null
        : $"a model file has 1 to {MostBytesPerSlot} bytes per slot, not {bytesPerSlot}";

    /// <summary>
    /// Number of parameters of a body with these options, without making it. Options of a hostile file can exceed 64 bits.
    /// </summary>
    internal static Int128 ParameterCount(ByteTransformerOptions body)
    {
        Int128 dim = body.Dim;
        Int128 attention = (3 * dim * dim) + (3 * dim) + (dim * dim) + dim;
        Int128 feedForward = (4 * dim * dim) + (4 * dim) + (4 * dim * dim) + dim;
        Int128 norm = 2 * dim;
        Int128 memory = body.FastWeightMemory ? attention + norm + 1 : 0;
        return (body.Layers * (attention + feedForward + norm + norm + memory)) + norm + (body.Vocabulary * (dim + 1));
    }

    private static Int128 Elements(SafetensorsEntry entry) => entry.ByteCount / SafetensorsDtypes.Size(entry.Dtype);

    private static SafetensorsException Bad(SafetensorsHeader header, string key, string path, string problem, Exception? cause = null)
    {
        string message = $"{path}: '{key}' is '{SafetensorsHeaderReader.Show(header.Metadata[key])}': {problem.TrimEnd('.')}.";
        return cause is null ? new SafetensorsException(message) : new SafetensorsException(message, cause);
    }

    /// <summary>Describes a door completely, so that it can be made again.</summary>
    private sealed record DoorDescription
    {
        public required string Arm { get; init; }

        public required int BytesPerSlot { get; init; }

        public SlotTail Tail { get; init; }

        public int Seed { get; init; }

        public NgramDescription? Ngrams { get; init; }
    }

    /// <summary>Describes n-gram codes. All values are written, so that a file keeps its meaning when a default changes.</summary>
    private sealed record NgramDescription
    {
        public required int[] Orders { get; init; }

        public required int ColumnsPerOrder { get; init; }

        public required float Amplitude { get; init; }

        public required bool InSlots { get; init; }

        public static NgramDescription? Of(NgramCodes? codes) => codes is null
            ? null
            : new()
            {
                Orders = [.. codes.Orders],
                ColumnsPerOrder = codes.ColumnsPerOrder,
                Amplitude = codes.Amplitude,
                InSlots = codes.InSlots,
            };

        /// <exception cref="ArgumentException">A value out of its range.</exception>
        public NgramCodes Codes() => new() { Orders = Orders, ColumnsPerOrder = ColumnsPerOrder, Amplitude = Amplitude, InSlots = InSlots };
    }
}
