using System.Globalization;
using System.Text.RegularExpressions;

namespace HslEmbeddingZero.Samples;

/// <summary>
/// A door as a study names it: an arm of the library, modifiers after plus signs, and the channels that it reads. An example is
/// <c>zero-standardized+hadamard</c> on <c>delta,phase</c>.
/// </summary>
internal sealed partial record DoorVariant
{
    private const string Zero = "zero";
    private const string ZeroStandardized = "zero-standardized";
    private const string Projection = "projection";
    private const string ProjectionStandardized = "projection-standardized";

    private static readonly string[] Bases = [Zero, ZeroStandardized, Projection, ProjectionStandardized];

    /// <summary>The modifiers, written after a plus sign. The README explains each.</summary>
    private static readonly string[] Modifiers =
    [
        "hadamard", "bits", "momentum", "address", "gain", "ngrams=FIRST-LASTxCOLUMNS@AMPLITUDE", "inslots", "only", "onehot",
        "buckets=BITS", "learned=BITS", "drop=PERCENT",
    ];

    private DoorVariant(string arm, string channels)
    {
        string[] parts = arm.Split('+');
        Arm = parts[0];
        Channels = channels;
        Modified = parts[1..].Where(part => !part.Contains('=')).ToHashSet(StringComparer.Ordinal);
        Columns = ColumnsOf(channels);
        foreach (string part in parts[1..].Where(part => part.Contains('='))) Read(part, arm);
        if (Ngrams is not null) Ngrams = Ngrams with { InSlots = Modified.Contains("inslots") };
    }

    /// <summary>The arm without its modifiers.</summary>
    public string Arm { get; }

    /// <summary>The channels as the study names them.</summary>
    public string Channels { get; }

    /// <summary>Names of the modifiers.</summary>
    public IReadOnlySet<string> Modified { get; }

    /// <summary>The columns that the door reads, ascending, in the 35-column layout (bits first).</summary>
    public IReadOnlyList<int> Columns { get; private init; }

    /// <summary>N-gram codes in the stream, with inslots also in the slots; null for none.</summary>
    public NgramCodes? Ngrams { get; private set; }

    /// <summary>
    /// N-grams share 2 to this power buckets per order, each with a fixed random code; null where every n-gram has its own code.
    /// </summary>
    public int? BucketBits { get; private set; }

    /// <summary>
    /// A learned table of 2 to this power rows per order replaces the codes; null where nothing is learned.
    /// </summary>
    public int? LearnedBits { get; private set; }

    /// <summary>Share of codes that training drops, independently for each position and order; 0 for none.</summary>
    public double Dropped { get; private set; }

    public bool IsProjection => Arm is Projection or ProjectionStandardized;

    public ChannelScaling Scaling => Arm is ZeroStandardized or ProjectionStandardized ? ChannelScaling.Standardized : ChannelScaling.None;

    /// <exception cref="ArgumentException">An arm, modifier or channel is unknown, or they cannot be combined.</exception>
    public static DoorVariant Parse(string arm, string channels)
    {
        DoorVariant variant = new(arm, channels);
        if (!DoorArms.Names.Contains(variant.Arm))
            throw new ArgumentException($"Unknown arm '{variant.Arm}'; known are {string.Join(", ", DoorArms.Names)}.");
        if (variant.Modified.FirstOrDefault(name => !Modifiers.Contains(name)) is { } unknown)
            throw new ArgumentException($"Unknown modifier '{unknown}' in '{arm}'; known are {string.Join(", ", Modifiers)}.");
        if (variant.Ngrams is null && (variant.IsDerived || variant.Modified.Contains("inslots")))
            throw new ArgumentException($"'{arm}': inslots, only, onehot, buckets, learned and drop need ngrams too.");
        if (variant.IsPlain) return variant;
        if (!Bases.Contains(variant.Arm))
            throw new ArgumentException(
                $"'{variant.Arm}' takes no modifiers and no channels other than all; {string.Join(", ", Bases)} do.");
        if (variant.Ngrams is not null && variant.Modified.Overlaps(["hadamard", "bits", "momentum", "address", "gain"]))
            throw new ArgumentException($"'{arm}': n-gram codes work with inslots, only, onehot, buckets, learned and drop alone.");
        if (variant.Ngrams is not null && channels != RunKey.AllChannels)
            throw new ArgumentException($"'{arm}' on channels '{channels}': n-gram codes need all channels.");
        if (variant.IsDerived && (variant.IsProjection || variant.Modified.Contains("inslots")))
            throw new ArgumentException($"'{arm}': only, onehot, buckets, learned and drop need a zero door without inslots.");
        if (variant.Forms > 1)
            throw new ArgumentException($"'{arm}': use one of only, onehot, buckets and learned without the others.");
        if (variant.Dropped > 0 && variant.LearnedBits is not null)
            throw new ArgumentException($"'{arm}': drop needs fixed codes, and learned has none.");
        if (variant.Modified.Contains("gain") && variant.Arm != ZeroStandardized)
            throw new ArgumentException($"'gain' needs channels of deviation 1: {ZeroStandardized}, not {variant.Arm}.");
        if (variant.IsProjection && variant.Modified.Overlaps(["address", "hadamard"]))
            throw new ArgumentException($"'{arm}': a learned projection takes neither address nor hadamard.");
        if (variant.Modified.Contains("bits") && channels != RunKey.AllChannels)
            throw new ArgumentException($"'{arm}' on channels '{channels}': name the channel group bits among the channels instead.");
        return variant.Modified.Contains("bits") ? variant with { Columns = [.. Enumerable.Range(0, HslFeatures.FullDimension)] } : variant;
    }

