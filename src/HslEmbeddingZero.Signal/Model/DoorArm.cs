namespace HslEmbeddingZero;

/// <summary>
/// A door by the name that tables, command lines and model files use. The arm says everything about a door but its sizes and its seed.
/// </summary>
/// <param name="Name">The name.</param>
/// <param name="Kind">The structure of the door.</param>
/// <param name="Values">The value columns; for the kinds that read features.</param>
/// <param name="Scaling">The scaling of the channels; for the kinds that read features.</param>
/// <param name="Ngrams">Codes of the last bytes, or null for none.</param>
internal sealed record DoorArm(
    string Name,
    DoorKind Kind,
    ControlKind Values = ControlKind.Hsl,
    ChannelScaling Scaling = ChannelScaling.None,
    NgramCodes? Ngrams = null)
{
    /// <summary>Every arm.</summary>
    public static IReadOnlyList<DoorArm> All { get; } =
    [
        new("zero", DoorKind.Zero),
        new("zero-standardized", DoorKind.Zero, Scaling: ChannelScaling.Standardized),
        new("projection", DoorKind.Projection),
        new("projection-standardized", DoorKind.Projection, Scaling: ChannelScaling.Standardized),
        new("embedding", DoorKind.Embedding),
        new("embedding-pooled", DoorKind.PooledEmbedding),
        new("learned", DoorKind.Zero, ControlKind.Learned),
        new("random", DoorKind.Zero, ControlKind.Random),
        new("permuted", DoorKind.Zero, ControlKind.Permuted),
        new("learned-projection", DoorKind.Projection, ControlKind.Learned),
        new("random-projection", DoorKind.Projection, ControlKind.Random),
        new("permuted-projection", DoorKind.Projection, ControlKind.Permuted),
        new("one-hot", DoorKind.OneHot),
        new("zero-ngram", DoorKind.Zero, Scaling: ChannelScaling.Standardized, Ngrams: NgramCodes.Default),
        new("projection-ngram", DoorKind.Projection, Scaling: ChannelScaling.Standardized, Ngrams: NgramCodes.Default),
    ];

    /// <summary>The arm with a name.</summary>
    /// <exception cref="ArgumentException">There is no such arm.</exception>
    public static DoorArm Named(string arm) => All.FirstOrDefault(known => known.Name == arm) ?? throw new ArgumentException(
        $"Unknown arm '{arm}'; known are {string.Join(", ", All.Select(known => known.Name))}.", nameof(arm));

    /// <summary>
    /// The arm of a door. If no arm has the codes of the door, it is the arm without codes. Null if the door belongs to no arm.
    /// </summary>
    public static DoorArm? Of(
        DoorKind kind, ControlKind values = ControlKind.Hsl, ChannelScaling scaling = ChannelScaling.None, NgramCodes? ngrams = null)
    {
        DoorArm[] alike = [.. All.Where(arm => arm.Kind == kind && arm.Values == values && arm.Scaling == scaling)];
        return Array.Find(alike, arm => arm.Ngrams == ngrams) ?? Array.Find(alike, arm => arm.Ngrams is null);
    }

    /// <summary>The codes of a door of this arm: those given, or the arm's own if none are given.</summary>
    /// <exception cref="ArgumentException">The arm takes no codes, and some are given.</exception>
    public NgramCodes? Codes(NgramCodes? ngrams)
    {
        if (ngrams is not null && Kind is not (DoorKind.Zero or DoorKind.Projection))
            throw new ArgumentException($"The arm '{Name}' takes no n-gram codes; these were given: {ngrams}.", nameof(ngrams));
        return ngrams ?? Ngrams;
    }
    /// <summary>Checks that the columns of a door without a linear layer fit into its width.</summary>
    /// <exception cref="ArgumentException">They need more than <paramref name="dim"/> columns.</exception>
    public void RequireRoom(int bytesPerSlot, int dim, NgramCodes? ngrams)
    {
        if (Kind == DoorKind.OneHot) SlotRoom.RequireBytes(bytesPerSlot, dim, byte.MaxValue + 1);
        if (Kind != DoorKind.Zero) return;
        SlotRoom.RequireBytes(bytesPerSlot, dim, HslFeatures.Dimension);
        if (ngrams is not null) SlotRoom.RequireCodes(bytesPerSlot, dim, ngrams);
    }
}
