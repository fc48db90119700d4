using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HslEmbeddingZero;

/// <summary>
/// Feature rows as whole cache lines, for machines with AVX-512. Rows of 108 bytes are not aligned to lines of 64 bytes, and a store that
/// crosses a line costs two or more. But 16 rows are exactly 27 lines. Each line is assembled in a register from the row halves that meet
/// in it, then written once, aligned.
/// </summary>
/// <remarks>
/// <para>
/// A row has two halves. A holds the 16 bits of Δ and Δ²; each channel has two possible values. B holds boundary, Fourier and phase: 11
/// floats, then five zeros. If n floats of a line are filled, A always completes the line, and the last n floats of A begin the next line.
/// B completes that next line if n is 5 or more. In row r of a group n is 11·r mod 16, so every shift is a compile-time constant:
/// <code>
/// lane     0                                          15
/// line 0   A0[0..15]                                       row 0, n = 0
/// line 1   B0[0..10]                    | A1[0..4]         row 1, n = 11
/// line 2   A1[5..15]                    | B1[0..4]
/// line 3   B1[5..10]      | A2[0..9]                       row 2, n = 6
/// line 4   A2[10..15]     | B2[0..9]
/// line 5   B2[10] | A3[0..14]                              row 3, n = 1
/// rest     A3[15] | B3[0..10]                              stays in a register: n = 12 for row 4
/// </code>
/// Each | is one <see cref="Join"/>: lanes from..15 of one register, then 0..from-1 of the next.
/// </para>
/// <para>
/// For A, every lane loads the same 16 bits: Δ in the low byte, Δ² in the high byte. Lane j masks one bit and chooses between two values:
/// <code>
/// lane     0     1     2     3     4     5     6     7     8       9       ...   15
/// mask     0x80  0x40  0x20  0x10  0x08  0x04  0x02  0x01  0x8000  0x4000  ...   0x0100
/// value    (bits &amp; mask) == 0 ? clear[lane] : set[lane]
/// </code>
/// For B, a table row is loaded. Its lane 0 is zero, and an OR puts the boundary there. The scalar equivalent is
/// <see cref="ScalarStores"/>: 16 floats from two table rows, then the boundary and 10 floats of the tail.
/// </para>
/// <para>
/// The codes of the rows are computed beforehand, for a whole block of bytes at once. The distance matters: a row that reads a value stored
/// just before must wait for that store.
/// </para>
/// </remarks>
internal static unsafe class FeatureLines
{
    /// <summary>Number of rows that exactly fill whole lines.</summary>
    public const int GroupRows = 16;

    private const int Lanes = 16;
    private const int LineBytes = Lanes * sizeof(float);
    private const int TailFloats = 11;

    // Whole groups. In a larger block the first line comes later; in a smaller block the rows wait for their codes.
    private const int BlockRows = 4 * GroupRows;

    /// <summary>Whether this machine can join two registers of 16 floats.</summary>
    public static bool IsSupported => Avx512F.IsSupported;

