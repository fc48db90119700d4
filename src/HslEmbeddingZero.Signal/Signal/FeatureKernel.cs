using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HslEmbeddingZero;

/// <summary>
/// Writes feature rows. Each byte takes two small table look-ups for the boundary, then a few wide copies out of tables that stay in the L1
/// cache. Each row overwrites what the previous row wrote past its end. Memory bandwidth is the limit: 108 bytes are written per input
/// byte.
/// </summary>
/// <remarks>
/// Output that fits a cache is written in place. Much larger output is streamed past the caches in whole aligned lines, so the memory need
/// not be read before it is overwritten. On the machines measured that is about twice as fast as any ordinary store,
/// <see cref="Span{T}.Fill"/> included. With AVX-512 the lines come from <see cref="FeatureLines"/>. Without it they come from a small
/// buffer that holds a block of rows.
/// </remarks>
internal static unsafe class FeatureKernel
{
    /// <summary>
    /// Output of at least this many bytes is streamed past the caches. Smaller output may fit the last-level cache: there ordinary stores
    /// are faster, and the rows stay in the cache.
    /// </summary>
    public const long StreamFromBytes = 64L << 20;

    private const int LineBytes = 64;
    private const int LineFloats = LineBytes / sizeof(float);

    // A multiple of 16 rows is a whole number of lines in either layout, and 64 rows stay in the L1 cache.
    private const int BlockRows = 64;
    private const int FromBoundaryToEnd = 11;

    /// <summary>The widest path this machine has in hardware. It is the fastest for the streaming buffer.</summary>
    public static FeaturePath Widest { get; } =
        IsSupported(FeaturePath.Vector512) ? FeaturePath.Vector512
        : IsSupported(FeaturePath.Vector256) ? FeaturePath.Vector256
        : Narrow;

    private static FeaturePath Narrow => IsSupported(FeaturePath.Vector128) ? FeaturePath.Vector128 : FeaturePath.Scalar;

    /// <summary>
    /// The fastest path in place. Rows of 108 bytes are not aligned to cache lines, and a store that crosses a line costs two. Stores of 16
    /// bytes seldom cross a line, stores of 32 and 64 bytes mostly do, and stores of whole lines never do.
    /// </summary>
    public static FeaturePath InPlace(HslFeatureOptions options) => InPlace(RowTables.Plain, options);

    private static FeaturePath InPlace(RowTables tables, HslFeatureOptions options) => InLines(Widest, tables, options) ? Widest : Narrow;

    private static bool InLines(FeaturePath path, RowTables tables, HslFeatureOptions options) =>
        path == FeaturePath.Vector512 && FeatureLines.IsSupported && tables.DeltaIsBits && options == default;

    /// <summary>Whether this machine has the path in hardware.</summary>
    public static bool IsSupported(FeaturePath path) => path switch
    {
        FeaturePath.Vector512 => Vector512.IsHardwareAccelerated,
        FeaturePath.Vector256 => Vector256.IsHardwareAccelerated,
        FeaturePath.Vector128 => Vector128.IsHardwareAccelerated,
        _ => true,
    };

    /// <summary>Writes one row per byte. The caller has checked that the destination holds all rows.</summary>
    public static void Write(
        ReadOnlySpan<byte> bytes, HslContext context, Span<float> destination, HslFeatureOptions options, FeaturePath path, bool stream) =>
        Write(bytes, context, destination, RowTables.Plain, options, path, stream);

    private static void Write(
        ReadOnlySpan<byte> bytes, HslContext context, Span<float> destination, RowTables tables, HslFeatureOptions options,
        FeaturePath path, bool stream)
    {
        bool lines = InLines(path, tables, options);
        switch (path)
        {
            case FeaturePath.Vector512: Write<Vector512Stores>(bytes, context, destination, tables, options, lines, stream); break;
            case FeaturePath.Vector256: Write<Vector256Stores>(bytes, context, destination, tables, options, lines, stream); break;
            case FeaturePath.Vector128: Write<Vector128Stores>(bytes, context, destination, tables, options, lines, stream); break;
            default: Write<ScalarStores>(bytes, context, destination, tables, options, lines, stream); break;
        }
    }

