namespace HslEmbeddingZero.Samples;

/// <summary>
/// A door as a study names it: an arm of the library, modifiers behind plus signs, and the channels it reads, as in
/// <c>zero-standardized+hadamard</c> on <c>delta,phase</c>.
/// </summary>
internal sealed record DoorVariant
{
    private const string Zero = "zero";
    private const string ZeroStandardized = "zero-standardized";
    private const string Projection = "projection";
    private const string ProjectionStandardized = "projection-standardized";

    private static readonly string[] Bases = [Zero, ZeroStandardized, Projection, ProjectionStandardized];

    /// <summary>What may stand behind a plus sign; the README says what each does.</summary>
    private static readonly string[] Modifiers = ["hadamard", "bits", "momentum", "address", "gain"];

    private DoorVariant(string arm, string channels)
    {
        string[] parts = arm.Split('+');
        Arm = parts[0];
        Channels = channels;
        Modified = parts[1..].ToHashSet(StringComparer.Ordinal);
        Columns = ColumnsOf(channels);
    }

    /// <summary>The arm without its modifiers.</summary>
    public string Arm { get; }

    /// <summary>The channels as they were named.</summary>
    public string Channels { get; }

    /// <summary>Names of the modifiers.</summary>
    public IReadOnlySet<string> Modified { get; }

    /// <summary>Columns of the 35-column layout, the bits first, ascending.</summary>
    public IReadOnlyList<int> Columns { get; private init; }

    public bool IsProjection => Arm is Projection or ProjectionStandardized;

    public ChannelScaling Scaling => Arm is ZeroStandardized or ProjectionStandardized ? ChannelScaling.Standardized : ChannelScaling.None;

    /// <exception cref="ArgumentException">An unknown arm, modifier or channel, or some that do not go together.</exception>
    public static DoorVariant Parse(string arm, string channels)
    {
        DoorVariant variant = new(arm, channels);
        if (!DoorArms.Names.Contains(variant.Arm))
            throw new ArgumentException($"Unknown arm '{variant.Arm}'; known are {string.Join(", ", DoorArms.Names)}.");
        if (variant.Modified.FirstOrDefault(name => !Modifiers.Contains(name)) is { } unknown)
            throw new ArgumentException($"Unknown modifier '{unknown}' in '{arm}'; known are {string.Join(", ", Modifiers)}.");
        if (variant.IsPlain) return variant;
        if (!Bases.Contains(variant.Arm))
            throw new ArgumentException($"'{variant.Arm}' takes no modifiers and no channels other than all; {string.Join(", ", Bases)} do.");
        if (variant.Modified.Contains("gain") && variant.Arm != ZeroStandardized)
            throw new ArgumentException($"'gain' needs channels of deviation 1: {ZeroStandardized}, not {variant.Arm}.");
        if (variant.IsProjection && variant.Modified.Overlaps(["address", "hadamard"]))
            throw new ArgumentException($"'{arm}': a learned projection takes neither address nor hadamard.");
        if (variant.Modified.Contains("bits") && channels != RunKey.AllChannels)
            throw new ArgumentException($"'{arm}' on channels '{channels}': name the channel group bits among the channels instead.");
        return variant.Modified.Contains("bits") ? variant with { Columns = [.. Enumerable.Range(0, HslFeatures.FullDimension)] } : variant;
    }

    /// <summary>Makes the door.</summary>
    /// <param name="bytesPerSlot">K.</param>
    /// <param name="dim">Width of a slot.</param>
    /// <param name="seed">Seed of a control's draw.</param>
    /// <exception cref="ArgumentException">K bytes that do not fit, or a width that the variant cannot take.</exception>
    public InputDoor Create(int bytesPerSlot, int dim, int seed) =>
        IsPlain ? DoorArms.Create(Arm, bytesPerSlot, dim, seed) : new VariantDoor(this, bytesPerSlot, dim);

    private bool IsPlain => Modified.Count == 0 && Channels == RunKey.AllChannels;

    private static int[] ColumnsOf(string channels)
    {
        HslFeatureOptions full = new(IncludeBits: true);
        if (channels == RunKey.AllChannels) return [.. Enumerable.Range(HslFeatures.FullDimension - HslFeatures.Dimension, HslFeatures.Dimension)];
        IReadOnlyList<string> names = HslFeatures.Names(includeBits: true);
        return
        [
            .. channels.Split(',').SelectMany(channel =>
            {
                if (HslChannels.TryParse(channel, out HslChannelGroup group)) return HslChannels.Columns(group, full);
                int column = names.Index().Where(name => name.Item == channel).Select(name => name.Index).DefaultIfEmpty(-1).First();
                if (column >= 0) return [column];
                string groups = string.Join(", ", Enum.GetValues<HslChannelGroup>().Select(HslChannels.Format));
                throw new ArgumentException($"Unknown channel '{channel}'; known are all, the groups {groups}, and {string.Join(", ", names)}.");
            }).Distinct().Order(),
        ];
    }
}
