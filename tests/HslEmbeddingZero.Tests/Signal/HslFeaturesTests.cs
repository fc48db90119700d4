using CsCheck;

namespace HslEmbeddingZero.Tests.Signal;

public class HslFeaturesTests
{
    public static TheoryData<string> Cases => [.. GoldenFeatures.Instance.Cases.Select(golden => golden.Name)];

    public static TheoryData<bool, bool> Layouts => new() { { false, false }, { true, false }, { false, true }, { true, true } };

    [Fact]
    public void The_reference_has_eleven_cases() => Assert.Equal(11, GoldenFeatures.Instance.Cases.Length);

    [Fact]
    public void Names_are_the_reference_s()
    {
        Assert.Equal(GoldenFeatures.Instance.Names, HslFeatures.Names());
        Assert.Equal(GoldenFeatures.Instance.FullNames, HslFeatures.Names(includeBits: true));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Features_equal_the_reference_exactly(string name)
    {
        GoldenCase golden = GoldenFeatures.Case(name);
        FeatureAssert.Same(golden.Features.RowMajor, HslFeatures.Encode(golden.Bytes), HslFeatures.Dimension);
        Assert.Equal(new[] { Math.Max(1, golden.Bytes.Length), HslFeatures.Dimension }, golden.Features.Shape);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Features_with_bits_equal_the_reference_exactly(string name)
    {
        GoldenCase golden = GoldenFeatures.Case(name);
        float[] actual = HslFeatures.Encode(golden.Bytes, new HslFeatureOptions(IncludeBits: true));
        FeatureAssert.Same(golden.FullFeatures.RowMajor, actual, HslFeatures.FullDimension);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Features_with_momentum_equal_the_reference_exactly(string name)
    {
        GoldenCase golden = GoldenFeatures.Case(name);
        float[] actual = HslFeatures.Encode(golden.Bytes, new HslFeatureOptions(MomentumPhase: true));
        FeatureAssert.Same(golden.MomentumFeatures.RowMajor, actual, HslFeatures.Dimension);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Phase_columns_belong_to_the_reference_angle(string name)
    {
        GoldenCase golden = GoldenFeatures.Case(name);
        ReadOnlySpan<byte> bytes = golden.Bytes.Length == 0 ? [0] : golden.Bytes;
        float[] rows = HslFeatures.Encode(golden.Bytes);
        for (int i = 0; i < bytes.Length; i++)
        {
            Assert.Equal(golden.Phase[i], MathF.Tau * bytes[i] / 256);
            Assert.Equal(Math.Cos(golden.Phase[i]), rows[(i * HslFeatures.Dimension) + 25], 1e-6);
            Assert.Equal(Math.Sin(golden.Phase[i]), rows[(i * HslFeatures.Dimension) + 26], 1e-6);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Both_lenses_together_put_the_bits_before_the_momentum_layout(bool viaSpan)
    {
        byte[] bytes = GoldenFeatures.Case("random64").Bytes;
        var options = new HslFeatureOptions(IncludeBits: true, MomentumPhase: true);
        float[] both = new float[64 * HslFeatures.FullDimension];
        if (viaSpan)
            HslFeatures.Encode(bytes, both, options);
        else
            both = HslFeatures.Encode(bytes, options);

        float[] momentum = HslFeatures.Encode(bytes, new HslFeatureOptions(MomentumPhase: true));
        for (int i = 0; i < 64; i++)
        {
            ReadOnlySpan<float> row = both.AsSpan(i * HslFeatures.FullDimension, HslFeatures.FullDimension);
            Assert.Equal(Enumerable.Range(0, 8).Select(j => (float)((bytes[i] >> (7 - j)) & 1)), row[..8].ToArray());
            FeatureAssert.Same(momentum.AsSpan(i * HslFeatures.Dimension, HslFeatures.Dimension), row[8..], HslFeatures.Dimension);
        }
    }

    [Fact]
    public void Empty_input_is_one_zero_byte()
    {
        Assert.Equal(HslFeatures.Encode([0]), HslFeatures.Encode([]));
        Assert.Equal(HslFeatures.Dimension, HslFeatures.Length(0));
        Assert.Throws<ArgumentException>(() => HslFeatures.Encode([], new float[HslFeatures.Dimension - 1]));
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Anchor_rule_the_value_columns_of_a_byte_are_the_same_anywhere(bool includeBits, bool momentum)
    {
        var options = new HslFeatureOptions(includeBits, momentum);
        int[] columns = HslChannels.Columns([HslChannelGroup.Delta, HslChannelGroup.Fourier], options);
        Gen.Select(Gen.Byte.Array[0, 40], Gen.Byte).Sample((prefix, value) =>
        {
            float[] alone = HslFeatures.Encode([value], options);
            float[] after = HslFeatures.Encode([.. prefix, value], options);
            Assert.All(columns, column => Assert.Equal(alone[column], after[(prefix.Length * options.Dimension) + column]));
        });
    }

    [Fact]
    public void Every_column_stays_in_its_range_over_all_triples_of_a_sample()
    {
        Gen.Byte.Array[1, 64].Sample(bytes =>
        {
            float[] rows = HslFeatures.Encode(bytes);
            for (int i = 0; i < rows.Length; i++)
            {
                int column = i % HslFeatures.Dimension;
                (float low, float high) = column switch { < 16 => (0f, 1f), 16 => (0f, 1.5f), < 25 => (-4f, 8f), _ => (-1f, 1f) };
                Assert.InRange(rows[i], low, high);
                if (column < 16)
                    Assert.True(rows[i] is 0f or 1f);
            }
        });
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void What_lies_beyond_the_rows_is_left_alone(bool includeBits, bool momentum)
    {
        var options = new HslFeatureOptions(includeBits, momentum);
        foreach (FeaturePath path in Enum.GetValues<FeaturePath>().Where(FeatureKernel.IsSupported))
        {
            for (int length = 1; length < 20; length++)
            {
                float[] destination = new float[(length * options.Dimension) + 40];
                Array.Fill(destination, 7f);
                HslFeatures.Encode(new byte[length], destination, options, path, stream: false);
                Assert.All(destination[(length * options.Dimension)..], value => Assert.Equal(7f, value));
            }
        }
    }

    [Fact]
    public void Encode_allocates_nothing()
    {
        byte[] bytes = new byte[1000];
        float[] destination = new float[1000 * HslFeatures.FullDimension];
        HslChannelGroup[] groups = [HslChannelGroup.Value];
        float[] selected = new float[1000 * HslFeatures.ValueDimension];
        long allocated = long.MaxValue;
        for (int attempt = 0; attempt < 5 && allocated != 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            HslFeatures.Encode(bytes, destination);
            HslFeatures.Encode(bytes, destination, new HslFeatureOptions(true, true));
            HslFeatures.Encode(bytes, new HslContext(1, 2), destination);
            HslFeatures.Encode([], destination);
            HslChannels.Select(destination.AsSpan(0, 1000 * HslFeatures.Dimension), groups, selected);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }

    [Fact]
    public void A_short_destination_is_refused_with_both_lengths()
    {
        const string message = "The 27-D features of 5 bytes need 135 floats; the destination holds 134. (Parameter 'destination')";
        Assert.Equal(message, Assert.Throws<ArgumentException>(() => HslFeatures.Encode(new byte[5], new float[134])).Message);
        Assert.Equal(message,
            Assert.Throws<ArgumentException>(() => HslFeatures.Encode(new byte[5], default(HslContext), new float[134])).Message);
        Assert.Equal(message, Assert.Throws<ArgumentException>(() => HslFeatures.EncodeParallel(new byte[5], new float[134])).Message);
        ArgumentException parallel = Assert.Throws<ArgumentException>(
            () => HslFeatures.EncodeParallel(new byte[100_000], new float[9], new HslFeatureOptions(true), 2));
        Assert.Contains("35-D features of 100000 bytes need 3500000 floats; the destination holds 9", parallel.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Lengths_are_counted_beyond_what_a_span_holds()
    {
        Assert.Equal((long)HslFeatures.Dimension << 30, HslFeatures.Length(1L << 30));
        Assert.Equal((long)HslFeatures.FullDimension << 30, HslFeatures.Length(1L << 30, new HslFeatureOptions(IncludeBits: true)));
        Assert.Throws<ArgumentOutOfRangeException>(() => HslFeatures.Length(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => HslFeatures.Length(long.MaxValue));
    }

    [Fact]
    public void An_array_beyond_the_runtime_s_limit_is_refused_before_it_is_made()
    {
        byte[] bytes = new byte[(Array.MaxLength / HslFeatures.Dimension) + 1];
        ArgumentException error = Assert.Throws<ArgumentException>(() => HslFeatures.Encode(bytes));
        Assert.Contains("encode in pieces", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_default_to_the_plain_layout()
    {
        Assert.Equal(new HslFeatureOptions(false, false), default);
        Assert.Equal(27, default(HslFeatureOptions).Dimension);
        Assert.Equal(35, new HslFeatureOptions(IncludeBits: true).Dimension);
        Assert.Equal(HslFeatures.Dimension, HslFeatures.ValueDimension + HslFeatures.ContextDimension);
    }
}
