namespace HslEmbeddingZero.Samples.Demo;

/// <summary>Description of a feature column, for the page.</summary>
/// <param name="Name">Name of the column.</param>
/// <param name="Group">Name of its group.</param>
/// <param name="Low">Lowest value of the column.</param>
/// <param name="High">Highest value of the column.</param>
internal sealed record ChannelDescription(string Name, string Group, float Low, float High)
{
    /// <summary>All 27 columns, in order.</summary>
    public static IReadOnlyList<ChannelDescription> All { get; } = Describe();

    private static ChannelDescription[] Describe()
    {
        float[][] rows = [.. Enumerable.Range(0, 256).Select(value => HslFeatures.Encode([(byte)value]))];
        HslChannelGroup[] groups = [HslChannelGroup.Delta, HslChannelGroup.Delta2, HslChannelGroup.Boundary, HslChannelGroup.Fourier,
            HslChannelGroup.Phase];
        var all = new ChannelDescription[HslFeatures.Dimension];
        foreach (HslChannelGroup group in groups)
        {
            // The 256 first bytes cover the whole range of every column.
            foreach (int column in HslChannels.Columns(group))
                all[column] = new ChannelDescription(HslFeatures.Names()[column], HslChannels.Format(group), rows.Min(row => row[column]),
                    rows.Max(row => row[column]));
        }

        return all;
    }
}