    /// <summary>Creates the door.</summary>
    /// <param name="bytesPerSlot">K, the bytes per slot.</param>
    /// <param name="dim">Width of a slot.</param>
    /// <param name="seed">Seed of a control door's random values.</param>
    /// <exception cref="ArgumentException">K bytes do not fit into the width, or the variant cannot have this width.</exception>
    public InputDoor Create(int bytesPerSlot, int dim, int seed) =>
        IsPlain ? DoorArms.Create(Arm, bytesPerSlot, dim, seed)
        : IsDerived ? new NgramVariantDoor(this, bytesPerSlot, dim)
        : Ngrams is null ? new VariantDoor(this, bytesPerSlot, dim)
        : IsProjection ? new ProjectionDoor(bytesPerSlot, dim, SlotTail.Pad, Scaling, Ngrams)
        : new ZeroDoor(bytesPerSlot, dim, SlotTail.Pad, Scaling, Ngrams);

    private bool IsPlain => Modified.Count == 0 && Ngrams is null && Channels == RunKey.AllChannels;

    /// <summary>How many forms of a code are named: only, onehot, buckets, learned.</summary>
    private int Forms =>
        new[] { Modified.Contains("only"), Modified.Contains("onehot"), BucketBits is not null, LearnedBits is not null }.Count(
            isNamed => isNamed);

    private bool IsDerived => Forms > 0 || Dropped > 0;

    [GeneratedRegex("^ngrams=([2-8])-([2-8])x([0-9]{1,2})@([0-9.]{1,8})$")]
    private static partial Regex NgramPattern { get; }

    [GeneratedRegex("^(buckets|learned)=([0-9]{1,2})$")]
    private static partial Regex BitsPattern { get; }

    [GeneratedRegex("^drop=([0-9]{1,2})$")]
    private static partial Regex DropPattern { get; }

    /// <summary>Reads a modifier with a value.</summary>
    private void Read(string modifier, string arm)
    {
        if (NgramPattern.Match(modifier) is { Success: true } codes)
        {
            int first = Number(codes.Groups[1]), last = Number(codes.Groups[2]);
            if (first > last) throw new ArgumentException($"'{modifier}' in '{arm}': the first order is above the last.");
            Ngrams = new NgramCodes
            {
                Orders = [.. Enumerable.Range(first, last - first + 1)],
                ColumnsPerOrder = Number(codes.Groups[3]),
                Amplitude = float.Parse(codes.Groups[4].ValueSpan, CultureInfo.InvariantCulture),
            };
        }
        else if (BitsPattern.Match(modifier) is { Success: true } bits && Number(bits.Groups[2]) is >= 1 and <= 20 and int power)
        {
            if (bits.Groups[1].ValueSpan is "buckets") BucketBits = power;
            else LearnedBits = power;
        }
        else if (DropPattern.Match(modifier) is { Success: true } drop && Number(drop.Groups[1]) is >= 1 and int percent)
        {
            Dropped = percent / 100.0;
        }
        else
        {
            throw new ArgumentException(
                $"Unknown modifier '{modifier}' in '{arm}'; known are {string.Join(", ", Modifiers)}, "
                    + "with 1 to 20 bits and 1 to 99 percent.");
        }

        static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);
    }

    private static int[] ColumnsOf(string channels)
    {
        HslFeatureOptions full = new(IncludeBits: true);
        if (channels == RunKey.AllChannels)
            return [.. Enumerable.Range(HslFeatures.FullDimension - HslFeatures.Dimension, HslFeatures.Dimension)];
        IReadOnlyList<string> names = HslFeatures.Names(includeBits: true);
        return
        [
            .. channels.Split(',').SelectMany(channel =>
            {
                if (HslChannels.TryParse(channel, out HslChannelGroup group)) return HslChannels.Columns(group, full);
                int column = names.Index().Where(name => name.Item == channel).Select(name => name.Index).DefaultIfEmpty(-1).First();
                if (column >= 0) return [column];
                string groups = string.Join(", ", Enum.GetValues<HslChannelGroup>().Select(HslChannels.Format));
                throw new ArgumentException(
                    $"Unknown channel '{channel}'; known are all, the groups {groups}, and {string.Join(", ", names)}.");
            }).Distinct().Order(),
        ];
    }
}
