namespace HslEmbeddingZero.Samples.Demo;

/// <summary>A feature column as the page draws it.</summary>
/// <param name="Name">Name of the column.</param>
/// <param name="Group">Name of its group.</param>
/// <param name="Low">Lowest value it takes.</param>
/// <param name="High">Highest value it takes.</param>
internal sealed record ChannelDescription(string Name, string Group, float Low, float High)
{
    /// <summary>All 27, in column order.</summary>
    public static IReadOnlyList<ChannelDescription> All { get; } = Describe();

    private static ChannelDescription[] Describe()
    {
        float[][] rows = [.. Enumerable.Range(0, 256).Select(value => HslFeatures.Encode([(byte)value]))];
        HslChannelGroup[] groups = [HslChannelGroup.Delta, HslChannelGroup.Delta2, HslChannelGroup.Boundary, HslChannelGroup.Fourier,
            HslChannelGroup.Phase];
        var all = new ChannelDescription[HslFeatures.Dimension];
        foreach (HslChannelGroup group in groups)
        {
            // First bytes already take every column from its lowest value to its highest.
            foreach (int column in HslChannels.Columns(group))
                all[column] = new ChannelDescription(HslFeatures.Names()[column], HslChannels.Format(group), rows.Min(row => row[column]),
                    rows.Max(row => row[column]));
        }

        return all;
    }
}
