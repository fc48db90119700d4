using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HslEmbeddingZero;

/// <summary>
/// Writes n-gram codes, after rows of features or alone. Each row and order takes one word of bytes and two multiplications, which give 64
/// bits. The bits then become floats, as many at a time as a register holds.
/// </summary>
/// <remarks>
/// <para>
/// A block of rows stays in the L1 cache. First, the bits of all orders of a row are packed end to end. Then the features of the rows are
/// written, followed by zeros. The last pass reads 16 bits for every 16 columns, at any bit offset. +a and -a differ only in the sign bit,
/// so a lane is a with one code bit as its sign.
/// </para>
/// <para>
/// With AVX-512, all 16 lanes load the same 32 bits. Lane j shifts its own bit to the top, then combines this sign bit with a:
/// <code>
/// lane          0          1          2     ...        15
/// bits     b31...b0   b31...b0   b31...b0   ...   b31...b0
/// &lt;&lt;         31 - s     30 - s     29 - s   ...     16 - s      s: where the 16 bits start in the 32
/// sign        not bs   not bs+1   not bs+2   ...  not bs+15      the bits are laid down inverted
/// </code>
/// The scalar equivalent is <see cref="WriteRow"/>: a set bit c of the code gives +a, a clear one -a.
/// </para>
/// </remarks>
internal static unsafe class NgramKernel
{
    private const int Lanes = 16;
    private const int LineBytes = Lanes * sizeof(float);
    private const int BitsPerByte = 8;
    private const uint SignBit = 0x80000000;
    private const byte AndThenOr = 0xEA; // (a & b) | c of a ternary operation
    private const int BlockRows = 16;
    private const int MostOrders = NgramCodes.MostBytes - 1;

    // The words of a row with the codes of two positions, and more that the last 32-bit load may reach into. A row is whole cache lines.
    private const int RowWords = 2 * (MostOrders + 1);
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

    /// <summary>Writes the codes of some rows of a sequence, and nothing else.</summary>
    /// <param name="sequence">The bytes of the sequence from its start, at least to the end of the last row.</param>
    /// <param name="first">Index of the first byte of the first row.</param>
    /// <param name="rows">Rows to write.</param>
    /// <param name="bytesPerRow">
    /// Bytes per row: a row has the codes of the n-grams that end with its last byte, and perhaps those of the row before.
    /// </param>
    /// <param name="destination">Starts at the codes of the first row.</param>
    /// <param name="width">Row stride in floats.</param>
    /// <param name="codes">Orders, columns, amplitude.</param>
    /// <param name="path">The width of the stores.</param>
    public static void Write(
        ReadOnlySpan<byte> sequence,
        long first,
        int rows,
        int bytesPerRow,
        Span<float> destination,
        int width,
        NgramCodes codes,
        FeaturePath path)
    {
        fixed (byte* bytes = sequence)
        fixed (float* target = destination) Write(bytes, first, rows, bytesPerRow, target, width, codes, path, features: null);
    }

    /// <summary>Writes slots: features, then codes, then zeros.</summary>
    /// <param name="sequence">The bytes of the sequence from its start, at least to the end of the last slot.</param>
    /// <param name="first">Index of the first byte of the first slot.</param>
    /// <param name="slots">Slots to write.</param>
    /// <param name="bytesPerSlot">Bytes of a slot.</param>
    /// <param name="destination">Address of the first slot.</param>
    /// <param name="width">Floats per slot, at least as many as its features and codes have.</param>
    /// <param name="codes">Orders, columns, amplitude.</param>
    /// <param name="features">The pieces of a feature row.</param>
    public static void WriteSlots(
        byte* sequence, long first, int slots, int bytesPerSlot, float* destination, int width, NgramCodes codes, RowTables features) =>
        Write(sequence, first, slots, bytesPerSlot, destination, width, codes, Widest, features);

