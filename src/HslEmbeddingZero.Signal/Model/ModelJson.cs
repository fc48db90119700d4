using System.Text.Json.Serialization;

namespace HslEmbeddingZero;

/// <summary>The types in the metadata of a model file, for a serializer without reflection.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(DoorDescription))]
[JsonSerializable(typeof(ByteTransformerOptions))]
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

/// <summary>Describes n-gram codes. All values are written, so that a file keeps its meaning when a default changes.</summary>
internal sealed record NgramDescription
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