    /// <summary>Writes slots: in each slot the rows, then zeros up to its end.</summary>
    /// <param name="next">First byte.</param>
    /// <param name="end">One past the last byte; the bytes are whole slots.</param>
    /// <param name="rows">Rows per slot: whole groups, or any number if the last line has room for zeros.</param>
    /// <param name="slot">Address of the first slot; it starts a cache line.</param>
    /// <param name="width">Floats per slot; a whole number of lines.</param>
    /// <param name="state">State before the first byte; on return the state after the last byte.</param>
    /// <param name="tables">The pieces of a row.</param>
    /// <param name="stream">Whether to write past the caches.</param>
    public static void Write(byte* next, byte* end, long rows, float* slot, long width, ref FeatureState state, RowTables tables,
        bool stream)
    {
        // Slots of whole groups have a separate loop: combined with the code for other slots, it takes a tenth longer.
        switch (stream, rows % GroupRows == 0)
        {
            case (true, true): Write<Streamed, Yes>(next, end, rows, slot, width, ref state, tables); break;
            case (true, false): Write<Streamed, No>(next, end, rows, slot, width, ref state, tables); break;
            case (false, true): Write<Kept, Yes>(next, end, rows, slot, width, ref state, tables); break;
            case (false, false): Write<Kept, No>(next, end, rows, slot, width, ref state, tables); break;
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Write<TStore, TWhole>(byte* next, byte* end, long rows, float* slot, long width, ref FeatureState state,
        RowTables tables)
        where TStore : struct, ILineStore
        where TWhole : struct, IFlag
    {
        float* tails = tables.Tail;
        var clear = Vector512.LoadAligned(tables.ClearBits);
        var set = Vector512.LoadAligned(tables.SetBits);
        var lowBoundaries = Vector512.LoadAligned(tables.Boundaries);
        var highBoundaries = Vector512.LoadAligned(tables.Boundaries + Lanes);
        Vector128<byte> gray = Vector128<byte>.Zero.WithElement(15, (byte)state.Gray);
        Vector128<byte> tail = Vector128<byte>.Zero.WithElement(15, (byte)state.Tail);
        // Aligned: a 64-byte store that crosses a line must reach the cache before any part of it can be read back.
        byte* memory = stackalloc byte[sizeof(Codes) + LineBytes - 1];
        var block = (Codes*)(((nuint)memory + LineBytes - 1) & ~(nuint)(LineBytes - 1));

        float* line = slot;
        long left = rows; // rows still to write in this slot
        while (next < end)
        {
            // Whole slots, or part of one.
            int blockRows = (int)(rows <= BlockRows ? Math.Min(BlockRows / rows * rows, end - next) : Math.Min(BlockRows, left));
            for (int first = 0; first < blockRows; first += GroupRows)
            {
                byte* from = next + first;
                Vector128<byte> bytes = TWhole.IsOn || end - from >= Vector128<byte>.Count ? Vector128.Load(from) : Last(from, end);
                Prepare(bytes, ref gray, ref tail, lowBoundaries, highBoundaries, block->After(first));
                if (TWhole.IsOn || blockRows - first >= GroupRows) continue;
                var last = Vector128.Create((byte)(blockRows - first - 1));
                gray = Ssse3.Shuffle(gray, last);
                tail = Ssse3.Shuffle(tail, last);
            }

            Codes* codes = block;
            Codes* behind = block->After(blockRows);
            next += blockRows;
            while (codes < behind)
            {
                Vector512<float> rest = Vector512<float>.Zero;
                if (TWhole.IsOn || left >= GroupRows)
                {
                    // The chain below would be correct here too, but its check after every row makes it a twelfth slower.
                    rest = Row<TStore>(0, codes, rest, line, clear, set, tails);
                    rest = Row<TStore>(1, codes, rest, line, clear, set, tails);
                    rest = Row<TStore>(2, codes, rest, line, clear, set, tails);
                    rest = Row<TStore>(3, codes, rest, line, clear, set, tails);
                    rest = Row<TStore>(4, codes, rest, line, clear, set, tails);
                    rest = Row<TStore>(5, codes, rest, line, clear, set, tails);
                    rest = Row<TStore>(6, codes, rest, line, clear, set, tails);
                    rest = Row<TStore>(7, codes, rest, line, clear, set, tails);
                    rest = Row<TStore>(8, codes, rest, line, clear, set, tails);
                    rest = Row<TStore>(9, codes, rest, line, clear, set, tails);
                    rest = Row<TStore>(10, codes, rest, line, clear, set, tails);
                    rest = Row<TStore>(11, codes, rest, line, clear, set, tails);
                    rest = Row<TStore>(12, codes, rest, line, clear, set, tails);
                    rest = Row<TStore>(13, codes, rest, line, clear, set, tails);
                    rest = Row<TStore>(14, codes, rest, line, clear, set, tails);
                    Row<TStore>(15, codes, rest, line, clear, set, tails);
                    codes = codes->After(GroupRows);
                    line += GroupRows * HslFeatures.Dimension;
                    left -= GroupRows;
                }
                else
                {
                    float* group = line;
                    _ = IsLast<TStore>(0, left, codes, ref rest, group, ref line, clear, set, tails)
                        || IsLast<TStore>(1, left, codes, ref rest, group, ref line, clear, set, tails)
                        || IsLast<TStore>(2, left, codes, ref rest, group, ref line, clear, set, tails)
                        || IsLast<TStore>(3, left, codes, ref rest, group, ref line, clear, set, tails)
                        || IsLast<TStore>(4, left, codes, ref rest, group, ref line, clear, set, tails)
                        || IsLast<TStore>(5, left, codes, ref rest, group, ref line, clear, set, tails)
                        || IsLast<TStore>(6, left, codes, ref rest, group, ref line, clear, set, tails)
                        || IsLast<TStore>(7, left, codes, ref rest, group, ref line, clear, set, tails)
                        || IsLast<TStore>(8, left, codes, ref rest, group, ref line, clear, set, tails)
                        || IsLast<TStore>(9, left, codes, ref rest, group, ref line, clear, set, tails)
                        || IsLast<TStore>(10, left, codes, ref rest, group, ref line, clear, set, tails)
                        || IsLast<TStore>(11, left, codes, ref rest, group, ref line, clear, set, tails)
                        || IsLast<TStore>(12, left, codes, ref rest, group, ref line, clear, set, tails)
                        || IsLast<TStore>(13, left, codes, ref rest, group, ref line, clear, set, tails)
                        || IsLast<TStore>(14, left, codes, ref rest, group, ref line, clear, set, tails);
                    codes = codes->After((int)left);
                    left = 0;
                }

                if (left > 0) continue;
                slot += width;
                for (; line < slot; line += Lanes) TStore.Store(Vector512<float>.Zero, line);
                left = rows;
            }
        }

        state = new FeatureState(next[-1], gray.GetElement(15), tail.GetElement(15), IsStart: false);
    }

    /// <summary>
    /// Computes codes and boundaries of up to 16 bytes. On entry, gray codes and tails are those of the bytes before; only the last one
    /// matters.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prepare(
        Vector128<byte> bytes, ref Vector128<byte> gray, ref Vector128<byte> tail, Vector512<float> lowBoundaries,
        Vector512<float> highBoundaries,
        Codes* codes)
    {
        Vector128<byte> grayBefore = gray, tailBefore = tail;
        gray = bytes ^ Vector128.ShiftRightLogical(bytes, 1);
        Vector128<byte> change = gray ^ Ssse3.AlignRight(gray, grayBefore, 15);
        Vector128<byte> head = HeadBits(gray) + HeadBits(gray) + HeadBits(change);
        tail = LowBits(gray) + LowBits(gray) + LowBits(change);
        Vector128<byte> sum = head + Ssse3.AlignRight(tail, tailBefore, 15); // 2(H + T) of FeatureTables
        Avx512F.PermuteVar16x32x2(lowBoundaries, Avx512F.ConvertToVector512Int32(sum), highBoundaries).Store(codes->Boundaries);
        Vector256<ushort> bits = Vector256.Create(Sse2.UnpackLow(gray, change), Sse2.UnpackHigh(gray, change)).AsUInt16();
        Avx512F.ConvertToVector512UInt32(bits).Store(codes->Bits);
        (Avx512F.ConvertToVector512UInt32(bytes) * (RowTables.TailRowLength * sizeof(float))).Store(codes->TailOffsets);

        // How many of the four low bits of each byte are set.
        static Vector128<byte> LowBits(Vector128<byte> x) =>
            Ssse3.Shuffle(Vector128.Create((byte)0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4), x & Vector128.Create((byte)0x0F));

        // How many of the five high bits of each byte are set.
        static Vector128<byte> HeadBits(Vector128<byte> x) =>
            LowBits(Vector128.ShiftRightLogical(x, 4)) + (Vector128.ShiftRightLogical(x, 3) & Vector128.Create((byte)1));
    }

    /// <summary>
    /// Writes row r of a group and returns whether it was the last row of the slot. After the last row, zeros complete the current line,
    /// and the line pointer moves to the first line that is not written.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsLast<TStore>(
        int r, long left, Codes* codes, ref Vector512<float> rest, float* group, ref float* line, Vector512<float> clear,
        Vector512<float> set, float* tails)
        where TStore : struct, ILineStore
    {
        rest = Row<TStore>(r, codes, rest, group, clear, set, tails);
        if (left != r + 1) return false;
        int written = HslFeatures.Dimension * (r + 1);
        line = group + (written + Lanes - 1) / Lanes * Lanes;
        TStore.Store(Join(rest, Vector512<float>.Zero, Lanes - written % Lanes), line - Lanes);
        return true;
    }

