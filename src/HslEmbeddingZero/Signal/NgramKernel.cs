using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HslEmbeddingZero;

/// <summary>
/// The loop that writes n-gram codes into rows of features that have been written before. Per row and order: one word of bytes, two
/// multiplications, 64 bits; then the bits become floats, as many at a time as a register holds.
/// </summary>
/// <remarks>
/// <para>
/// Rows come in two passes over a block that stays in the first-level cache. The first lays the bits of a row's orders end to end. The second takes
/// 16 bits for every 16 columns, wherever they start: +a and -a differ in their sign alone, so that a lane is a with one bit put in the sign's place.
/// </para>
/// <para>
/// 16 lanes of AVX-512, bit j of the 32 that are loaded into every lane moved to the top of lane j, then joined with a:
/// <code>
/// lane          0          1          2     ...        15
/// bits     b31...b0   b31...b0   b31...b0   ...   b31...b0
/// &lt;&lt;         31 - s     30 - s     29 - s   ...     16 - s      s: where the 16 bits start in the 32
/// sign        not bs   not bs+1   not bs+2   ...  not bs+15      the bits are laid down inverted
/// </code>
/// The scalar equivalent is <see cref="WriteRow"/>: bit c of the code set is +a, clear is -a.
/// </para>
/// </remarks>
internal static unsafe class NgramKernel
{
    private const int Lanes = 16;
    private const int LineBytes = Lanes * sizeof(float);
    private const int BlockRows = 16;
    private const int MostOrders = NgramCodes.MostBytes - 1;

    // The words of a row, and one more that the last 32-bit load may reach into.
    private const int RowWords = MostOrders + 1;
    private const int RowBytes = RowWords * sizeof(ulong);

    /// <summary>The widest path that this machine has in hardware.</summary>
    public static FeaturePath Widest { get; } =
        IsSupported(FeaturePath.Vector512) ? FeaturePath.Vector512
        : IsSupported(FeaturePath.Vector256) ? FeaturePath.Vector256
        : IsSupported(FeaturePath.Vector128) ? FeaturePath.Vector128
        : FeaturePath.Scalar;

    /// <summary>Whether this machine has the path in hardware.</summary>
    public static bool IsSupported(FeaturePath path) => path switch
    {
        FeaturePath.Vector512 => Avx512F.IsSupported,
        FeaturePath.Vector256 => Avx2.IsSupported,
        FeaturePath.Vector128 => Vector128.IsHardwareAccelerated && BitConverter.IsLittleEndian,
        _ => true,
    };

    /// <summary>Writes the codes of some rows of a sequence.</summary>
    /// <param name="sequence">The whole sequence of bytes, or as much of it as ends with the last row.</param>
    /// <param name="first">Index of the first byte of the first row.</param>
    /// <param name="rows">Rows to write; the sequence reaches as far.</param>
    /// <param name="bytesPerRow">Bytes that each row stands for: a row has the code of the bytes that end with its last one.</param>
    /// <param name="destination">Starts where the codes of the first row go.</param>
    /// <param name="width">Floats from a row to the next.</param>
    /// <param name="codes">Orders, columns, amplitude.</param>
    /// <param name="path">The width of the stores.</param>
    public static void Write(
        ReadOnlySpan<byte> sequence, long first, int rows, int bytesPerRow, Span<float> destination, int width, NgramCodes codes, FeaturePath path)
    {
        fixed (byte* bytes = sequence)
        fixed (float* target = destination) Write(bytes, first, rows, bytesPerRow, target, width, codes, path);
    }

