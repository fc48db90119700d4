using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Wasm;
using System.Runtime.Intrinsics.X86;

namespace HslEmbeddingZero;

/// <summary>
/// A vector of floats of one hardware width. The kernels are written once over this interface, and the JIT compiles them once per width.
/// </summary>
/// <remarks>
/// A lane never depends on another lane. So all widths give the same bits: 512 bits, 256, 128 and one float at a time. The one operation
/// that a processor may round differently is the fused multiply-add: without the instruction, every width rounds twice.
/// </remarks>
internal unsafe interface ILanes<T> where T : unmanaged, ILanes<T>
{
    /// <summary>Floats of a vector: 1, 4, 8 or 16.</summary>
    static abstract int Count { get; }

    static abstract T Broadcast(float value);

    static abstract T Load(float* from);

    /// <summary>Converts int8 numbers to floats.</summary>
    static abstract T LoadInt8(sbyte* from);

    /// <summary>
    /// Splits 32-bit words into two bfloat16 numbers each, as floats: the low halves and the high halves. A bfloat16 number is the upper
    /// half of a float.
    /// </summary>
    static abstract void LoadBFloat16(uint* from, out T low, out T high);

    static abstract void Store(float* to, T value);

    /// <summary>a·b + c, rounded once if the processor can.</summary>
    static abstract T MultiplyAdd(T a, T b, T c);

    static abstract T Exp(T value);

    static abstract T Max(T a, T b);

    static abstract T Clamp(T value, T least, T most);

    /// <summary>Takes a lane of <paramref name="positive"/> where the test is above 0, of <paramref name="other"/> elsewhere.</summary>
    static abstract T WherePositive(T test, T positive, T other);

    static abstract T operator +(T a, T b);

    static abstract T operator -(T a, T b);

    static abstract T operator *(T a, T b);

    static abstract T operator /(T a, T b);
}

