using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HslEmbeddingZero;

/// <summary>
/// Feature rows as whole cache lines, for machines with AVX-512. Rows of 108 bytes fall across lines of 64, and a store that does costs
/// two or more; but 16 rows are exactly 27 lines. A line is put together in a register from the row halves that meet in it, and written
/// once, aligned.
/// </summary>
/// <remarks>
/// A row is two halves: A, the 16 bits of Δ and Δ² as two values a channel, and B, boundary, Fourier and phase, 11 floats of 16. Where n floats of a line are there,
/// A always completes it, and its last n floats begin the next; B completes that one if n is 5 or more. n is 11·r mod 16 in row r of a group,
/// so that all is known when the code is compiled but the places that floats come from, which are read from a table. Codes and boundaries of the
/// 16 bytes are computed side by side beforehand.
/// </remarks>
internal static unsafe class FeatureLines
{
    /// <summary>Rows that fill whole lines.</summary>
    public const int GroupRows = 16;

    /// <summary>Rows that end in the middle of a line.</summary>
    public const int HalfGroupRows = GroupRows / 2;

    private const int Lanes = 16;
    private const int TailFloats = 11;

    // For the two lines that each row of a group adds to, where their lanes come from: lane j of the first register, or 16 + j for the second.
    private static readonly int* _places = BuildPlaces();

    /// <summary>Whether this machine can permute two registers of 16 floats.</summary>
    public static bool IsSupported => Avx512F.IsSupported;

