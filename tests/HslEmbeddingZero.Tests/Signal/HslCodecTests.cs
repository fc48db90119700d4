using CsCheck;

namespace HslEmbeddingZero.Tests.Signal;

public class HslCodecTests
{
    public static TheoryData<string> Cases => HslFeaturesTests.Cases;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Frames_equal_the_reference_exactly(string name)
    {
        GoldenCase golden = GoldenFeatures.Case(name);
        HslFrame frame = HslCodec.Encode(golden.Bytes);
        Assert.Equal(golden.Length, frame.ByteCount);
        Assert.Equal(golden.Delta, frame.Delta.ToArray().Select(bit => (int)bit));
        Assert.Equal(golden.Delta2, frame.Delta2.ToArray().Select(bit => (int)bit));
        Assert.Equal(golden.Boundary, frame.Boundary.ToArray());
        Assert.Equal(golden.Bytes, HslCodec.Decode(frame));
    }

    [Fact]
    public void Every_byte_value_survives()
    {
        for (int value = 0; value < 256; value++)
            Assert.Equal([(byte)value], HslCodec.Decode(HslCodec.Encode([(byte)value])));
    }

    [Fact]
    public void Any_bytes_survive()
        => Gen.Byte.Array[0, 200].Sample(bytes => Assert.Equal(bytes, HslCodec.Decode(HslCodec.Encode(bytes))));

    [Fact]
    public void Frame_agrees_with_the_features()
    {
        Gen.Byte.Array[1, 100].Sample(bytes =>
        {
            HslFrame frame = HslCodec.Encode(bytes);
            float[] rows = HslFeatures.Encode(bytes);
            for (int i = 0; i < bytes.Length; i++)
            {
                for (int j = 0; j < 8; j++)
                {
                    Assert.Equal(rows[(i * HslFeatures.Dimension) + j], frame.Delta.Span[(i * 8) + j]);
                    Assert.Equal(rows[(i * HslFeatures.Dimension) + 8 + j], frame.Delta2.Span[(i * 8) + j]);
                }

                Assert.Equal(rows[(i * HslFeatures.Dimension) + 16], frame.Boundary.Span[i]);
            }
        });
    }

    [Fact]
    public void Empty_input_is_the_closing_bit_alone()
    {
        HslFrame frame = HslCodec.Encode([]);
        Assert.Equal([1], frame.BitSignal.ToArray());
        Assert.True(frame.Bits.IsEmpty && frame.Delta.IsEmpty && frame.Delta2.IsEmpty && frame.Boundary.IsEmpty);
        Assert.Empty(HslCodec.Decode(frame));
    }

    [Fact]
    public void Bit_signal_is_the_bits_and_a_closing_one()
    {
        HslFrame frame = HslCodec.Encode([0b1010_0001]);
        Assert.Equal([1, 0, 1, 0, 0, 0, 0, 1], frame.Bits.ToArray());
        Assert.Equal([1, 0, 1, 0, 0, 0, 0, 1, 1], frame.BitSignal.ToArray());
    }

    [Fact]
    public void A_missing_closing_bit_is_refused()
    {
        Refused("BitSignal holds 16 values: the closing bit is missing.", signal: signal => signal[..^1]);
        Refused("BitSignal ends in 0 at position 16: the closing bit, a 1, is missing.", signal: signal => With(signal, 16, 0));
        Refused("BitSignal holds 0 values: the closing bit is missing.", signal: _ => []);
        Refused("BitSignal holds 12 values; it must hold 8 per byte and one closing bit.", signal: signal => signal[..12]);
    }

    [Fact]
    public void Lengths_that_disagree_are_refused()
    {
        const string expectation = "BitSignal tells of 2 bytes, so it must hold 16.";
        Refused("Bits holds 8 values; " + expectation, bits: bits => bits[..8]);
        Refused("Delta holds 15 values; " + expectation, delta: delta => delta[..15]);
        Refused("Delta2 holds 17 values; " + expectation, delta2: delta2 => [.. delta2, 0]);
        Refused("Boundary holds 1 values; BitSignal tells of 2 bytes.", boundary: boundary => boundary[..1]);
    }

