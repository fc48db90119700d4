using static HslEmbeddingZero.Tests.Doors.DoorTensors;

namespace HslEmbeddingZero.Tests.Signal;

public sealed class NgramCodesTests
{
    private static readonly NgramCodes Default = new();

    /// <summary>
    /// Values from a short Python script with unbounded integers: w is the sum of byte[-1-i] · 256^i, x is w + n·0x9E3779B97F4A7C15, then
    /// comes the finaliser. Every result is modulo 2^64.
    /// </summary>
    public static TheoryData<byte[], ulong> Golden => new()
    {
        { [0, 0], 0x6e789e6aa1b965f4 },
        { [0, 0, 0], 0x06c45d188009454f },
        { "th"u8.ToArray(), 0xe249306eba69ce18 },
        { "the"u8.ToArray(), 0x3599c2a413c17a4d },
        { "the "u8.ToArray(), 0x0708579148a15d8b },
        { "zero, 12"u8.ToArray(), 0x7b961d7848882659 },
        { [255, 255, 255, 255, 255, 255, 255, 255], 0x405da438a39e8064 },
    };

    [Theory]
    [MemberData(nameof(Golden))]
    public void Columns_are_the_bits_of_the_code_the_lowest_first(byte[] ngram, ulong code)
    {
        NgramCodes codes = new() { Orders = [ngram.Length] };
        float[] rows = Encode(codes, ngram);
        Assert.All(rows[..^64], value => Assert.Equal(0f, value));
        Assert.Equal(Enumerable.Range(0, 64).Select(c => ((code >> c) & 1) != 0 ? 0.5f : -0.5f), rows[^64..]);
    }

    [Fact]
    public void The_generator_gives_what_it_gave()
    {
        Assert.Equal(0xE220A8397B1DCDAFUL, SplitMix64.Mix(0)); // first output of the seed 0, as published
        Assert.Equal(0x6E789E6AA1B965F4UL, SplitMix64.Mix(SplitMix64.GoldenGamma)); // second output of the same seed
    }

    [Fact]
    public void The_default_has_orders2_to4_of64_columns_in_the_stream_alone()
    {
        Assert.Equal([2, 3, 4], Default.Orders);
        Assert.Equal((64, 192, 0.5f, false), (Default.ColumnsPerOrder, Default.Columns, Default.Amplitude, Default.InSlots));
    }