/// <summary>16 floats: AVX-512.</summary>
internal readonly unsafe struct Lanes512(Vector512<float> value) : ILanes<Lanes512>
{
    private readonly Vector512<float> _value = value;

    public static int Count => Vector512<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(float* from) => new(Vector512.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadInt8(sbyte* from)
    {
        var bytes = Vector128.Load(from);
        if (Avx512F.IsSupported) return new(Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(bytes)));
        var wide = Vector256.WidenLower(Vector256.Create(bytes, default));
        return new(Vector512.ConvertToSingle(Vector512.WidenLower(Vector512.Create(wide, default))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadBFloat16(uint* from, out Lanes512 low, out Lanes512 high)
    {
        var words = Vector512.Load(from);
        low = new((words << 16).AsSingle());
        high = new((words & Vector512.Create(0xFFFF0000)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* to, Lanes512 value) => value._value.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MultiplyAdd(Lanes512 a, Lanes512 b, Lanes512 c) =>
        new(Vector512.MultiplyAddEstimate(a._value, b._value, c._value));

    public static Lanes512 Exp(Lanes512 value) => new(Vector512.Exp(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Max(Lanes512 a, Lanes512 b) => new(Vector512.Max(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Clamp(Lanes512 value, Lanes512 least, Lanes512 most) =>
        new(Vector512.Clamp(value._value, least._value, most._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 WherePositive(Lanes512 test, Lanes512 positive, Lanes512 other) =>
        new(Vector512.ConditionalSelect(Vector512.GreaterThan(test._value, default), positive._value, other._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator +(Lanes512 a, Lanes512 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator -(Lanes512 a, Lanes512 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator *(Lanes512 a, Lanes512 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 operator /(Lanes512 a, Lanes512 b) => new(a._value / b._value);
}

/// <summary>8 floats: AVX2.</summary>
internal readonly unsafe struct Lanes256(Vector256<float> value) : ILanes<Lanes256>
{
    private readonly Vector256<float> _value = value;

    public static int Count => Vector256<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Broadcast(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(float* from) => new(Vector256.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadInt8(sbyte* from)
    {
        Vector128<sbyte> bytes = Vector128.CreateScalarUnsafe(*(long*)from).AsSByte();
        if (Avx2.IsSupported) return new(Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(bytes)));
        return new(Vector256.ConvertToSingle(Vector256.WidenLower(Vector256.Create(Vector128.WidenLower(bytes), default))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadBFloat16(uint* from, out Lanes256 low, out Lanes256 high)
    {
        var words = Vector256.Load(from);
        low = new((words << 16).AsSingle());
        high = new((words & Vector256.Create(0xFFFF0000)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* to, Lanes256 value) => value._value.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MultiplyAdd(Lanes256 a, Lanes256 b, Lanes256 c) =>
        new(Vector256.MultiplyAddEstimate(a._value, b._value, c._value));

    public static Lanes256 Exp(Lanes256 value) => new(Vector256.Exp(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Max(Lanes256 a, Lanes256 b) => new(Vector256.Max(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Clamp(Lanes256 value, Lanes256 least, Lanes256 most) =>
        new(Vector256.Clamp(value._value, least._value, most._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 WherePositive(Lanes256 test, Lanes256 positive, Lanes256 other) =>
        new(Vector256.ConditionalSelect(Vector256.GreaterThan(test._value, default), positive._value, other._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator +(Lanes256 a, Lanes256 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator -(Lanes256 a, Lanes256 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator *(Lanes256 a, Lanes256 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 operator /(Lanes256 a, Lanes256 b) => new(a._value / b._value);
}

/// <summary>4 floats: SSE and NEON.</summary>
internal readonly unsafe struct Lanes128(Vector128<float> value) : ILanes<Lanes128>
{
    private readonly Vector128<float> _value = value;

    public static int Count => Vector128<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Broadcast(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(float* from) => new(Vector128.Load(from));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadInt8(sbyte* from)
    {
        Vector128<sbyte> bytes = Vector128.CreateScalarUnsafe(*(int*)from).AsSByte();
        if (Sse41.IsSupported) return new(Vector128.ConvertToSingle(Sse41.ConvertToVector128Int32(bytes)));
        return new(Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower(bytes))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadBFloat16(uint* from, out Lanes128 low, out Lanes128 high)
    {
        var words = Vector128.Load(from);
        low = new((words << 16).AsSingle());
        high = new((words & Vector128.Create(0xFFFF0000)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* to, Lanes128 value) => value._value.Store(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 MultiplyAdd(Lanes128 a, Lanes128 b, Lanes128 c) =>
        // WebAssembly has no fused multiply-add. Its interpreter would compute the estimate lane by lane, which is three times slower.
        new(PackedSimd.IsSupported ? (a._value * b._value) + c._value : Vector128.MultiplyAddEstimate(a._value, b._value, c._value));

    public static Lanes128 Exp(Lanes128 value) => new(Vector128.Exp(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Max(Lanes128 a, Lanes128 b) => new(Vector128.Max(a._value, b._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Clamp(Lanes128 value, Lanes128 least, Lanes128 most) =>
        new(Vector128.Clamp(value._value, least._value, most._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 WherePositive(Lanes128 test, Lanes128 positive, Lanes128 other) =>
        new(Vector128.ConditionalSelect(Vector128.GreaterThan(test._value, default), positive._value, other._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator +(Lanes128 a, Lanes128 b) => new(a._value + b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator -(Lanes128 a, Lanes128 b) => new(a._value - b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator *(Lanes128 a, Lanes128 b) => new(a._value * b._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 operator /(Lanes128 a, Lanes128 b) => new(a._value / b._value);
}

/// <summary>One float. The other widths must give the same bits.</summary>
internal readonly unsafe struct Lanes1(float value) : ILanes<Lanes1>
{
    private readonly float _value = value;

    public static int Count => 1;

    public static Lanes1 Broadcast(float value) => new(value);

    public static Lanes1 Load(float* from) => new(*from);

    public static Lanes1 LoadInt8(sbyte* from) => new(*from);

    public static void LoadBFloat16(uint* from, out Lanes1 low, out Lanes1 high) => (low, high) =
        (new(BitConverter.UInt32BitsToSingle(*from << 16)), new(BitConverter.UInt32BitsToSingle(*from & 0xFFFF0000)));

    public static void Store(float* to, Lanes1 value) => *to = value._value;

    public static Lanes1 MultiplyAdd(Lanes1 a, Lanes1 b, Lanes1 c) => new(float.MultiplyAddEstimate(a._value, b._value, c._value));

    /// <summary>MathF.Exp may round differently.</summary>
    public static Lanes1 Exp(Lanes1 value) => new(Vector128.Exp(Vector128.Create(value._value)).ToScalar());

    public static Lanes1 Max(Lanes1 a, Lanes1 b) => new(MathF.Max(a._value, b._value));

    public static Lanes1 Clamp(Lanes1 value, Lanes1 least, Lanes1 most) =>
        new(MathF.Min(MathF.Max(value._value, least._value), most._value));

    public static Lanes1 WherePositive(Lanes1 test, Lanes1 positive, Lanes1 other) => test._value > 0 ? positive : other;

    public static Lanes1 operator +(Lanes1 a, Lanes1 b) => new(a._value + b._value);

    public static Lanes1 operator -(Lanes1 a, Lanes1 b) => new(a._value - b._value);

    public static Lanes1 operator *(Lanes1 a, Lanes1 b) => new(a._value * b._value);

    public static Lanes1 operator /(Lanes1 a, Lanes1 b) => new(a._value / b._value);
}
