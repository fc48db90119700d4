using System.Numerics;
using System.Runtime.InteropServices;

namespace HslEmbeddingZero;

/// <summary>
/// The tables that the features are computed from: the 256×18 value table and the small sums for the boundary. The formulas fill them once,
/// at start-up.
/// </summary>
/// <remarks>
/// The energy of bit j is e_j = Δ_j + Δ²_j / 2, a multiple of one half, so twice a sum of energies is an integer. A byte has two such
/// sums: the head 2·H over its first five bits (0..15) and the tail 2·T over its last four (0..12). The boundary of a byte is
/// (T of the previous byte + H of this one) / 9, and 2(H + T) in 0..27 identifies it exactly.
/// </remarks>
internal static unsafe class FeatureTables
{
    private const int ByteValues = 256;
    private const int HeadMask = 0b1111_1000;
    private const int TailMask = 0b0000_1111;
    private const int HeadTerms = 5;
    private const int HeadAndTailTerms = 9;

    private static readonly float[] _valueTable = BuildValueTable();
    private static readonly float[] _boundaries = BuildBoundaries(27, HeadAndTailTerms);
    private static readonly float[] _firstBoundaries = BuildBoundaries(15, HeadTerms);

    /// <summary>For a byte v: gray(v), twice Δ's share of the head, twice Δ's share of the tail, in bits 0-7, 8-15, 16-23.</summary>
    public static readonly uint* DeltaCodes = BuildDeltaCodes();

    /// <summary>For gray(v_i) ^ gray(v_{i-1}): twice Δ²'s share of the head and of the tail, in bits 8-15 and 16-23.</summary>
    public static readonly uint* ChangeCodes = BuildChangeCodes();

    /// <summary>256 rows of 18 floats, row-major: Δ (8), Fourier (8), phase (2).</summary>
    public static ReadOnlySpan<float> ValueTable => _valueTable;

    /// <summary>The reflected Gray code of a byte: v ^ (v &gt;&gt; 1).</summary>
    public static byte Gray(byte value) => (byte)(value ^ (value >> 1));

    /// <summary>2·H: twice the energy of the first five bits of a byte, in 0..15.</summary>
    /// <param name="previousByteOrMinus1">The byte before, or -1 for the first byte, whose Δ² partner is 0.</param>
    /// <param name="value">The byte, 0..255.</param>
    public static int HeadCode(int previousByteOrMinus1, int value) => EnergyCode(previousByteOrMinus1, value, HeadMask);

    /// <summary>2·T: twice the energy of the last four bits of a byte, in 0..12.</summary>
    /// <param name="previousByteOrMinus1">The byte before, or -1 for the first byte, whose Δ² partner is 0.</param>
    /// <param name="value">The byte, 0..255.</param>
    public static int TailCode(int previousByteOrMinus1, int value) => EnergyCode(previousByteOrMinus1, value, TailMask);

    /// <summary>The boundary of a byte with a predecessor: (H + T) / 9, divided in double and stored as float.</summary>
    /// <param name="headPlusTail">2·H of the byte plus 2·T of its predecessor, 0..27.</param>
    public static float Boundary(int headPlusTail) => _boundaries[headPlusTail];

    /// <summary>The boundary of a first byte: H / 5, divided in double and stored as float.</summary>
    /// <param name="headCode">2·H of the byte, 0..15.</param>
    public static float FirstBoundary(int headCode) => _firstBoundaries[headCode];

    private static int EnergyCode(int previousByteOrMinus1, int value, int mask)
    {
        int gray = Gray((byte)value);
        int partner = previousByteOrMinus1 < 0 ? 0 : Gray((byte)previousByteOrMinus1);
        return 2 * BitOperations.PopCount((uint)(gray & mask)) + BitOperations.PopCount((uint)((gray ^ partner) & mask));
    }

    private static float[] BuildBoundaries(int largestCode, int terms)
    {
        float[] values = new float[largestCode + 1];
        for (int code = 0; code < values.Length; code++)
            values[code] = (float)(code / 2.0 / terms);
        return values;
    }

    private static float[] BuildValueTable()
    {
        float[] table = new float[ByteValues * HslFeatures.ValueDimension];
        for (int value = 0; value < ByteValues; value++)
        {
            Span<float> row = table.AsSpan(value * HslFeatures.ValueDimension, HslFeatures.ValueDimension);
            WriteBits(Gray((byte)value), row[..8]);
            WriteFourier(value, row.Slice(8, 8));

            // The angle is a float too: 2π rounded once, then scaled exactly.
            float angle = MathF.Tau * value / ByteValues;
            row[16] = SingleTrigonometry.Cos(angle);
            row[17] = SingleTrigonometry.Sin(angle);
        }

        return table;
    }

    private static void WriteBits(int value, Span<float> destination)
    {
        for (int j = 0; j < 8; j++)
            destination[j] = (value >> (7 - j)) & 1;
    }

    // X_k = Σ_j b_j · e^(-2πi·jk/8), real parts of X_0..X_4 and imaginary parts of X_1..X_3; the rest follows by symmetry. The only
    // irrational factor is √½, so each part is an integer plus or minus √½ times an integer: exact up to one rounding.
    private static void WriteFourier(int value, Span<float> destination)
    {
        Span<int> b = stackalloc int[8];
        for (int j = 0; j < 8; j++)
            b[j] = (value >> (7 - j)) & 1;

        double diagonalReal = Math.Sqrt(0.5) * (b[1] - b[3] - b[5] + b[7]);
        double diagonalImaginary = Math.Sqrt(0.5) * (b[1] + b[3] - b[5] - b[7]);
        int even = b[0] + b[2] + b[4] + b[6];
        int odd = b[1] + b[3] + b[5] + b[7];

        destination[0] = even + odd;
        destination[1] = (float)(b[0] - b[4] + diagonalReal);
        destination[2] = b[0] - b[2] + b[4] - b[6];
        destination[3] = (float)(b[0] - b[4] - diagonalReal);
        destination[4] = even - odd;
        destination[5] = (float)(b[6] - b[2] - diagonalImaginary);
        destination[6] = b[3] - b[1] + b[7] - b[5];
        destination[7] = (float)(b[2] - b[6] - diagonalImaginary);
    }

    private static uint* BuildDeltaCodes()
    {
        uint* codes = AllocateForever<uint>(ByteValues);
        for (int value = 0; value < ByteValues; value++)
        {
            int gray = Gray((byte)value);
            codes[value] = (uint)gray | (2 * PackedCounts(gray));
        }

        return codes;
    }

    private static uint* BuildChangeCodes()
    {
        uint* codes = AllocateForever<uint>(ByteValues);
        for (int change = 0; change < ByteValues; change++)
            codes[change] = PackedCounts(change);
        return codes;
    }

    private static uint PackedCounts(int bits)
        => (uint)((BitOperations.PopCount((uint)(bits & HeadMask)) << 8) | (BitOperations.PopCount((uint)(bits & TailMask)) << 16));

    // Static tables live as long as the process: they are never freed, and never move.
    private static T* AllocateForever<T>(int count)
        where T : unmanaged
        => (T*)NativeMemory.AlignedAlloc((nuint)(count * sizeof(T)), 64);
}
