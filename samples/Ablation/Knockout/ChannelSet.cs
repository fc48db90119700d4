namespace HslEmbeddingZero.Samples;

/// <summary>Channels that are silenced together: a group, or one of the 27.</summary>
internal sealed record ChannelSet(string Name, IReadOnlyList<int> Columns)
{
    /// <summary>The groups from the largest to the smallest, then the channels in column order.</summary>
    public static IReadOnlyList<ChannelSet> All { get; } =
    [
        .. Enum.GetValues<HslChannelGroup>().Where(group => group != HslChannelGroup.Bits)
            .Select(group => new ChannelSet(HslChannels.Format(group), HslChannels.Columns(group)))
            .OrderByDescending(set => set.Columns.Count),
        .. HslFeatures.Names().Select((name, column) => new ChannelSet(name, [column])).Where(
            set => set.Name != HslChannels.Format(HslChannelGroup.Boundary)),
    ];
}