    [SkipLocalsInit]
    private static void Write(
        byte* sequence,
        long first,
        int rows,
        int bytesPerRow,
        float* destination,
        int width,
        NgramCodes codes,
        FeaturePath path,
        RowTables? features)
    {
        ulong* words = stackalloc ulong[1 + BlockRows]; // the row before the block comes first
        ulong* bits = stackalloc ulong[BlockRows * RowWords];
        new Span<ulong>(bits, BlockRows * RowWords).Clear(); // the last load of a row may read past its bits
        bool isScalar = path == FeaturePath.Scalar || codes.Columns < Lanes;
        int offset = features is null ? 0 : bytesPerRow * HslFeatures.Dimension;
        for (int count; rows > 0; rows -= count, first += (long)count * bytesPerRow, destination += (long)count * width)
        {
            count = Math.Min(rows, BlockRows);
            byte* from = sequence + first;

            if (!isScalar)
            {
                ReadWords(sequence, first, count, bytesPerRow, codes.LongestOrder, words);
                if (codes.ColumnsPerOrder < NgramCodes.MostColumns) new Span<ulong>(bits, count * RowWords).Clear();
                LayBits(words + 1, count, codes, bits, firstColumn: 0);
                if (codes.WithPrevious) LayBits(words, count, codes, bits, firstColumn: codes.OwnColumns);
            }

            // Features come between packing and reading the bits: a load that spans two stores waits until both have reached the cache.
            if (features is not null)
            {
                HslContext context = new(first > 0 ? from[-1] : null, first > 1 ? from[-2] : null);
                ReadOnlySpan<byte> bytes = new(from, count * bytesPerRow);
                FeatureKernel.WriteSlots(bytes, context, new Span<float>(destination, count * width), features, bytesPerRow, width);
            }

            float* columns = destination + offset;
            switch (isScalar ? FeaturePath.Scalar : path)
            {
                case FeaturePath.Vector512: ExpandBits<Expand512>(bits, count, columns, width, codes.Columns, codes.Amplitude); break;
                case FeaturePath.Vector256: ExpandBits<Expand256>(bits, count, columns, width, codes.Columns, codes.Amplitude); break;
                case FeaturePath.Vector128: ExpandBits<Expand128>(bits, count, columns, width, codes.Columns, codes.Amplitude); break;
                default:
                    for (int row = 0; row < count; row++)
                    {
                        long last = first + ((row + 1L) * bytesPerRow) - 1;
                        WriteRow(sequence, last, columns + ((long)row * width), codes);
                        if (codes.WithPrevious)
                            WriteRow(sequence, last - bytesPerRow, columns + ((long)row * width) + codes.OwnColumns, codes);
                    }

                    continue;
            }

            // The first rows have too few bytes for the largest orders.
            for (int row = 0; row < count && first + ((long)row * bytesPerRow) < codes.LongestOrder; row++)
            {
                long before = first + ((long)row * bytesPerRow);
                ClearShort(columns + ((long)row * width), before + bytesPerRow, codes);
                if (codes.WithPrevious) ClearShort(columns + ((long)row * width) + codes.OwnColumns, before, codes);
            }
        }
    }

    /// <summary>Clears the columns of orders that have more bytes than there are. Orders ascend, so these are the last columns.</summary>
    private static void ClearShort(float* columns, long bytes, NgramCodes codes)
    {
        int whole = 0;
        while (whole < codes.Orders.Count && codes.Orders[whole] <= bytes) whole++;
        whole *= codes.ColumnsPerOrder;
        new Span<float>(columns + whole, codes.OwnColumns - whole).Clear();
    }

    /// <summary>Writes the codes of one row, column by column. The other paths must give the same result.</summary>
    private static void WriteRow(byte* sequence, long last, float* destination, NgramCodes codes)
    {
        ulong word = Word(sequence + last, (int)Math.Clamp(last + 1, 0, NgramCodes.MostBytes));
        for (int i = 0; i < codes.Orders.Count; i++)
        {
            int order = codes.Orders[i];
            ulong code = NgramCodes.Code(word, order);
            bool isWhole = last + 1 >= order;
            for (int c = 0; c < codes.ColumnsPerOrder; c++)
                *destination++ = !isWhole ? 0 : ((code >> c) & 1) != 0 ? codes.Amplitude : -codes.Amplitude;
        }
    }

