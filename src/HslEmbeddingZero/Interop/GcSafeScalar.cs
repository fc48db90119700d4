using TorchSharp;
using static TorchSharp.torch;

namespace HslEmbeddingZero;

/// <summary>
/// Arithmetic with scalars that stay alive during the call. TorchSharp 0.107 passes on the native handle of a Scalar but keeps no reference
/// to the object. A garbage collection on another thread can therefore free it during the call. Even tensor + tensor makes such a Scalar:
/// the factor 1 of its right side. In training this error occurred once in some thousand steps. Scalars that live as long as the program,
/// or to the end of a using, cannot be freed.
/// </summary>
internal static class GcSafeScalar
{
    public static readonly Scalar Zero = 0;
    public static readonly Scalar One = 1;

    /// <summary>a + b.</summary>
    public static Tensor AddSafe(this Tensor a, Tensor b) => a.add(b, One);

    /// <summary>a += b.</summary>
    public static Tensor AddSafeInPlace(this Tensor a, Tensor b) => a.add_(b, One);

    /// <summary>a + value.</summary>
    public static Tensor AddSafe(this Tensor a, double value)
    {
        using Scalar kept = value;
        return a.add(kept, One);
    }

    /// <summary>a / value.</summary>
    public static Tensor DivideSafe(this Tensor a, double value)
    {
        using Scalar kept = value;
        return a.div(kept);
    }

    /// <summary>a != value, as booleans.</summary>
    public static Tensor NotEqualSafe(this Tensor a, long value)
    {
        using Scalar kept = value;
        return a.ne(kept);
    }
}