    /// <summary>Loads the last bytes, fewer than 16, and fills the rest with zeros.</summary>
    private static Vector128<byte> Last(byte* next, byte* end)
    {
        Vector128<byte> bytes = Vector128<byte>.Zero;
        Unsafe.CopyBlockUnaligned(&bytes, next, (uint)(end - next));
        return bytes;
    }

    /// <summary>
    /// Writes row r of a group that starts a line. Takes and returns the floats of the unfinished line, in the last lanes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Row<TStore>(
        int r, Codes* codes, Vector512<float> rest, float* line, Vector512<float> clear, Vector512<float> set, float* tails)
        where TStore : struct, ILineStore
    {
        int filled = HslFeatures.Dimension * r % Lanes;
        float* target = line + HslFeatures.Dimension * r / Lanes * Lanes;
        var lanes = Vector512.Create(0x80u, 0x40, 0x20, 0x10, 8, 4, 2, 1, 0x8000, 0x4000, 0x2000, 0x1000, 0x800, 0x400, 0x200,
            0x100);
        Vector512<uint> bits = Vector512.Create(codes->Bits[r]) & lanes;
        var a = Vector512.ConditionalSelect(Vector512.Equals(bits, Vector512<uint>.Zero).AsSingle(), clear, set);
        // A table row begins with a zero. The boundary replaces it.
        var tail = Vector512.LoadAligned((uint*)((byte*)tails + codes->TailOffsets[r]));
        Vector512<float> b = (Vector512.CreateScalar(codes->Boundaries[r]).AsUInt32() | tail).AsSingle();
        if (filled == 0)
        {
            TStore.Store(a, target);
            return Join(b, b, TailFloats);
        }

        TStore.Store(Join(rest, a, Lanes - filled), target);
        Vector512<float> begun = Join(a, b, Lanes - filled);
        if (filled + TailFloats < Lanes) return Join(begun, begun, filled + TailFloats);
        TStore.Store(begun, target + Lanes);
        return Join(b, b, TailFloats);
    }

    /// <summary>Takes 16 lanes from two registers side by side, starting at a lane of the first.</summary>
    [SuppressMessage("Performance", "CA1857", Justification = "Constant after inlining: every caller passes a constant row.")]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Join(Vector512<float> first, Vector512<float> second, int from) =>
        Avx512F.AlignRight32(second.AsInt32(), first.AsInt32(), (byte)from).AsSingle();

    /// <summary>What differs between the rows of a block: one element per byte.</summary>
    private struct Codes
    {
        public fixed uint Bits[BlockRows]; // Δ in the low byte, Δ² in the high byte
        public fixed uint TailOffsets[BlockRows]; // in bytes
        public fixed float Boundaries[BlockRows];

        /// <summary>The codes with a later byte as the first. Only for codes at a fixed address.</summary>
        public Codes* After(int rows) => (Codes*)((uint*)Unsafe.AsPointer(ref this) + rows);
    }

    /// <summary>One way to write an aligned line.</summary>
    private interface ILineStore
    {
        static abstract void Store(Vector512<float> line, float* destination);
    }

    private readonly struct Kept : ILineStore
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Store(Vector512<float> line, float* destination) => line.StoreAligned(destination);
    }

    private readonly struct Streamed : ILineStore
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Store(Vector512<float> line, float* destination) => line.StoreAlignedNonTemporal(destination);
    }
}