    // For the row before the first one and then each row, a word of the bytes that end with its last byte: as many as the longest order
    // needs and the sequence has.
    private static void ReadWords(byte* sequence, long first, int rows, int bytesPerRow, int longest, ulong* words)
    {
        if (bytesPerRow > 1)
        {
            for (int row = 0; row <= rows; row++)
            {
                long last = first + ((long)row * bytesPerRow) - 1;
                words[row] = Word(sequence + last, (int)Math.Min(longest, last + 1));
            }

            return;
        }

        ulong word = words[0] = Word(sequence + first - 1, (int)Math.Min(longest, first));
        for (int row = 0; row < rows; row++) words[1 + row] = word = (word << BitsPerByte) | sequence[first + row];
    }

    // Packs the inverted bits of each row from a column on: the bits of an order directly follow those of the order before.
    [SkipLocalsInit]
    private static void LayBits(ulong* words, int rows, NgramCodes codes, ulong* bits, int firstColumn)
    {
        ulong* inverted = stackalloc ulong[BlockRows];
        int columns = codes.ColumnsPerOrder;
        ulong kept = ulong.MaxValue >> (NgramCodes.MostColumns - columns);
        for (int i = 0; i < codes.Orders.Count; i++)
        {
            Mix(words, codes.Orders[i], inverted);
            int column = firstColumn + (i * columns), start = column % NgramCodes.MostColumns;
            ulong* next = bits + (column / NgramCodes.MostColumns);
            if (columns == NgramCodes.MostColumns)
            {
                for (int row = 0; row < rows; row++, next += RowWords) *next = inverted[row];
                continue;
            }

            for (int row = 0; row < rows; row++, next += RowWords)
            {
                ulong code = inverted[row] & kept;
                next[0] |= code << start;
                if (start + columns > NgramCodes.MostColumns) next[1] |= code >> (NgramCodes.MostColumns - start);
            }
        }
    }

