using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HslEmbeddingZero;

/// <summary>
/// The copies that write a feature row. A type argument rather than a branch, so that the JIT compiles one loop per width. Sources are rows
/// of <see cref="RowTables"/>.
/// </summary>
/// <remarks>
/// The stores of each path for one row of 27 floats. Floats past column 26 belong to the next row, which overwrites them:
/// <code>
/// column       0       4       8       12      16      20      24    27
/// Scalar       27 stores of one float
/// Vector128    [ Δ   ] [ Δ   ] [ Δ²  ] [ Δ²  ] [ tail] [ tail] [ tail ]            1 float behind
/// Vector256    [ Δ           ] [ Δ²          ] [ tail        ]                     none behind: the second
///                                                    [ tail        ]               store begins at column 19
/// Vector512    [ Δ, Δ²                       ] [ tail                          ]   5 floats behind
/// </code>
/// The tail's first float is the boundary; its table row has a zero there.
/// </remarks>
internal unsafe interface IRowStores
{
    /// <summary>Floats written past the end of a row. They belong to the next row, which is written later.</summary>
    static abstract int Spill { get; }

    /// <summary>8 floats: the bits of one code.</summary>
    static abstract void Eight(float* destination, float* source);

    /// <summary>16 floats: the bits of two codes, side by side.</summary>
    static abstract void TwiceEight(float* destination, float* first, float* second);

    /// <summary>
    /// 11 floats: the boundary instead of the leading zero, then Fourier and phase. Writes <see cref="Spill"/> floats past the end.
    /// </summary>
    static abstract void Tail(float* destination, float* tailRow, float boundary);

    /// <summary>One cache line of 16 floats, source and destination aligned, written past the caches if the machine can.</summary>
    static abstract void StreamLine(float* destination, float* source);
}

/// <summary>One float at a time.</summary>
internal readonly unsafe struct ScalarStores : IRowStores
{
    private const int TailColumns = 11;

    public static int Spill => 0;

    public static void Eight(float* destination, float* source)
    {
        for (int i = 0; i < 8; i++)
            destination[i] = source[i];
    }

    public static void TwiceEight(float* destination, float* first, float* second)
    {
        Eight(destination, first);
        Eight(destination + 8, second);
    }

    public static void Tail(float* destination, float* tailRow, float boundary)
    {
        destination[0] = boundary;
        for (int i = 1; i < TailColumns; i++)
            destination[i] = tailRow[i];
    }

    public static void StreamLine(float* destination, float* source)
    {
        for (int i = 0; i < 16; i++)
            destination[i] = source[i];
    }
}

/// <summary>4 floats at a time; the third store of the tail reaches one float past the row.</summary>
internal readonly unsafe struct Vector128Stores : IRowStores
{
    public static int Spill => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Eight(float* destination, float* source)
    {
        Vector128.LoadAligned(source).Store(destination);
        Vector128.LoadAligned(source + 4).Store(destination + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TwiceEight(float* destination, float* first, float* second)
    {
        Eight(destination, first);
        Eight(destination + 8, second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Tail(float* destination, float* tailRow, float boundary)
    {
        Vector128.WithElement(Vector128.LoadAligned(tailRow), 0, boundary).Store(destination);
        Vector128.LoadAligned(tailRow + 4).Store(destination + 4);
        Vector128.LoadAligned(tailRow + 8).Store(destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StreamLine(float* destination, float* source)
    {
        for (int i = 0; i < 16; i += 4)
            Vector128.LoadAligned(source + i).StoreAlignedNonTemporal(destination + i);
    }
}

/// <summary>8 floats at a time; the two stores of the tail overlap by five floats rather than spill.</summary>
internal readonly unsafe struct Vector256Stores : IRowStores
{
    public static int Spill => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Eight(float* destination, float* source) => Vector256.LoadAligned(source).Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TwiceEight(float* destination, float* first, float* second)
    {
        Eight(destination, first);
        Eight(destination + 8, second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Tail(float* destination, float* tailRow, float boundary)
    {
        Vector256<float> onlyFirst = Vector256.Create(-1, 0, 0, 0, 0, 0, 0, 0).AsSingle();
        Vector256.ConditionalSelect(onlyFirst, Vector256.Create(boundary), Vector256.LoadAligned(tailRow)).Store(destination);
        Vector256.Load(tailRow + 3).Store(destination + 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StreamLine(float* destination, float* source)
    {
        Vector256.LoadAligned(source).StoreAlignedNonTemporal(destination);
        Vector256.LoadAligned(source + 8).StoreAlignedNonTemporal(destination + 8);
    }
}

/// <summary>16 floats at a time; the store of the tail reaches five floats past the row.</summary>
internal readonly unsafe struct Vector512Stores : IRowStores
{
    public static int Spill => 5;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Eight(float* destination, float* source) => Vector256Stores.Eight(destination, source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TwiceEight(float* destination, float* first, float* second)
        => Vector512.Create(Vector256.LoadAligned(first), Vector256.LoadAligned(second)).Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Tail(float* destination, float* tailRow, float boundary)
    {
        Vector512<float> onlyFirst = Vector512.Create(-1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0).AsSingle();
        Vector512.ConditionalSelect(onlyFirst, Vector512.Create(boundary), Vector512.LoadAligned(tailRow)).Store(destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StreamLine(float* destination, float* source)
        => Vector512.LoadAligned(source).StoreAlignedNonTemporal(destination);
}