    private static void Write<TStores>(
        ReadOnlySpan<byte> bytes, HslContext context, Span<float> destination, RowTables tables, HslFeatureOptions options, bool lines,
        bool stream)
        where TStores : struct, IRowStores
    {
        if (bytes.IsEmpty)
            return;

        var state = FeatureState.After(context);
        fixed (byte* source = bytes)
        fixed (float* rows = destination)
        {
            float* row = rows;
            byte* next = source;
            byte* end = source + bytes.Length;

            if (state.IsStart) row = First(next++, row, ref state, tables, options);

            if (lines || stream)
            {
                for (; next < end && (nuint)row % LineBytes != 0; next++)
                    row = Rows<ScalarStores>(next, next + 1, row, ref state, tables, options);
                byte* done = lines
                    ? Lines(next, end, row, ref state, tables, stream)
                    : Stream<TStores>(next, end, row, ref state, tables, options);
                row += (done - next) * options.Dimension;
                next = done;
                // Streaming stores are weakly ordered: make them visible before anything that follows.
                if (stream) Interlocked.MemoryBarrier();
            }

            // The last row must not spill past the destination, so it is written float by float.
            if (next < end)
            {
                row = Rows<TStores>(next, end - 1, row, ref state, tables, options);
                Rows<ScalarStores>(end - 1, end, row, ref state, tables, options);
            }
        }
    }

    /// <summary>
    /// Writes K rows into each slot and zeros into its rest. The caller has checked three things: the bytes are whole slots, K rows fit a
    /// slot, and the destination holds all slots.
    /// </summary>
    public static void WriteSlots(ReadOnlySpan<byte> bytes, HslContext context, Span<float> destination, RowTables tables,
        int bytesPerSlot, int width)
    {
        if (width == bytesPerSlot * HslFeatures.Dimension)
        {
            // Rows without gaps equal the rows of one long slot.
            Write(bytes, context, destination, tables, default, InPlace(tables, default), stream: false);
            return;
        }

        if (IsSupported(FeaturePath.Vector128)) WriteSlots<Vector128Stores>(bytes, context, destination, tables, bytesPerSlot, width);
        else WriteSlots<ScalarStores>(bytes, context, destination, tables, bytesPerSlot, width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteSlots<TStores>(
        ReadOnlySpan<byte> bytes, HslContext context, Span<float> destination, RowTables tables, int bytesPerSlot, int width)
        where TStores : struct, IRowStores
    {
        var state = FeatureState.After(context);
        int zeros = width - (bytesPerSlot * HslFeatures.Dimension);
        fixed (byte* source = bytes)
        fixed (float* slots = destination)
        {
            float* row = slots;
            byte* end = source + bytes.Length;
            if (SlotsAreLines(slots, tables, width))
            {
                bool isStart = state.IsStart;
                FeatureLines.Write(source, end, bytesPerSlot, slots, width, ref state, tables, stream: false);
                if (isStart) slots[HslFeatures.Dimension - FromBoundaryToEnd] = tables.FirstBoundaries[FeatureTables.HeadCode(-1, *source)];
                return;
            }

            for (byte* slot = source; slot < end; slot += bytesPerSlot)
            {
                byte* next = slot;
                byte* last = slot + bytesPerSlot;
                if (state.IsStart) row = First(next++, row, ref state, tables, default);

                // A row may write past its end where zeros or the next slot overwrite it later. After the last slot there is no such room.
                bool canSpill = zeros >= TStores.Spill || last < end;
                byte* exact = canSpill || next == last ? last : last - 1;
                row = Rows<TStores, No, No>(next, exact, row, ref state, tables);
                row = Rows<ScalarStores, No, No>(exact, last, row, ref state, tables);
                row = Zeros(row, row + zeros);
            }
        }
    }

    // Writes all whole groups of rows. The first row must start a cache line. Returns the first byte that is not done.
    private static byte* Lines(byte* next, byte* end, float* row, ref FeatureState state, RowTables tables, bool stream)
    {
        long rows = (end - next) / FeatureLines.GroupRows * FeatureLines.GroupRows;
        if (rows > 0) FeatureLines.Write(next, next + rows, rows, row, rows * HslFeatures.Dimension, ref state, tables, stream);
        return next + rows;
    }

    // Whether every slot starts a cache line.
    private static bool SlotsAreLines(float* slots, RowTables tables, int width) =>
        InLines(Widest, tables, default) && (nuint)slots % LineBytes == 0 && width % LineFloats == 0;

    // Writes whole lines from the first aligned address. For 1 KB of zeros in a slot it is faster than Span.Clear, which calls the runtime.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float* Zeros(float* next, float* end)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            for (; next < end && (nuint)next % LineBytes != 0; next++) *next = 0;
            for (; end - next >= LineFloats; next += LineFloats) Vector512<float>.Zero.StoreAligned(next);
            for (; next < end; next++) *next = 0;
            return end;
        }

        new Span<float>(next, (int)(end - next)).Clear();
        return end;
    }