    /// <summary>Writes slots of rows, and zeros behind the rows to the end of a slot.</summary>
    /// <param name="next">First byte.</param>
    /// <param name="end">Behind the last byte; the bytes are whole slots.</param>
    /// <param name="rows">Rows of a slot: whole groups, and half a group where zeros follow.</param>
    /// <param name="slot">Where the first slot goes; starts a cache line.</param>
    /// <param name="width">Floats of a slot; whole lines.</param>
    /// <param name="state">What the first byte follows; on return what comes behind the last one.</param>
    /// <param name="tables">The pieces of a row.</param>
    /// <param name="stream">Whether to write past the caches.</param>
    public static void Write(byte* next, byte* end, long rows, float* slot, long width, ref FeatureState state, RowTables tables, bool stream)
    {
        if (stream) Write<Streamed>(next, end, rows, slot, width, ref state, tables);
        else Write<Kept>(next, end, rows, slot, width, ref state, tables);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Write<TStore>(byte* next, byte* end, long rows, float* slot, long width, ref FeatureState state, RowTables tables)
        where TStore : struct, ILineStore
    {
        int* places = _places;
        float* tails = tables.Tail;
        Vector512<float> clear = Vector512.LoadAligned(tables.ClearBits);
        Vector512<float> set = Vector512.LoadAligned(tables.SetBits);
        Vector512<float> lowBoundaries = Vector512.LoadAligned(tables.Boundaries);
        Vector512<float> highBoundaries = Vector512.LoadAligned(tables.Boundaries + Lanes);
        Vector128<byte> gray = Vector128<byte>.Zero.WithElement(15, (byte)state.Gray);
        Vector128<byte> tail = Vector128<byte>.Zero.WithElement(15, (byte)state.Tail);
        Codes codes;
        for (; next < end; slot += width)
        {
            float* line = slot;
            byte* last = next + rows;
            for (; last - next >= GroupRows; next += GroupRows, line += GroupRows * HslFeatures.Dimension)
            {
                Vector128<byte> grayBefore = gray, tailBefore = tail;
                Prepare(Vector128.Load(next), grayBefore, tailBefore, lowBoundaries, highBoundaries, &codes, out gray, out tail);
                Vector512<float> rest = FirstHalf<TStore>(&codes, line, places, clear, set, tails);
                rest = Row<TStore>(8, &codes, rest, line, places, clear, set, tails);
                rest = Row<TStore>(9, &codes, rest, line, places, clear, set, tails);
                rest = Row<TStore>(10, &codes, rest, line, places, clear, set, tails);
                rest = Row<TStore>(11, &codes, rest, line, places, clear, set, tails);
                rest = Row<TStore>(12, &codes, rest, line, places, clear, set, tails);
                rest = Row<TStore>(13, &codes, rest, line, places, clear, set, tails);
                rest = Row<TStore>(14, &codes, rest, line, places, clear, set, tails);
                Row<TStore>(15, &codes, rest, line, places, clear, set, tails);
            }

            if (next < last)
            {
                Vector128<byte> grayBefore = gray, tailBefore = tail;
                Prepare(Vector128.CreateScalar(*(ulong*)next).AsByte(), grayBefore, tailBefore, lowBoundaries, highBoundaries, &codes, out gray, out tail);
                Vector512<float> rest = FirstHalf<TStore>(&codes, line, places, clear, set, tails);

                // The line begun is what the next row would have joined: half a line, which zeros complete.
                line += HalfGroupRows * HslFeatures.Dimension / Lanes * Lanes;
                TStore.Store(Avx512F.PermuteVar16x32x2(rest, Vector512.LoadAligned(places + GroupRows * Lanes), Vector512<float>.Zero), line);
                line += Lanes;
                next = last;
                gray = gray.WithElement(15, gray.GetElement(HalfGroupRows - 1));
                tail = tail.WithElement(15, tail.GetElement(HalfGroupRows - 1));
            }

            for (; line < slot + width; line += Lanes) TStore.Store(Vector512<float>.Zero, line);
        }

        state = new FeatureState(next[-1], gray.GetElement(15), tail.GetElement(15), IsStart: false);
    }

    /// <summary>Codes and boundaries of up to 16 bytes, which follow a byte of the Gray code and tail in the last lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prepare(
        Vector128<byte> bytes, Vector128<byte> grayBefore, Vector128<byte> tailBefore, Vector512<float> lowBoundaries, Vector512<float> highBoundaries,
        Codes* codes, out Vector128<byte> gray, out Vector128<byte> tail)
    {
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

        // How many of the five high bits are.
        static Vector128<byte> HeadBits(Vector128<byte> x) =>
            LowBits(Vector128.ShiftRightLogical(x, 4)) + (Vector128.ShiftRightLogical(x, 3) & Vector128.Create((byte)1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> FirstHalf<TStore>(
        Codes* codes, float* line, int* places, Vector512<float> clear, Vector512<float> set, float* tails)
        where TStore : struct, ILineStore
    {
        Vector512<float> rest = Row<TStore>(0, codes, Vector512<float>.Zero, line, places, clear, set, tails);
        rest = Row<TStore>(1, codes, rest, line, places, clear, set, tails);
        rest = Row<TStore>(2, codes, rest, line, places, clear, set, tails);
        rest = Row<TStore>(3, codes, rest, line, places, clear, set, tails);
        rest = Row<TStore>(4, codes, rest, line, places, clear, set, tails);
        rest = Row<TStore>(5, codes, rest, line, places, clear, set, tails);
        rest = Row<TStore>(6, codes, rest, line, places, clear, set, tails);
        return Row<TStore>(7, codes, rest, line, places, clear, set, tails);
    }

    /// <summary>Row r of a group that starts at a line; takes and returns the register that holds the floats of the line begun.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Row<TStore>(
        int r, Codes* codes, Vector512<float> rest, float* line, int* places, Vector512<float> clear, Vector512<float> set, float* tails)
        where TStore : struct, ILineStore
    {
        int filled = HslFeatures.Dimension * r % Lanes;
        float* target = line + HslFeatures.Dimension * r / Lanes * Lanes;
        Vector512<uint> lanes = Vector512.Create(0x80u, 0x40, 0x20, 0x10, 8, 4, 2, 1, 0x8000, 0x4000, 0x2000, 0x1000, 0x800, 0x400, 0x200, 0x100);
        Vector512<uint> bits = Vector512.Create(codes->Bits[r]) & lanes;
        Vector512<float> a = Vector512.ConditionalSelect(Vector512.Equals(bits, Vector512<uint>.Zero).AsSingle(), clear, set);
        Vector512<float> onlyFirst = Vector512.Create(-1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0).AsSingle();
        Vector512<float> b = Vector512.ConditionalSelect(
            onlyFirst, Vector512.Create(codes->Boundaries[r]), Vector512.LoadAligned((float*)((byte*)tails + codes->TailOffsets[r])));
        if (filled == 0)
        {
            TStore.Store(a, target);
            return b;
        }

        TStore.Store(Avx512F.PermuteVar16x32x2(rest, Vector512.LoadAligned(places + 2 * r * Lanes), a), target);
        Vector512<float> begun = Avx512F.PermuteVar16x32x2(a, Vector512.LoadAligned(places + (2 * r + 1) * Lanes), b);
        if (filled + TailFloats < Lanes) return begun;
        TStore.Store(begun, target + Lanes);
        return b;
    }

    private static int* BuildPlaces()
    {
        int* places = (int*)NativeMemory.AlignedAlloc(GroupRows * 2 * Lanes * sizeof(int), 64); // lives as long as the process
        int written = 0; // lanes of the register before that are in a line already
        for (int r = 0; r < GroupRows; r++)
        {
            int filled = HslFeatures.Dimension * r % Lanes;
            for (int lane = 0; lane < Lanes; lane++)
            {
                places[2 * r * Lanes + lane] = lane < filled ? written + lane : Lanes + lane - filled;
                places[(2 * r + 1) * Lanes + lane] = lane < filled ? Lanes - filled + lane : Lanes + lane - filled;
            }

            written = filled + TailFloats < Lanes ? 0 : Lanes - filled;
        }

        return places;
    }

    /// <summary>What tells the rows of a group apart, by byte.</summary>
    private struct Codes
    {
        public fixed uint Bits[GroupRows]; // of Δ in the low byte, of Δ² in the high one
        public fixed uint TailOffsets[GroupRows]; // in bytes
        public fixed float Boundaries[GroupRows];
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