    /// <inheritdoc cref="Write(ReadOnlySpan{byte}, long, int, int, Span{float}, int, NgramCodes, FeaturePath)"/>
    public static void Write(byte* sequence, long first, int rows, int bytesPerRow, float* destination, int width, NgramCodes codes, FeaturePath path)
    {
        // The first rows have too few bytes before them for some orders.
        int incomplete = (int)Math.Clamp(((codes.LongestOrder - first + bytesPerRow - 1) / bytesPerRow) - 1, 0, rows);
        if (path == FeaturePath.Scalar || codes.Columns < Lanes) incomplete = rows;
        for (int row = 0; row < incomplete; row++)
            WriteRow(sequence, first + ((row + 1L) * bytesPerRow) - 1, destination + ((long)row * width), codes);
        if (incomplete == rows) return;

        byte* next = sequence + first + ((long)incomplete * bytesPerRow);
        destination += (long)incomplete * width;
        switch (path)
        {
            case FeaturePath.Vector512: WriteRows<Expand512>(next, rows - incomplete, bytesPerRow, destination, width, codes); break;
            case FeaturePath.Vector256: WriteRows<Expand256>(next, rows - incomplete, bytesPerRow, destination, width, codes); break;
            default: WriteRows<Expand128>(next, rows - incomplete, bytesPerRow, destination, width, codes); break;
        }
    }

    /// <summary>One row, column by column: what the other paths must equal.</summary>
    private static void WriteRow(byte* sequence, long last, float* destination, NgramCodes codes)
    {
        ulong word = Word(sequence + last, (int)Math.Min(last + 1, NgramCodes.MostBytes));
        for (int i = 0; i < codes.Orders.Count; i++)
        {
            int order = codes.Orders[i];
            ulong code = NgramCodes.Code(word, order);
            bool isWhole = last + 1 >= order;
            for (int c = 0; c < codes.ColumnsPerOrder; c++)
                *destination++ = !isWhole ? 0 : ((code >> c) & 1) != 0 ? codes.Amplitude : -codes.Amplitude;
        }
    }

    // Rows that have all their bytes.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteRows<TExpand>(byte* next, int rows, int bytesPerRow, float* destination, int width, NgramCodes codes)
        where TExpand : struct, IBitExpansion
    {
        int orders = codes.Orders.Count, perOrder = codes.ColumnsPerOrder, columns = codes.Columns;
        ulong* masks = stackalloc ulong[MostOrders];
        ulong* constants = stackalloc ulong[MostOrders];
        for (int i = 0; i < orders; i++)
        {
            masks[i] = NgramCodes.WordMask(codes.Orders[i]);
            constants[i] = NgramCodes.OrderConstant(codes.Orders[i]);
        }

        ulong* block = stackalloc ulong[BlockRows * RowWords];
        new Span<ulong>(block, BlockRows * RowWords).Clear();
        TExpand expansion = default;
        expansion.Amplitude(codes.Amplitude);

        byte* last = next + bytesPerRow - 1;
        ulong word = Word(last - 1, codes.LongestOrder - 1);
        while (rows > 0)
        {
            int count = Math.Min(rows, BlockRows);
            for (int row = 0; row < count; row++, last += bytesPerRow)
            {
                word = bytesPerRow == 1 ? (word << 8) | *last : Word(last, codes.LongestOrder);
                ulong* bits = block + (row * RowWords);
                if (perOrder == NgramCodes.MostColumns)
                {
                    for (int i = 0; i < orders; i++) bits[i] = ~SplitMix64.Finalise((word & masks[i]) + constants[i]);
                }
                else
                {
                    LayEndToEnd(word, masks, constants, orders, perOrder, bits);
                }
            }

            for (int row = 0; row < count; row++, destination += width)
            {
                byte* bits = (byte*)(block + (row * RowWords));
                // The first 16 columns and the last ones wherever they fall, the rest as whole lines where rows of floats can have them.
                float* end = destination + columns;
                expansion.Sixteen(destination, bits, 0);
                int column = ((int)(LineBytes - ((nuint)destination % LineBytes)) / sizeof(float)) & (Lanes - 1);
                if (column == 0) column = Lanes;
                for (; column + Lanes <= columns; column += Lanes) expansion.Sixteen(destination + column, bits, column);
                if (column < columns) expansion.Sixteen(end - Lanes, bits, columns - Lanes);
            }

            rows -= count;
        }
    }