    [Fact]
    public void Values_other_than_bits_are_refused()
    {
        Refused("BitSignal holds 2 at position 3; a bit is 0 or 1.", signal: signal => With(signal, 3, 2));
        Refused("Bits holds 255 at position 0; a bit is 0 or 1.", bits: bits => With(bits, 0, 255));
        Refused("Delta holds 7 at position 9; a bit is 0 or 1.", delta: delta => With(delta, 9, 7));
        Refused("Delta2 holds 3 at position 15; a bit is 0 or 1.", delta2: delta2 => With(delta2, 15, 3));
    }

    [Fact]
    public void Contradictions_are_refused()
    {
        Refused("Bits is 1 at position 0 (byte 0, bit 0), where BitSignal is 0.", bits: bits => Flip(bits, 0));
        Refused("BitSignal is 0 at position 10 (byte 1, bit 2), where the sum of Delta is 1.", delta: delta => Flip(delta, 10));
        Refused("Delta2 is 1 at position 8 (byte 1, bit 0), where the change of Delta is 0.", delta2: delta2 => Flip(delta2, 8));
        Refused("Boundary is 1.25 at byte 1, where Delta makes it", boundary: boundary => [boundary[0], 1.25f]);
    }

    [Fact]
    public void Any_flipped_bit_is_noticed()
    {
        HslFrame frame = HslCodec.Encode("binding"u8);
        for (int i = 0; i < frame.Delta.Length; i++)
        {
            int at = i;
            Assert.Throws<FormatException>(() => HslCodec.Decode(Changed(frame, delta: delta => Flip(delta, at))));
            Assert.Throws<FormatException>(() => HslCodec.Decode(Changed(frame, delta2: delta2 => Flip(delta2, at))));
            Assert.Throws<FormatException>(() => HslCodec.Decode(Changed(frame, bits: bits => Flip(bits, at))));
            Assert.Throws<FormatException>(() => HslCodec.Decode(Changed(frame, signal: signal => Flip(signal, at))));
        }
    }

    [Fact]
    public void No_frame_is_refused() => Assert.Throws<ArgumentNullException>(() => HslCodec.Decode(null!));

    // The frame of 0x01 0x01 with one part changed must be refused with this message.
    private static void Refused(
        string message,
        Func<byte[], byte[]>? bits = null,
        Func<byte[], byte[]>? signal = null,
        Func<byte[], byte[]>? delta = null,
        Func<byte[], byte[]>? delta2 = null,
        Func<float[], float[]>? boundary = null)
    {
        HslFrame frame = Changed(HslCodec.Encode([1, 1]), bits, signal, delta, delta2, boundary);
        FormatException error = Assert.Throws<FormatException>(() => HslCodec.Decode(frame));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    private static HslFrame Changed(
        HslFrame frame,
        Func<byte[], byte[]>? bits = null,
        Func<byte[], byte[]>? signal = null,
        Func<byte[], byte[]>? delta = null,
        Func<byte[], byte[]>? delta2 = null,
        Func<float[], float[]>? boundary = null)
        => new()
        {
            Bits = (bits ?? Same)(frame.Bits.ToArray()),
            BitSignal = (signal ?? Same)(frame.BitSignal.ToArray()),
            Delta = (delta ?? Same)(frame.Delta.ToArray()),
            Delta2 = (delta2 ?? Same)(frame.Delta2.ToArray()),
            Boundary = (boundary ?? Same)(frame.Boundary.ToArray()),
        };

    private static T Same<T>(T value) => value;

    private static byte[] Flip(byte[] bits, int position) => With(bits, position, (byte)(1 - bits[position]));

    private static byte[] With(byte[] bits, int position, byte value)
    {
        bits[position] = value;
        return bits;
    }
}
