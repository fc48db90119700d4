namespace HslEmbeddingZero;

/// <summary>
/// The lossless codec behind the features: bytes to their bit-change signal and back. Decoding sums Δ modulo 2 within each byte, starting
/// from a virtual 0. Each byte is therefore recovered without its neighbours.
/// </summary>
public static class HslCodec
{
    private const int BitsPerByte = 8;

    /// <summary>Encodes bytes as their bit-change signal.</summary>
    /// <param name="bytes">L bytes. Empty input gives an empty frame: the closing bit alone.</param>
    /// <returns>The frame, from which <see cref="Decode"/> returns exactly <paramref name="bytes"/>.</returns>
    /// <exception cref="ArgumentException">
    /// An array cannot hold the bits of that many bytes (the limit is about 268 million bytes).
    /// </exception>
    public static HslFrame Encode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > (Array.MaxLength - 1) / BitsPerByte)
        {
            throw new ArgumentException(
                $"A frame holds at most {(Array.MaxLength - 1) / BitsPerByte} bytes; got {bytes.Length}. Encode in pieces.", nameof(bytes));
        }

        int bitCount = bytes.Length * BitsPerByte;
        byte[] signal = new byte[bitCount + 1];
        byte[] delta = new byte[bitCount];
        byte[] delta2 = new byte[bitCount];
        float[] boundary = new float[bytes.Length];
        signal[bitCount] = 1;

        HslContext context = default;
        for (int i = 0; i < bytes.Length; i++)
        {
            int gray = FeatureTables.Gray(bytes[i]);
            int before = FeatureTables.Gray(context.Previous ?? 0);
            WriteBits(bytes[i], signal.AsSpan(i * BitsPerByte, BitsPerByte));
            WriteBits(gray, delta.AsSpan(i * BitsPerByte, BitsPerByte));
            WriteBits(gray ^ before, delta2.AsSpan(i * BitsPerByte, BitsPerByte));
            boundary[i] = BoundaryOf(bytes[i], context);
            context = new HslContext(bytes[i], context.Previous);
        }

        return new HslFrame
        {
            Bits = signal.AsMemory(0, bitCount),
            BitSignal = signal,
            Delta = delta,
            Delta2 = delta2,
            Boundary = boundary,
        };
    }

    /// <summary>Recovers the bytes of a frame by integrating Δ. Every other part of the frame must agree with them.</summary>
    /// <param name="frame">A frame of L bytes.</param>
    /// <returns>The L bytes that were encoded.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="frame"/> is null.</exception>
    /// <exception cref="FormatException">
    /// The closing bit is missing, two lengths disagree, a value is neither 0 nor 1, or two parts contradict each other. The message
    /// names the part and the place.
    /// </exception>
    public static byte[] Decode(HslFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        ReadOnlySpan<byte> signal = frame.BitSignal.Span;
        int count = CheckSignal(signal);
        CheckBits(nameof(HslFrame.Bits), frame.Bits.Span, count);
        CheckBits(nameof(HslFrame.Delta), frame.Delta.Span, count);
        CheckBits(nameof(HslFrame.Delta2), frame.Delta2.Span, count);
        if (frame.Boundary.Length != count)
        {
            throw new FormatException(
                $"{nameof(HslFrame.Boundary)} holds {frame.Boundary.Length} values; {nameof(HslFrame.BitSignal)} tells of {count} bytes.");
        }

        byte[] bytes = Integrate(frame.Delta.Span, count);
        CheckAgreement(frame, signal, bytes);
        return bytes;
    }

    private static int CheckSignal(ReadOnlySpan<byte> signal)
    {
        if (signal.Length % BitsPerByte == 0)
            throw new FormatException($"{nameof(HslFrame.BitSignal)} holds {signal.Length} values: the closing bit is missing.");
        if (signal.Length % BitsPerByte != 1)
        {
            throw new FormatException(
                $"{nameof(HslFrame.BitSignal)} holds {signal.Length} values; it must hold {BitsPerByte} per byte and one closing bit.");
        }

        CheckBinary(nameof(HslFrame.BitSignal), signal);
        return signal[^1] == 1
            ? signal.Length / BitsPerByte
            : throw new FormatException(
                $"{nameof(HslFrame.BitSignal)} ends in 0 at position {signal.Length - 1}: the closing bit, a 1, is missing.");
    }

    private static void CheckBits(string part, ReadOnlySpan<byte> values, int byteCount)
    {
        if (values.Length != byteCount * BitsPerByte)
        {
            throw new FormatException(
                $"{part} holds {values.Length} values; {nameof(HslFrame.BitSignal)} tells of {byteCount} bytes, so it must hold "
                    + $"{byteCount * BitsPerByte}.");
        }

        CheckBinary(part, values);
    }

    private static void CheckBinary(string part, ReadOnlySpan<byte> values)
    {
        int at = values.IndexOfAnyExcept((byte)0, (byte)1);
        if (at >= 0)
            throw new FormatException($"{part} holds {values[at]} at position {at}; a bit is 0 or 1.");
    }

    private static byte[] Integrate(ReadOnlySpan<byte> delta, int count)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
        {
            int bit = 0;
            int value = 0;
            for (int j = 0; j < BitsPerByte; j++)
            {
                bit ^= delta[(i * BitsPerByte) + j];
                value = (value << 1) | bit;
            }

            bytes[i] = (byte)value;
        }

        return bytes;
    }

    private static void CheckAgreement(HslFrame frame, ReadOnlySpan<byte> signal, ReadOnlySpan<byte> bytes)
    {
        HslFrame expected = Encode(bytes);
        CheckSame(nameof(HslFrame.Bits), frame.Bits.Span, nameof(HslFrame.BitSignal), signal[..^1]);
        CheckSame(nameof(HslFrame.BitSignal), signal, "the sum of " + nameof(HslFrame.Delta), expected.BitSignal.Span);
        CheckSame(nameof(HslFrame.Delta2), frame.Delta2.Span, "the change of " + nameof(HslFrame.Delta), expected.Delta2.Span);

        ReadOnlySpan<float> boundary = frame.Boundary.Span;
        int at = boundary.CommonPrefixLength(expected.Boundary.Span);
        if (at < boundary.Length)
        {
            throw new FormatException(
                $"{nameof(HslFrame.Boundary)} is {boundary[at]} at byte {at}, where {nameof(HslFrame.Delta)} makes it "
                    + $"{expected.Boundary.Span[at]}.");
        }
    }

    private static void CheckSame(string part, ReadOnlySpan<byte> values, string other, ReadOnlySpan<byte> expected)
    {
        int at = values.CommonPrefixLength(expected);
        if (at < values.Length)
        {
            throw new FormatException(
                $"{part} is {values[at]} at position {at} (byte {at / BitsPerByte}, bit {at % BitsPerByte}), where {other} is "
                    + $"{expected[at]}.");
        }
    }

    private static float BoundaryOf(byte value, HslContext context)
    {
        if (context.Previous is not { } previous)
            return FeatureTables.FirstBoundary(FeatureTables.HeadCode(-1, value));

        int tail = FeatureTables.TailCode(context.BeforePrevious ?? -1, previous);
        return FeatureTables.Boundary(FeatureTables.HeadCode(previous, value) + tail);
    }

    private static void WriteBits(int value, Span<byte> destination)
    {
        for (int j = 0; j < BitsPerByte; j++)
            destination[j] = (byte)((value >> (BitsPerByte - 1 - j)) & 1);
    }
}
