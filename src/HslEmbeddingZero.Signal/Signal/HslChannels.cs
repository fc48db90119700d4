using System.Numerics;

namespace HslEmbeddingZero;

/// <summary>Names, columns and selection of the channel groups of a feature row.</summary>
public static class HslChannels
{
    private static readonly HslChannelGroup[] _groups = Enum.GetValues<HslChannelGroup>();
    private static readonly string[] _names = ["bits", "delta", "delta2", "boundary", "fourier", "phase", "value", "context"];

    // Bit c set: the group holds column c of the 35-D layout. The 27-D layout is the same, eight columns to the left.
    private const ulong BitsMask = 0xFFUL;
    private const ulong DeltaMask = 0xFFUL << 8;
    private const ulong Delta2Mask = 0xFFUL << 16;
    private const ulong BoundaryMask = 1UL << 24;
    private const ulong FourierMask = 0xFFUL << 25;
    private const ulong PhaseMask = 0b11UL << 33;

    /// <summary>The name of a group, in lower case.</summary>
    /// <param name="group">The group.</param>
    /// <returns>
    /// <c>bits</c>, <c>delta</c>, <c>delta2</c>, <c>boundary</c>, <c>fourier</c>, <c>phase</c>, <c>value</c> or <c>context</c>.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="group"/> is not a member of the enumeration.</exception>
    public static string Format(HslChannelGroup group)
    {
        ThrowIfUndefined(group, nameof(group));
        return _names[(int)group];
    }

    /// <summary>The group of a name. Case is ignored.</summary>
    /// <param name="name">One of the eight names of <see cref="Format"/>.</param>
    /// <returns>The group.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="name"/> is null.</exception>
    /// <exception cref="FormatException"><paramref name="name"/> is not one of the eight names.</exception>
    public static HslChannelGroup Parse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return TryParse(name, out HslChannelGroup group)
            ? group
            : throw new FormatException($"'{name}' is not a channel group; the groups are {string.Join(", ", _names)}.");
    }

    /// <summary>The group of a name, if it has one. Case is ignored.</summary>
    /// <param name="name">A name, or null.</param>
    /// <param name="group">The group, or <see cref="HslChannelGroup.Bits"/> if there is none.</param>
    /// <returns>Whether <paramref name="name"/> is one of the eight.</returns>
    public static bool TryParse(string? name, out HslChannelGroup group)
    {
        int index = Array.FindIndex(_names, known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
        group = index < 0 ? default : _groups[index];
        return index >= 0;
    }

    /// <summary>The columns of a group.</summary>
    /// <param name="group">The group.</param>
    /// <param name="options">The layout. In the 35-D layout, every group except the bits is eight columns further right.</param>
    /// <returns>Column numbers, ascending.</returns>
    /// <exception cref="ArgumentException">The bits are requested from the 27-D layout.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="group"/> is not a member of the enumeration.</exception>
    public static int[] Columns(HslChannelGroup group, HslFeatureOptions options = default) => Columns([group], options);

    /// <summary>The columns of several groups together. Groups may repeat or overlap; a column is listed once.</summary>
    /// <param name="groups">The groups, in any order; at least one.</param>
    /// <param name="options">The layout.</param>
    /// <returns>Column numbers, ascending.</returns>
    /// <exception cref="ArgumentException">No group is given, or the bits are requested from the 27-D layout.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A group is not a member of the enumeration.</exception>
    public static int[] Columns(ReadOnlySpan<HslChannelGroup> groups, HslFeatureOptions options = default)
    {
        ulong mask = Mask(groups, options);
        int[] columns = new int[BitOperations.PopCount(mask)];
        List(mask, columns);
        return columns;
    }

    /// <summary>
    /// Copies the columns of some groups out of feature rows. The copy is in column order, whatever the order of the groups.
    /// </summary>
    /// <param name="features">[L, 27|35] floats, row-major, as <see cref="HslFeatures"/> wrote them.</param>
    /// <param name="groups">The groups, in any order; at least one. Repeats and overlaps are copied once.</param>
    /// <param name="destination">Receives [L, C] floats, row-major; anything beyond them stays unchanged.</param>
    /// <param name="options">The layout of <paramref name="features"/>.</param>
    /// <returns>C, the number of columns copied per row.</returns>
    /// <exception cref="ArgumentException">
    /// <paramref name="features"/> is not a whole number of rows, no group is given, the bits are requested from the 27-D layout, or
    /// <paramref name="destination"/> is too short.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A group is not a member of the enumeration.</exception>
    public static int Select(
        ReadOnlySpan<float> features,
        ReadOnlySpan<HslChannelGroup> groups,
        Span<float> destination,
        HslFeatureOptions options = default)
    {
        ulong mask = Mask(groups, options);
        (int rows, int rest) = Math.DivRem(features.Length, options.Dimension);
        if (rest != 0)
        {
            throw new ArgumentException(
                $"{features.Length} floats are not a whole number of {options.Dimension}-D rows: {rest} are left over.", nameof(features));
        }

        Span<int> columns = stackalloc int[BitOperations.PopCount(mask)];
        List(mask, columns);
        if (destination.Length < (long)rows * columns.Length)
        {
            throw new ArgumentException(
                $"{columns.Length} columns of {rows} rows need {(long)rows * columns.Length} floats; the destination holds "
                    + $"{destination.Length}.",
                nameof(destination));
        }

        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> from = features.Slice(row * options.Dimension, options.Dimension);
            Span<float> to = destination.Slice(row * columns.Length, columns.Length);
            for (int i = 0; i < columns.Length; i++)
                to[i] = from[columns[i]];
        }

        return columns.Length;
    }

    private static ulong Mask(ReadOnlySpan<HslChannelGroup> groups, HslFeatureOptions options)
    {
        if (groups.IsEmpty)
            throw new ArgumentException("No channel group is given.", nameof(groups));

        ulong mask = 0;
        foreach (HslChannelGroup group in groups)
        {
            ThrowIfUndefined(group, nameof(groups));
            mask |= group switch
            {
                HslChannelGroup.Bits => BitsMask,
                HslChannelGroup.Delta => DeltaMask,
                HslChannelGroup.Delta2 => Delta2Mask,
                HslChannelGroup.Boundary => BoundaryMask,
                HslChannelGroup.Fourier => FourierMask,
                HslChannelGroup.Phase => PhaseMask,
                HslChannelGroup.Value => DeltaMask | FourierMask | PhaseMask,
                _ => Delta2Mask | BoundaryMask,
            };
        }

        if (options.IncludeBits)
            return mask;
        if ((mask & BitsMask) != 0)
        {
            throw new ArgumentException(
                $"The {HslFeatures.Dimension}-D layout has no bits; they are columns 0-7 of the {HslFeatures.FullDimension}-D one "
                    + $"({nameof(HslFeatureOptions.IncludeBits)}).",
                nameof(groups));
        }

        return mask >> 8;
    }

    private static void List(ulong mask, Span<int> columns)
    {
        for (int i = 0; i < columns.Length; i++, mask &= mask - 1)
            columns[i] = BitOperations.TrailingZeroCount(mask);
    }

    private static void ThrowIfUndefined(HslChannelGroup group, string parameterName)
    {
        if ((uint)group >= (uint)_groups.Length)
            throw new ArgumentOutOfRangeException(parameterName, group,
                $"The value is not a channel group; the groups are {string.Join(", ", _names)}.");
    }
}
