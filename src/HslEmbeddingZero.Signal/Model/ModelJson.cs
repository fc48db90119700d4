using System.Text.Json.Serialization;

namespace HslEmbeddingZero;

/// <summary>The types in the metadata of a model file, for a serializer without reflection.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(DoorDescription))]
[JsonSerializable(typeof(BodyDescription))]
internal sealed partial class ModelJson : JsonSerializerContext;

/// <summary>Describes a door completely, so that it can be made again.</summary>
internal sealed record DoorDescription
{
    public required string Arm { get; init; }

    public required int BytesPerSlot { get; init; }

    public SlotTail Tail { get; init; }

    public int Seed { get; init; }

    public NgramDescription? Ngrams { get; init; }
}

/// <summary>Describes a body: the values of its <see cref="ByteTransformerOptions"/>. Every file names all of them.</summary>
/// <remarks>
/// An option that is added later must be no <c>required</c> one, and have a setter: files written before do not name it, and the serializer
/// forgets the initial value of an <c>init</c> property.
/// </remarks>
internal sealed record BodyDescription
{
    public required int Dim { get; init; }

    public required int Layers { get; init; }

    public required int Heads { get; init; }

    public required double Dropout { get; init; }

    public required bool FastWeightMemory { get; init; }

    public required int MemoryChunk { get; init; }

    public required double RotaryBase { get; init; }

    public required int Vocabulary { get; init; }

    public static BodyDescription Of(ByteTransformerOptions options) => new()
    {
        Dim = options.Dim,
        Layers = options.Layers,
        Heads = options.Heads,
        Dropout = options.Dropout,
        FastWeightMemory = options.FastWeightMemory,
        MemoryChunk = options.MemoryChunk,
        RotaryBase = options.RotaryBase,
        Vocabulary = options.Vocabulary,
    };

    public ByteTransformerOptions Options() => new()
    {
        Dim = Dim,
        Layers = Layers,
        Heads = Heads,
        Dropout = Dropout,
        FastWeightMemory = FastWeightMemory,
        MemoryChunk = MemoryChunk,
        RotaryBase = RotaryBase,
        Vocabulary = Vocabulary,
    };
}

/// <summary>Describes n-gram codes. All values are written, so that a file keeps its meaning when a default changes.</summary>
internal sealed record NgramDescription
{
    public required int[] Orders { get; init; }

    public required int ColumnsPerOrder { get; init; }

    public required float Amplitude { get; init; }

    public required bool InSlots { get; init; }

    /// <summary>Came later than the others: files without it have no such codes.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool WithPrevious { get; init; }

    public static NgramDescription? Of(NgramCodes? codes) => codes is null
        ? null
        : new()
        {
            Orders = [.. codes.Orders],
            ColumnsPerOrder = codes.ColumnsPerOrder,
            Amplitude = codes.Amplitude,
            InSlots = codes.InSlots,
            WithPrevious = codes.WithPrevious,
        };

    /// <exception cref="ArgumentException">A value out of its range.</exception>
    public NgramCodes Codes() => new()
    {
        Orders = Orders,
        ColumnsPerOrder = ColumnsPerOrder,
        Amplitude = Amplitude,
        InSlots = InSlots,
        WithPrevious = WithPrevious,
    };
}
