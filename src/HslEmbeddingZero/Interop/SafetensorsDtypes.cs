using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>The ten element types that safetensors and TorchSharp share.</summary>
internal static class SafetensorsDtypes
{
    /// <summary>Name in the header, type in torch, bytes per element; in the order in which a file holds its tensors.</summary>
    private static readonly (string Name, ScalarType Dtype, int Size)[] Known =
    [
        ("I64", ScalarType.Int64, 8),
        ("F64", ScalarType.Float64, 8),
        ("F32", ScalarType.Float32, 4),
        ("I32", ScalarType.Int32, 4),
        ("BF16", ScalarType.BFloat16, 2),
        ("F16", ScalarType.Float16, 2),
        ("I16", ScalarType.Int16, 2),
        ("I8", ScalarType.Int8, 1),
        ("U8", ScalarType.Byte, 1),
        ("BOOL", ScalarType.Bool, 1),
    ];

    /// <summary>All names, for messages.</summary>
    public static string Names { get; } = string.Join(", ", Known.Select(known => known.Name));

    /// <summary>Place of a type in the order of a file (largest elements first, so that every tensor stays aligned), or -1.</summary>
    public static int Rank(ScalarType dtype) => Array.FindIndex(Known, known => known.Dtype == dtype);

    /// <summary>Place of a header name, or -1.</summary>
    public static int Rank(string name) => Array.FindIndex(Known, known => known.Name == name);

    /// <summary>The type at a place.</summary>
    public static ScalarType Dtype(int rank) => Known[rank].Dtype;

    /// <summary>The header name of a supported type.</summary>
    public static string Name(ScalarType dtype) => Known[Rank(dtype)].Name;

    /// <summary>Bytes per element of a supported type.</summary>
    public static int Size(ScalarType dtype) => Known[Rank(dtype)].Size;
}
