namespace HslEmbeddingZero.Tests.Signal;

public class HslChannelsTests
{
    private static readonly HslFeatureOptions _full = new(IncludeBits: true);

    [Theory]
    [InlineData(HslChannelGroup.Bits, "bits", null, 0, 8)]
    [InlineData(HslChannelGroup.Delta, "delta", 0, 8, 8)]
    [InlineData(HslChannelGroup.Delta2, "delta2", 8, 16, 8)]
    [InlineData(HslChannelGroup.Boundary, "boundary", 16, 24, 1)]
    [InlineData(HslChannelGroup.Fourier, "fourier", 17, 25, 8)]
    [InlineData(HslChannelGroup.Phase, "phase", 25, 33, 2)]
    public void Plain_groups_have_fixed_names_and_addresses(HslChannelGroup group, string name, int? plain, int full, int count)
    {
        Assert.Equal(name, HslChannels.Format(group));
        Assert.Equal(group, HslChannels.Parse(name));
        Assert.Equal(group, HslChannels.Parse(name.ToUpperInvariant()));
        Assert.Equal(Enumerable.Range(full, count), HslChannels.Columns(group, _full));
        if (plain is { } first)
            Assert.Equal(Enumerable.Range(first, count), HslChannels.Columns(group));
    }

    [Fact]
    public void Value_and_context_partition_the_plain_layout()
    {
        Assert.Equal([.. Enumerable.Range(0, 8), .. Enumerable.Range(17, 10)], HslChannels.Columns(HslChannelGroup.Value));
        Assert.Equal(Enumerable.Range(8, 9), HslChannels.Columns(HslChannelGroup.Context));
        Assert.Equal(Enumerable.Range(0, HslFeatures.Dimension), HslChannels.Columns([HslChannelGroup.Context, HslChannelGroup.Value]));
        Assert.Equal(HslFeatures.ValueDimension, HslChannels.Columns(HslChannelGroup.Value, _full).Length);
        Assert.Equal("value", HslChannels.Format(HslChannelGroup.Value));
        Assert.Equal(HslChannelGroup.Context, HslChannels.Parse("context"));
    }

    [Fact]
    public void Selection_copies_columns_in_column_order_once()
    {
        float[] features = HslFeatures.Encode("hello"u8, _full);
        float[] selected = new float[(5 * 10) + 1];
        selected[^1] = 7f;
        int columns = HslChannels.Select(
            features, [HslChannelGroup.Phase, HslChannelGroup.Bits, HslChannelGroup.Phase], selected, _full);
        Assert.Equal(10, columns);
        for (int i = 0; i < 5; i++)
        {
            FeatureAssert.Same(features.AsSpan(i * HslFeatures.FullDimension, 8), selected.AsSpan(i * 10, 8), 8);
            FeatureAssert.Same(features.AsSpan((i * HslFeatures.FullDimension) + 33, 2), selected.AsSpan((i * 10) + 8, 2), 2);
        }

        Assert.Equal(7f, selected[^1]);
    }

    [Fact]
    public void No_rows_select_to_nothing() => Assert.Equal(8, HslChannels.Select([], [HslChannelGroup.Delta], []));

    [Fact]
    public void Bits_asked_of_the_plain_layout_are_refused()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => HslChannels.Columns(HslChannelGroup.Bits));
        Assert.Equal("The 27-D layout has no bits; they are columns 0-7 of the 35-D one (IncludeBits). (Parameter 'groups')",
            error.Message);
        Assert.Throws<ArgumentException>(
            () => HslChannels.Select(new float[HslFeatures.Dimension], [HslChannelGroup.Bits], new float[HslFeatures.Dimension]));
    }

    [Fact]
    public void Unknown_names_and_values_are_refused()
    {
        FormatException error = Assert.Throws<FormatException>(() => HslChannels.Parse("fouriere"));
        Assert.Equal(
            "'fouriere' is not a channel group; the groups are bits, delta, delta2, boundary, fourier, phase, value, context.",
            error.Message);
        Assert.Throws<ArgumentNullException>(() => HslChannels.Parse(null!));
        Assert.False(HslChannels.TryParse(null, out _));
        Assert.False(HslChannels.TryParse("", out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => HslChannels.Format((HslChannelGroup)8));
        Assert.Throws<ArgumentOutOfRangeException>(() => HslChannels.Columns((HslChannelGroup)(-1)));
        Assert.Throws<ArgumentException>(() => HslChannels.Columns([]));
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_refused_with_the_numbers()
    {
        ArgumentException rest = Assert.Throws<ArgumentException>(
            () => HslChannels.Select(new float[HslFeatures.Dimension + 1], [HslChannelGroup.Delta], new float[8]));
        Assert.Equal("28 floats are not a whole number of 27-D rows: 1 are left over. (Parameter 'features')", rest.Message);

        ArgumentException room = Assert.Throws<ArgumentException>(
            () => HslChannels.Select(new float[2 * HslFeatures.Dimension], [HslChannelGroup.Delta], new float[15]));
        Assert.Equal("8 columns of 2 rows need 16 floats; the destination holds 15. (Parameter 'destination')", room.Message);
    }
}