    // The inverted codes of a whole block. Words after its last row are mixed too, but never used. The scalar loop computes the same as the
    // vector loop.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mix(ulong* words, int order, ulong* inverted)
    {
        ulong mask = NgramCodes.WordMask(order), constant = NgramCodes.OrderConstant(order);
        if (Avx512DQ.IsSupported) // multiplies eight 64-bit numbers at once
        {
            for (int i = 0; i < BlockRows; i += Vector512<ulong>.Count)
            {
                Vector512<ulong> mixed = (Vector512.Load(words + i) & Vector512.Create(mask)) + Vector512.Create(constant);
                mixed = (mixed ^ (mixed >>> SplitMix64.FirstShift)) * Vector512.Create(SplitMix64.FirstMultiplier);
                mixed = (mixed ^ (mixed >>> SplitMix64.SecondShift)) * Vector512.Create(SplitMix64.SecondMultiplier);
                (~(mixed ^ (mixed >>> SplitMix64.LastShift))).Store(inverted + i);
            }

            return;
        }

        for (int i = 0; i < BlockRows; i++) inverted[i] = ~SplitMix64.Finalise((words[i] & mask) + constant);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ExpandBits<TExpansion>(ulong* block, int rows, float* destination, int width, int columns, float amplitude)
        where TExpansion : struct, IBitExpansion<TExpansion>
    {
        // The first 16 and the last 16 columns are stored at any alignment. Between them are whole cache lines; they begin at the same
        // column in every row if rows are whole lines.
        int untilTail = columns - Lanes, firstLine = FirstLine(destination);
        TExpansion head = TExpansion.From(0, amplitude), tail = TExpansion.From(untilTail, amplitude);
        TExpansion lines = TExpansion.From(firstLine, amplitude);
        byte* bits = (byte*)block;
        for (byte* end = bits + ((long)rows * RowBytes); bits < end; bits += RowBytes, destination += width)
        {
            if (FirstLine(destination) != firstLine)
            {
                firstLine = FirstLine(destination);
                lines = TExpansion.From(firstLine, amplitude);
            }

            head.Sixteen(destination, bits);
            float* tailAt = destination + untilTail;
            byte* lineBits = bits + (firstLine / BitsPerByte);
            float* line = destination + firstLine;
            for (; line + (3 * Lanes) <= tailAt; line += 4 * Lanes, lineBits += 4 * Lanes / BitsPerByte)
            {
                lines.Sixteen(line, lineBits);
                lines.Sixteen(line + Lanes, lineBits + (Lanes / BitsPerByte));
                lines.Sixteen(line + (2 * Lanes), lineBits + (2 * Lanes / BitsPerByte));
                lines.Sixteen(line + (3 * Lanes), lineBits + (3 * Lanes / BitsPerByte));
            }

            for (; line <= tailAt; line += Lanes, lineBits += Lanes / BitsPerByte) lines.Sixteen(line, lineBits);
            tail.Sixteen(tailAt, bits + (untilTail / BitsPerByte));
        }
    }

    // The bytes that end at an address, the last in the lowest 8 bits.
    private static ulong Word(byte* last, int bytes)
    {
        ulong word = 0;
        for (int back = bytes - 1; back >= 0; back--) word = (word << 8) | *(last - back);
        return word;
    }

    // The first column after column 0 that starts a cache line. A row is aligned to floats.
    private static int FirstLine(float* row) => Lanes - (int)((nuint)row % LineBytes / sizeof(float));

    /// <summary>
    /// Turns 16 bits into floats; the bits may start anywhere in a byte. A type argument rather than a branch, so that the JIT compiles one
    /// loop per width.
    /// </summary>
    private interface IBitExpansion<TSelf>
        where TSelf : struct, IBitExpansion<TSelf>
    {
        /// <summary>Makes the expansion for bits that start at this bit of a byte, modulo 8.</summary>
        static abstract TSelf From(int bit, float amplitude);

        /// <summary>Writes 16 floats from the 16 bits that start in the first byte: -a for a set bit.</summary>
        void Sixteen(float* destination, byte* bits);
    }

    private readonly struct Expand512(Vector512<uint> shifts, Vector512<float> amplitude) : IBitExpansion<Expand512>
    {
        private readonly Vector512<uint> _shifts = shifts;
        private readonly Vector512<float> _amplitude = amplitude;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Expand512 From(int bit, float amplitude) => new(
            Vector512.Create(31u, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16) - Vector512.Create((uint)bit % BitsPerByte),
            Vector512.Create(amplitude));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Sixteen(float* destination, byte* bits)
        {
            Vector512<uint> signs = Avx512F.ShiftLeftLogicalVariable(Vector512.Create(*(uint*)bits), _shifts);
            Avx512F.TernaryLogic(signs.AsSingle(), Vector512.Create(SignBit).AsSingle(), _amplitude, AndThenOr).Store(destination);
        }
    }

    private readonly struct Expand256(Vector256<uint> shifts, Vector256<float> amplitude) : IBitExpansion<Expand256>
    {
        private readonly Vector256<uint> _shifts = shifts;
        private readonly Vector256<float> _amplitude = amplitude;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Expand256 From(int bit, float amplitude) => new(
            Vector256.Create(31u, 30, 29, 28, 27, 26, 25, 24) - Vector256.Create((uint)bit % BitsPerByte), Vector256.Create(amplitude));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Sixteen(float* destination, byte* bits)
        {
            var loaded = Vector256.Create(*(uint*)bits);
            Vector256<float> sign = Vector256.Create(SignBit).AsSingle();
            Vector256<float> low = Avx2.ShiftLeftLogicalVariable(loaded, _shifts).AsSingle();
            Vector256<float> high = Avx2.ShiftLeftLogicalVariable(loaded >>> 8, _shifts).AsSingle();
            ((low & sign) | _amplitude).Store(destination);
            ((high & sign) | _amplitude).Store(destination + 8);
        }
    }

    private readonly struct Expand128(int bit, Vector128<float> amplitude) : IBitExpansion<Expand128>
    {
        private readonly int _bit = bit;
        private readonly Vector128<float> _amplitude = amplitude;

        public static Expand128 From(int bit, float amplitude) => new(bit % BitsPerByte, Vector128.Create(amplitude));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Sixteen(float* destination, byte* bits)
        {
            // There is no shift per lane here, so each lane tests one of four bits.
            uint sixteen = *(uint*)bits >> _bit;
            var lanes = Vector128.Create(1u, 2, 4, 8);
            Vector128<float> sign = Vector128.Create(SignBit).AsSingle();
            for (int i = 0; i < Lanes; i += 4, sixteen >>= 4)
            {
                Vector128<float> isSet = Vector128.Equals(Vector128.Create(sixteen) & lanes, lanes).AsSingle();
                ((isSet & sign) | _amplitude).Store(destination + i);
            }
        }
    }
}
