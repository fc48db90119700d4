using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>The element types of safetensors files in torch. The two have the same ten types in common.</summary>
internal static class TorchDtypes
{
    /// <summary>The type in torch.</summary>
    public static ScalarType ToScalarType(this SafetensorsDtype dtype) => dtype switch
    {
        SafetensorsDtype.Bool => ScalarType.Bool,
        SafetensorsDtype.UInt8 => ScalarType.Byte,
        SafetensorsDtype.Int8 => ScalarType.Int8,
        SafetensorsDtype.Int16 => ScalarType.Int16,
        SafetensorsDtype.Int32 => ScalarType.Int32,
        SafetensorsDtype.Int64 => ScalarType.Int64,
        SafetensorsDtype.Float16 => ScalarType.Float16,
        SafetensorsDtype.BFloat16 => ScalarType.BFloat16,
        SafetensorsDtype.Float32 => ScalarType.Float32,
        SafetensorsDtype.Float64 => ScalarType.Float64,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "Unknown element type of a safetensors file."),
    };

    /// <summary>The type in a file; null if the format does not have it.</summary>
    public static SafetensorsDtype? ToSafetensors(this ScalarType dtype) => dtype switch
    {
        ScalarType.Bool => SafetensorsDtype.Bool,
        ScalarType.Byte => SafetensorsDtype.UInt8,
        ScalarType.Int8 => SafetensorsDtype.Int8,
        ScalarType.Int16 => SafetensorsDtype.Int16,
        ScalarType.Int32 => SafetensorsDtype.Int32,
        ScalarType.Int64 => SafetensorsDtype.Int64,
        ScalarType.Float16 => SafetensorsDtype.Float16,
        ScalarType.BFloat16 => SafetensorsDtype.BFloat16,
        ScalarType.Float32 => SafetensorsDtype.Float32,
        ScalarType.Float64 => SafetensorsDtype.Float64,
        _ => null,
    };
}