    // The bytes that end at an address, the last in the lowest 8 bits.
    private static ulong Word(byte* last, int bytes)
    {
        ulong word = 0;
        for (int back = bytes - 1; back >= 0; back--) word = (word << 8) | *(last - back);
        return word;
    }

    // The codes' lowest bits, inverted, one order directly behind the other.
    private static void LayEndToEnd(ulong word, ulong* masks, ulong* constants, int orders, int perOrder, ulong* bits)
    {
        ulong kept = (1UL << perOrder) - 1, open = 0;
        int filled = 0; // bits in the open word
        for (int i = 0; i < orders; i++)
        {
            ulong code = ~SplitMix64.Finalise((word & masks[i]) + constants[i]) & kept;
            open |= code << filled;
            filled += perOrder;
            if (filled < NgramCodes.MostColumns) continue;
            *bits++ = open;
            filled -= NgramCodes.MostColumns;
            open = filled == 0 ? 0 : code >> (perOrder - filled);
        }

        *bits = open;
    }

    /// <summary>Bits to floats. A type argument rather than a branch, so that the JIT compiles one loop per width.</summary>
    private interface IBitExpansion
    {
        /// <summary>Sets a.</summary>
        void Amplitude(float value);

        /// <summary>16 floats, from the 16 bits that start <paramref name="bit"/> bits behind <paramref name="bits"/>: -a where a bit is set.</summary>
        void Sixteen(float* destination, byte* bits, int bit);
    }

    private struct Expand512 : IBitExpansion
    {
        private Vector512<float> _amplitude;

        public void Amplitude(float value) => _amplitude = Vector512.Create(value);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Sixteen(float* destination, byte* bits, int bit)
        {
            Vector512<uint> shifts = Vector512.Create(31u, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16) - Vector512.Create((uint)(bit & 7));
            Vector512<uint> signs = Avx512F.ShiftLeftLogicalVariable(Vector512.Create(*(uint*)(bits + (bit >> 3))), shifts);
            Vector512.ConditionalSelect(Vector512.Create(0x80000000).AsSingle(), signs.AsSingle(), _amplitude).Store(destination);
        }
    }

    private struct Expand256 : IBitExpansion
    {
        private Vector256<float> _amplitude;

        public void Amplitude(float value) => _amplitude = Vector256.Create(value);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Sixteen(float* destination, byte* bits, int bit)
        {
            Vector256<uint> loaded = Vector256.Create(*(uint*)(bits + (bit >> 3)));
            Vector256<uint> shifts = Vector256.Create(31u, 30, 29, 28, 27, 26, 25, 24) - Vector256.Create((uint)(bit & 7));
            Vector256<float> sign = Vector256.Create(0x80000000).AsSingle();
            Vector256<float> low = Avx2.ShiftLeftLogicalVariable(loaded, shifts).AsSingle();
            Vector256<float> high = Avx2.ShiftLeftLogicalVariable(loaded, shifts - Vector256.Create(8u)).AsSingle();
            ((low & sign) | _amplitude).Store(destination);
            ((high & sign) | _amplitude).Store(destination + 8);
        }
    }

    private struct Expand128 : IBitExpansion
    {
        private Vector128<float> _amplitude;

        public void Amplitude(float value) => _amplitude = Vector128.Create(value);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Sixteen(float* destination, byte* bits, int bit)
        {
            // Without a shift for each lane: each looks at its own bit of the nibble.
            uint sixteen = *(uint*)(bits + (bit >> 3)) >> (bit & 7);
            Vector128<uint> lanes = Vector128.Create(1u, 2, 4, 8);
            Vector128<float> sign = Vector128.Create(0x80000000).AsSingle();
            for (int i = 0; i < Lanes; i += 4, sixteen >>= 4)
            {
                Vector128<float> isSet = Vector128.Equals(Vector128.Create(sixteen) & lanes, lanes).AsSingle();
                ((isSet & sign) | _amplitude).Store(destination + i);
            }
        }
    }
}
