namespace HslEmbeddingZero;

/// <summary>
/// The tables that a row of 27 floats is copied from: those of the published features, or of the same layout with other values or a fixed
/// scaling of the channels. Every piece of a row is within one cache line. Keep the object alive while its pointers are read.
/// </summary>
internal sealed unsafe class RowTables
{
    /// <summary>Floats of one row of <see cref="Delta"/> and <see cref="Change"/>.</summary>
    public const int BitRowLength = 8;

    /// <summary>Floats of one row of <see cref="Tail"/>: 64 bytes, one cache line.</summary>
    public const int TailRowLength = 16;

    private const int ByteValues = 256;
    private const int BoundaryColumn = 16;
    private const int BoundaryCodes = 28;
    private const int FirstBoundaryCodes = 16;
    private const int LineFloats = 16;

    // Pinned, because the pointers point into it.
    private readonly float[] _memory = GC.AllocateArray<float>(
        2 * ByteValues * BitRowLength + ByteValues * TailRowLength + 2 * LineFloats + FirstBoundaryCodes + 2 * LineFloats + LineFloats,
        pinned: true);

    /// <param name="values">256×18 value columns: Δ, Fourier, phase.</param>
    /// <param name="scaling">Fixed scaling applied to every column.</param>
    public RowTables(ReadOnlySpan<float> values, ChannelScaling scaling)
    {
        float* start;
        fixed (float* memory = _memory) start = (float*)(((nuint)memory + 63) & ~(nuint)63);
        Delta = start;
        Change = Delta + ByteValues * BitRowLength;
        Tail = Change + ByteValues * BitRowLength;
        Boundaries = Tail + ByteValues * TailRowLength;
        FirstBoundaries = Boundaries + 2 * LineFloats;
        ClearBits = FirstBoundaries + FirstBoundaryCodes;
        SetBits = ClearBits + LineFloats;

        for (int value = 0; value < ByteValues; value++)
        {
            ReadOnlySpan<float> row = values.Slice(value * HslFeatures.ValueDimension, HslFeatures.ValueDimension);
            for (int j = 0; j < 8; j++)
            {
                Delta[FeatureTables.Gray((byte)value) * BitRowLength + j] = ChannelScale.Apply(scaling, j, row[j]);
                Change[value * BitRowLength + j] = ChannelScale.Apply(scaling, 8 + j, (value >> (7 - j)) & 1);
            }

            for (int j = 1; j <= 10; j++)
                Tail[value * TailRowLength + j] = ChannelScale.Apply(scaling, BoundaryColumn + j, row[7 + j]);
        }

        for (int code = 0; code < BoundaryCodes; code++)
            Boundaries[code] = ChannelScale.Apply(scaling, BoundaryColumn, FeatureTables.Boundary(code));
        for (int code = 0; code < FirstBoundaryCodes; code++)
            FirstBoundaries[code] = ChannelScale.Apply(scaling, BoundaryColumn, FeatureTables.FirstBoundary(code));

        for (int channel = 0; channel < LineFloats; channel++)
        {
            ClearBits[channel] = ChannelScale.Apply(scaling, channel, 0);
            SetBits[channel] = ChannelScale.Apply(scaling, channel, 1);
        }

        DeltaIsBits = true;
        for (int i = 0; i < ByteValues * BitRowLength; i++)
            DeltaIsBits &= Delta[i] == (((i / BitRowLength) >> (7 - i % BitRowLength) & 1) == 0 ? ClearBits : SetBits)[i % BitRowLength];

        // One table in the L1 cache rather than two.
        int bits = ByteValues * BitRowLength;
        if (new Span<float>(Delta, bits).SequenceEqual(new Span<float>(Change, bits))) Delta = Change;
    }

    /// <summary>The published features.</summary>
    public static RowTables Plain { get; } = new(FeatureTables.ValueTable, ChannelScaling.None);

    /// <summary>Columns 0-7, by the Gray code of the byte.</summary>
    public float* Delta { get; }

    /// <summary>Columns 8-15, by gray(v_i) ^ gray(v_{i-1}); in the plain tables also the 8 bits of a code.</summary>
    public float* Change { get; }

    /// <summary>
    /// Whether columns 0-7 are the bits of the Gray code, with one value for a clear bit and one for a set bit in each column. Columns 8-15
    /// always are such bits.
    /// </summary>
    public bool DeltaIsBits { get; }

    /// <summary>Values of columns 0-15 for a clear bit.</summary>
    public float* ClearBits { get; }

    /// <summary>Values of columns 0-15 for a set bit.</summary>
    public float* SetBits { get; }

    /// <summary>Columns 16-26 by byte, padded to 16: the boundary's place, the 8 Fourier parts, the phase pair, five zeros.</summary>
    public float* Tail { get; }

    /// <summary>The boundary of a byte with a predecessor, by 2(H + T).</summary>
    public float* Boundaries { get; }

    /// <summary>The boundary of a first byte, by 2H.</summary>
    public float* FirstBoundaries { get; }
}