    // The boundary of a first byte has its own formula. The other columns of the row are computed as usual.
    private static float* First(byte* next, float* row, ref FeatureState state, RowTables tables, HslFeatureOptions options)
    {
        row = Rows<ScalarStores>(next, next + 1, row, ref state, tables, options);
        row[-FromBoundaryToEnd] = tables.FirstBoundaries[FeatureTables.HeadCode(-1, *next)];
        return row;
    }

    // Writes whole blocks through the buffer. The first row must start a cache line. Returns the first byte that is not done.
    private static byte* Stream<TStores>(byte* next, byte* end, float* row, ref FeatureState state, RowTables tables,
        HslFeatureOptions options)
        where TStores : struct, IRowStores
    {
        float* buffer = stackalloc float[(BlockRows * HslFeatures.FullDimension) + (2 * LineFloats)];
        buffer = (float*)(((nuint)buffer + LineBytes - 1) & ~(nuint)(LineBytes - 1));

        int blockFloats = BlockRows * options.Dimension;
        for (; end - next >= BlockRows; next += BlockRows)
        {
            Rows<TStores>(next, next + BlockRows, buffer, ref state, tables, options);
            for (int i = 0; i < blockFloats; i += LineFloats)
                TStores.StreamLine(row + i, buffer + i);
            row += blockFloats;
        }

        return next;
    }

    private static float* Rows<TStores>(byte* next, byte* end, float* row, ref FeatureState state, RowTables tables,
        HslFeatureOptions options)
        where TStores : struct, IRowStores
        => options switch
        {
            { IncludeBits: false, MomentumPhase: false } => Rows<TStores, No, No>(next, end, row, ref state, tables),
            { IncludeBits: true, MomentumPhase: false } => Rows<TStores, Yes, No>(next, end, row, ref state, tables),
            { IncludeBits: false, MomentumPhase: true } => Rows<TStores, No, Yes>(next, end, row, ref state, tables),
            _ => Rows<TStores, Yes, Yes>(next, end, row, ref state, tables),
        };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float* Rows<TStores, TBits, TMomentum>(byte* next, byte* end, float* row, ref FeatureState state, RowTables tables)
        where TStores : struct, IRowStores
        where TBits : struct, IFlag
        where TMomentum : struct, IFlag
    {
        float* deltaRows = tables.Delta;
        float* changeRows = tables.Change;
        float* tailRows = tables.Tail;
        float* boundaries = tables.Boundaries;
        uint* deltaCodes = FeatureTables.DeltaCodes;
        uint* changeCodes = FeatureTables.ChangeCodes;
        uint previousGray = state.Gray;
        uint previousTail = state.Tail;
        uint previous = state.Value;

        for (; next < end; next++)
        {
            uint value = *next;
            uint delta = deltaCodes[value];
            uint gray = delta & 0xFF;
            uint change = gray ^ previousGray;
            uint codes = delta + changeCodes[change];
            float boundary = boundaries[previousTail + ((codes >> 8) & 0xFF)];

            if (TBits.IsOn)
            {
                TStores.Eight(row, changeRows + (value * RowTables.BitRowLength));
                row += 8;
            }

            TStores.TwiceEight(
                row, deltaRows + (gray * RowTables.BitRowLength), changeRows + (change * RowTables.BitRowLength));
            TStores.Tail(row + 16, tailRows + (value * RowTables.TailRowLength), boundary);

            if (TMomentum.IsOn)
            {
                // A multiple of 1/512 below 1: exact in float.
                float radius = 0.5f + (MathF.Abs((int)(value - previous)) * (1f / 512));
                float* phase = tailRows + (value * RowTables.TailRowLength) + 9;
                row[25] = phase[0] * radius;
                row[26] = phase[1] * radius;
            }

            row += HslFeatures.Dimension;
            previous = value;
            previousGray = gray;
            previousTail = codes >> 16;
        }

        state = new FeatureState(previous, previousGray, previousTail, IsStart: false);
        return row;
    }
}
