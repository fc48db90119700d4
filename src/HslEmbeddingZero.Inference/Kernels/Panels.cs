using System.Runtime.CompilerServices;

namespace HslEmbeddingZero;

/// <summary>
/// Loads 2·<see cref="ILanes{TVector}.Count"/> columns of one row of a panel: columns from <c>lane</c>, and columns from <c>16 + lane</c>.
/// </summary>
/// <remarks>
/// A panel is a piece of a matrix, 32 columns wide, one row after another. A matrix is a sequence of panels. The columns are the lanes of
/// a result, and the rows are what is summed over. For example, a linear layer of 512 inputs and 1536 outputs has 48 panels of 512 rows.
/// A row is stored as
/// <code>
/// float32   128 bytes: columns 0..31
/// bfloat16   64 bytes: 16 words; word j holds column j in its low half and column 16 + j in its high half
/// int8       32 bytes: columns 0..31
/// </code>
/// </remarks>
internal unsafe interface IPanelLoads
{
    /// <summary>Bytes of a row.</summary>
    static abstract int RowBytes { get; }

    static abstract void Load<T, TVector>(byte* row, int lane, out TVector low, out TVector high)
        where T : unmanaged, ILanes<TVector>
        where TVector : unmanaged;
}

internal readonly unsafe struct Float32Panels : IPanelLoads
{
    public static int RowBytes => Panels.Columns * sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<T, TVector>(byte* row, int lane, out TVector low, out TVector high)
        where T : unmanaged, ILanes<TVector>
        where TVector : unmanaged
    {
        low = T.Load((float*)row + lane);
        high = T.Load((float*)row + Panels.Half + lane);
    }
}

internal readonly unsafe struct BFloat16Panels : IPanelLoads
{
    public static int RowBytes => Panels.Columns * sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<T, TVector>(byte* row, int lane, out TVector low, out TVector high)
        where T : unmanaged, ILanes<TVector>
        where TVector : unmanaged
        => T.LoadBFloat16((uint*)row + lane, out low, out high);
}

internal readonly unsafe struct Int8Panels : IPanelLoads
{
    public static int RowBytes => Panels.Columns;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load<T, TVector>(byte* row, int lane, out TVector low, out TVector high)
        where T : unmanaged, ILanes<TVector>
        where TVector : unmanaged
    {
        low = T.LoadInt8((sbyte*)row + lane);
        high = T.LoadInt8((sbyte*)row + Panels.Half + lane);
    }
}

/// <summary>The layout of panels: sizes and places.</summary>
internal static class Panels
{
    /// <summary>Columns of a panel.</summary>
    public const int Columns = 32;

    /// <summary>Columns between the two vectors that a kernel loads from one row.</summary>
    public const int Half = Columns / 2;

    /// <summary>Panels that hold so many columns.</summary>
    public static int Count(int columns) => (columns + Columns - 1) / Columns;

    /// <summary>The same number, as columns.</summary>
    public static int Padded(int columns) => Count(columns) * Columns;

    public static int RowBytes(DecoderPrecision format) => format switch
    {
        DecoderPrecision.Float32 => Float32Panels.RowBytes,
        DecoderPrecision.BFloat16 => BFloat16Panels.RowBytes,
        _ => Int8Panels.RowBytes,
    };

    /// <summary>Place of a column in a row of bfloat16 numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int BFloat16Place(int column) => column < Half ? 2 * column : (2 * (column - Half)) + 1;

    /// <summary>The nearest bfloat16 number, ties to even. NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return (ushort)((bits >> 16) | 0x40);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