    [Fact]
    public void An_order_is_zero_where_the_start_is_nearer_than_its_bytes()
    {
        NgramCodes codes = new() { Orders = [2, 5, 8], ColumnsPerOrder = 3, Amplitude = 2 };
        float[] rows = Encode(codes, RandomBytes(12, 1));
        for (int i = 0; i < 12; i++)
        {
            for (int order = 0; order < 3; order++)
            {
                bool isWhole = i + 1 >= codes.Orders[order];
                Assert.All(rows.AsSpan(i * 9 + order * 3, 3).ToArray(), value => Assert.Equal(isWhole ? 2 : 0, Math.Abs(value)));
            }
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(8)]
    public void Different_ngrams_have_different_codes(int order)
    {
        HashSet<ulong> words = [], codes = [];
        Random random = new(order);
        for (int i = 0; i < 100_000; i++)
        {
            // Also neighbouring values, whose hashes a weak mixer would make similar.
            ulong word = (i % 2 == 0 ? (ulong)random.NextInt64() : (ulong)i) & NgramCodes.WordMask(order);
            if (words.Add(word)) Assert.True(codes.Add(NgramCodes.Code(word, order)));
        }

        Assert.True(order > 2 ? words.Count > 90_000 : words.Count > 50_000);
    }

    /// <summary>The first row has no row before it.</summary>
    [Fact]
    public void The_codes_of_the_row_before_follow_where_they_are_asked_for()
    {
        NgramCodes own = new() { Orders = [2, 3, 8], ColumnsPerOrder = 5 }, both = own with { WithPrevious = true };
        byte[] bytes = RandomBytes(50, 3);
        float[] expected = Encode(own, bytes), rows = Encode(both, bytes);
        Assert.Equal((15, 30), (own.Columns, both.Columns));
        for (int i = 0; i < bytes.Length; i++)
        {
            Assert.Equal(expected.AsSpan(i * 15, 15), rows.AsSpan(i * 30, 15));
            Assert.Equal(i == 0 ? new float[15] : expected.AsSpan((i - 1) * 15, 15), rows.AsSpan((i * 30) + 15, 15));
        }
    }

    /// <summary>
    /// All orders and a single order, column counts that do and do not fill words, lengths near a block and near every start.
    /// </summary>
    [Theory]
    [InlineData(new[] { 2, 3, 4 }, 64)]
    [InlineData(new[] { 2, 3, 4, 5, 6, 7, 8 }, 64)]
    [InlineData(new[] { 2, 3, 4, 5, 6, 7, 8 }, 63)]
    [InlineData(new[] { 2, 3, 4, 5, 6 }, 40)]
    [InlineData(new[] { 2, 3, 4, 5, 6, 7, 8 }, 32)]
    [InlineData(new[] { 3, 5, 8 }, 17)]
    [InlineData(new[] { 2, 8 }, 1)]
    [InlineData(new[] { 2, 3 }, 8)]
    [InlineData(new[] { 2 }, 16)]
    [InlineData(new[] { 8 }, 64)]
    public void Every_path_equals_the_scalar_one_bit_for_bit(int[] orders, int columns)
    {
        NgramCodes own = new() { Orders = orders, ColumnsPerOrder = columns, Amplitude = 0.3f };
        foreach ((FeaturePath path, NgramCodes codes) in
            from path in Enum.GetValues<FeaturePath>().Where(NgramKernel.IsSupported)
            from codes in new[] { own, own with { WithPrevious = true } }
            select (path, codes))
        {
            foreach ((int bytesPerRow, int spare) in new[] { (1, 0), (1, 3), (1, 32), (2, 5), (3, 0), (8, 7), (11, 1) })
            {
                foreach (int rows in new[] { 1, 2, 3, 7, 8, 9, 15, 16, 17, 33, 50 })
                {
                    byte[] bytes = RandomBytes(rows * bytesPerRow, rows);
                    for (int skipped = 0; skipped < Math.Min(rows, 10); skipped += 3)
                    {
                        int width = codes.Columns + spare;
                        float[] expected = Filled(), actual = Filled();
                        Write(expected, FeaturePath.Scalar);
                        Write(actual, path);
                        bool isEqual = Bits(expected).AsSpan().SequenceEqual(Bits(actual));
                        Assert.True(isEqual, $"{path}, {bytesPerRow} a row, {rows} rows from {skipped}");

                        float[] Filled()
                        {
                            float[] room = new float[(rows - skipped) * width + 16];
                            Array.Fill(room, 7);
                            return room;
                        }

                        void Write(float[] room, FeaturePath by) => NgramKernel.Write(
                            bytes, skipped * bytesPerRow, rows - skipped, bytesPerRow, room.AsSpan(skipped % 5), width, codes, by);
                    }
                }
            }
        }
    }

    [Fact]
    public void A_code_depends_on_its_own_bytes_alone()
    {
        byte[] bytes = RandomBytes(40, 2);
        float[] rows = Encode(Default, bytes);
        for (int changed = 0; changed < bytes.Length; changed++)
        {
            byte[] others = [.. bytes];
            others[changed] ^= 0x10;
            float[] otherRows = Encode(Default, others);
            for (int i = 0; i < bytes.Length; i++)
            {
                for (int order = 0; order < 3; order++)
                {
                    bool isInside = i >= changed && i - changed < Default.Orders[order] && i + 1 >= Default.Orders[order];
                    bool isEqual = rows.AsSpan(i * 192 + order * 64, 64).SequenceEqual(otherRows.AsSpan(i * 192 + order * 64, 64));
                    Assert.Equal(!isInside, isEqual);
                }
            }
        }
    }

    [Fact]
    public void What_is_behind_the_rows_is_left_alone()
    {
        float[] room = new float[3 * 192 + 5];
        Array.Fill(room, 9);
        Default.Encode("abc"u8, room);
        Assert.All(room[^5..], value => Assert.Equal(9f, value));
        Assert.Null(Record.Exception(() => Default.Encode([], [])));
    }

    [Fact]
    public void A_destination_that_is_too_short_is_refused()
    {
        string message = Assert.Throws<ArgumentException>(() => Default.Encode("abc"u8, new float[575])).Message;
        Assert.Contains("576", message, StringComparison.Ordinal);
        Assert.Contains("575", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_out_of_range_are_named_with_their_limits()
    {
        Refused<ArgumentNullException>(() => new() { Orders = null! });
        Refused<ArgumentException>(() => new() { Orders = [] }, "at least one");
        Refused<ArgumentOutOfRangeException>(() => new() { Orders = [1, 2] }, "2..8", "1");
        Refused<ArgumentOutOfRangeException>(() => new() { Orders = [2, 9] }, "2..8", "9");
        Refused<ArgumentException>(() => new() { Orders = [3, 2] }, "ascend", "2 stands behind 3");
        Refused<ArgumentException>(() => new() { Orders = [3, 3] }, "ascend", "3 stands behind 3");
        Refused<ArgumentOutOfRangeException>(() => new() { ColumnsPerOrder = 0 }, "1..64", "0");
        Refused<ArgumentOutOfRangeException>(() => new() { ColumnsPerOrder = 65 }, "1..64", "65");
        foreach (float amplitude in new[] { 0, -0.5f, float.NaN, float.PositiveInfinity })
            Refused<ArgumentOutOfRangeException>(() => new() { Amplitude = amplitude }, "positive and finite");

        static void Refused<T>(Func<NgramCodes> create, params string[] parts)
            where T : ArgumentException
        {
            string message = Assert.Throws<T>(create).Message;
            foreach (string part in parts) Assert.Contains(part, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Equal_values_are_equal_and_a_later_change_of_the_list_changes_nothing()
    {
        int[] orders = [2, 3, 4];
        NgramCodes codes = new() { Orders = orders };
        Assert.Equal(Default, codes);
        Assert.Equal(Default.GetHashCode(), codes.GetHashCode());
        Assert.Equal(Default.ToString(), codes.ToString());
        orders[2] = 8;
        Assert.Equal(Default, codes);
        NgramCodes[] others =
            [codes with { Orders = [2, 3] }, codes with { ColumnsPerOrder = 63 }, codes with { Amplitude = 1 },
                codes with { InSlots = true }, codes with { WithPrevious = true }];
        foreach (NgramCodes other in others)
        {
            Assert.NotEqual(Default, other);
            Assert.NotEqual(Default.ToString(), other.ToString());
        }
    }

    private static float[] Encode(NgramCodes codes, ReadOnlySpan<byte> bytes)
    {
        float[] rows = new float[bytes.Length * codes.Columns];
        codes.Encode(bytes, rows);
        return rows;
    }
}
