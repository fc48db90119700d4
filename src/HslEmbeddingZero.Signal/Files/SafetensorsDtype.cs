using System.Diagnostics.CodeAnalysis;

namespace HslEmbeddingZero;

/// <summary>Type of the elements of a tensor in a safetensors file.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "The members are names of types, as in torch and numpy.")]
public enum SafetensorsDtype
{
    /// <summary>BOOL: one byte, 0 or 1.</summary>
    Bool,

    /// <summary>U8: one byte, 0 to 255.</summary>
    UInt8,

    /// <summary>I8: one byte, -128 to 127.</summary>
    Int8,

    /// <summary>I16: two bytes.</summary>
    Int16,

    /// <summary>I32: four bytes.</summary>
    Int32,

    /// <summary>I64: eight bytes.</summary>
    Int64,

    /// <summary>F16: two bytes, IEEE 754 half precision.</summary>
    Float16,

    /// <summary>BF16: two bytes, the upper half of a <see cref="Float32"/>.</summary>
    BFloat16,

    /// <summary>F32: four bytes, IEEE 754 single precision.</summary>
    Float32,

    /// <summary>F64: eight bytes, IEEE 754 double precision.</summary>
    Float64,
}
