namespace HslEmbeddingZero;

/// <summary>The names and sizes of the ten element types, and the order in which a file holds its tensors.</summary>
internal static class SafetensorsDtypes
{
    /// <summary>Name in the header, type, bytes per element; in the order in which a file holds its tensors.</summary>
    private static readonly (string Name, SafetensorsDtype Dtype, int Size)[] Known =
    [
        ("I64", SafetensorsDtype.Int64, 8),
        ("F64", SafetensorsDtype.Float64, 8),
        ("F32", SafetensorsDtype.Float32, 4),
        ("I32", SafetensorsDtype.Int32, 4),
        ("BF16", SafetensorsDtype.BFloat16, 2),
        ("F16", SafetensorsDtype.Float16, 2),
        ("I16", SafetensorsDtype.Int16, 2),
        ("I8", SafetensorsDtype.Int8, 1),
        ("U8", SafetensorsDtype.UInt8, 1),
        ("BOOL", SafetensorsDtype.Bool, 1),
    ];

    /// <summary>All names, for messages.</summary>
    public static string Names { get; } = string.Join(", ", Known.Select(known => known.Name));

    /// <summary>The type with a header name, or null.</summary>
    public static SafetensorsDtype? Parse(string name) =>
        Array.FindIndex(Known, known => known.Name == name) is >= 0 and var rank ? Known[rank].Dtype : null;

    /// <summary>Place of a type in the order of a file: largest elements first, so that every tensor stays aligned.</summary>
    public static int Rank(this SafetensorsDtype dtype) => Array.FindIndex(Known, known => known.Dtype == dtype);

    /// <summary>The header name of a type.</summary>
    public static string Name(this SafetensorsDtype dtype) => Known[dtype.Rank()].Name;

    /// <summary>Bytes per element of a type.</summary>
    public static int Size(this SafetensorsDtype dtype) => Known[dtype.Rank()].Size;
}
