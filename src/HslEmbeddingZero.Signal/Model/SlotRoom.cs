namespace HslEmbeddingZero;

/// <summary>Whether the columns of a slot or a stream position fit into the width of a door.</summary>
internal static class SlotRoom
{
    /// <summary>Checks that K bytes with their own columns fit into a slot.</summary>
    /// <exception cref="ArgumentException">They need more than <paramref name="dim"/> columns.</exception>
    public static void RequireBytes(int bytesPerSlot, int dim, int channelsPerByte)
    {
        if ((long)bytesPerSlot * channelsPerByte <= dim) return;
        throw new ArgumentException(
            $"{bytesPerSlot} bytes per slot need {(long)bytesPerSlot * channelsPerByte} channels ({channelsPerByte} each), "
            + $"more than dim {dim}; at most {dim / channelsPerByte} bytes fit.", nameof(bytesPerSlot));
    }

    /// <summary>Checks that n-gram codes fit after the features, in a stream position and, if slots have them too, in a slot.</summary>
    /// <exception cref="ArgumentException">Features and codes together need more than <paramref name="dim"/> columns.</exception>
    public static void RequireCodes(int bytesPerSlot, int dim, NgramCodes ngrams)
    {
        Require(1, "stream position");
        if (ngrams.InSlots) Require(bytesPerSlot, "slot");

        void Require(int bytes, string place)
        {
            long needed = ((long)HslFeatures.Dimension * bytes) + ngrams.Columns;
            if (needed <= dim) return;
            throw new ArgumentException(
                $"A {place} of {HslFeatures.Dimension * bytes} feature columns and {ngrams.Columns} n-gram columns ({ngrams}) needs "
                + $"{needed}, more than dim {dim}.", nameof(ngrams));
        }
    }
}
