using CsCheck;

namespace HslEmbeddingZero.Tests.Signal;

/// <summary>A long input in pieces gives the same features as the whole input.</summary>
public class HslContextTests
{
    [Fact]
    public void Pieces_of_any_size_equal_the_whole()
    {
        Gen.Select(Gen.Byte.Array[1, 300], Gen.Int[0, 7].Array[1, 20], Gen.Bool, Gen.Bool).Sample((bytes, sizes, includeBits, momentum) =>
        {
            if (sizes.Sum() == 0)
                sizes[0] = 1;

            var options = new HslFeatureOptions(includeBits, momentum);
            float[] rows = new float[bytes.Length * options.Dimension];
            HslContext context = default;
            int start = 0;
            for (int i = 0; start < bytes.Length; i++)
            {
                int size = Math.Min(sizes[i % sizes.Length], bytes.Length - start);
                ReadOnlySpan<byte> piece = bytes.AsSpan(start, size);
                HslFeatures.Encode(piece, context, rows.AsSpan(start * options.Dimension, size * options.Dimension), options);
                context = context.After(piece);
                start += size;
            }

            FeatureAssert.Same(HslFeatures.Encode(bytes, options), rows, options.Dimension);
        });
    }

    [Fact]
    public void One_gibibyte_through_a_small_buffer_keeps_every_border_exact()
    {
        const long total = 1L << 30;
        const int pieceLength = 4093; // prime, so that piece borders fall on all positions
        const int rowLength = HslFeatures.Dimension;

        // The input is a function of the position, so that any row can be checked without keeping the input.
        byte[] pattern = new byte[(1 << 16) + pieceLength];
        new Random(11).NextBytes(pattern);
        pattern.AsSpan(0, pieceLength).CopyTo(pattern.AsSpan(1 << 16));
        ReadOnlySpan<byte> At(long position, int length) => pattern.AsSpan((int)(position & 0xFFFF), length);

        // All rows except the first repeat with the period of the pattern, so one table of rows is enough.
        var context = new HslContext(pattern[0xFFFF], pattern[0xFFFE]);
        float[] expected = new float[0x10000 * rowLength];
        HslFeatures.Encode(pattern.AsSpan(0, 0x10000), context, expected);
        float[] first = HslFeatures.Encode(pattern.AsSpan(0, 2));

        float[] rows = new float[pieceLength * rowLength];
        context = default;
        int pieces = 0;
        for (long position = 0; position < total;)
        {
            ReadOnlySpan<byte> piece = At(position, (int)Math.Min(pieceLength, total - position));
            HslFeatures.Encode(piece, context, rows);
            foreach (int row in (ReadOnlySpan<int>)[0, 1, piece.Length / 2, piece.Length - 1])
            {
                ReadOnlySpan<float> want = position + row < 2
                    ? first.AsSpan(row * rowLength, rowLength)
                    : expected.AsSpan((int)((position + row) & 0xFFFF) * rowLength, rowLength);
                if (!want.SequenceEqual(rows.AsSpan(row * rowLength, rowLength)))
                    Assert.Fail($"byte {position + row}, row {row} of piece {pieces}");
            }

            context = context.After(piece);
            position += piece.Length;
            pieces++;
        }

        Assert.Equal((total + pieceLength - 1) / pieceLength, pieces);
    }

    [Fact]
    public void Context_after_pieces_is_the_last_two_bytes()
    {
        HslContext start = default;
        Assert.Equal(start, start.After([]));
        Assert.Equal(new HslContext(5), start.After([5]));
        Assert.Equal(new HslContext(6, 5), start.After([5]).After([6]));
        Assert.Equal(new HslContext(3, 2), start.After([9]).After([1, 2, 3]));
    }

    [Fact]
    public void An_empty_piece_writes_nothing()
    {
        float[] destination = [7f];
        HslFeatures.Encode([], default(HslContext), destination);
        Assert.Equal(7f, destination[0]);
        Assert.Null(Record.Exception(() => HslFeatures.Encode([], new HslContext(1), [])));
    }

    [Fact]
    public void A_context_without_the_previous_byte_is_refused()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => HslFeatures.Encode([1], new HslContext(null, 9), new float[HslFeatures.Dimension]));
        Assert.Equal("The context holds 9 before the previous byte, but no previous byte. (Parameter 'context')", error.Message);
    }
}
