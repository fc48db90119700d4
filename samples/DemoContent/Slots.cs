namespace HslEmbeddingZero.Samples.Demo;

/// <summary>The slots that the page shows: the features of eight bytes side by side, then zeros.</summary>
internal static class Slots
{
    /// <summary>K of the slots shown.</summary>
    public const int BytesPerSlot = 8;

    /// <summary>Width of the slots shown.</summary>
    public const int Dim = 512;

    /// <summary>Slots of an input. An empty one counts as one 0x00 byte, as in the features.</summary>
    public static int Count(int bytes) => Math.Max(1, (bytes + BytesPerSlot - 1) / BytesPerSlot);

    /// <summary>Puts the rows of eight bytes side by side, as the zero door does: 0x00 bytes complete the last slot.</summary>
    /// <param name="bytes">The input.</param>
    /// <param name="slots">[Count, 512] floats. All are written.</param>
    public static void Pack(ReadOnlySpan<byte> bytes, Span<float> slots)
    {
        const int used = BytesPerSlot * HslFeatures.Dimension;
        byte[] padded = new byte[Count(bytes.Length) * BytesPerSlot];
        bytes.CopyTo(padded);
        ReadOnlySpan<float> rows = HslFeatures.Encode(padded);
        slots.Clear();
        for (int slot = 0; slot < slots.Length / Dim; slot++) rows.Slice(slot * used, used).CopyTo(slots[(slot * Dim)..]);
    }
}
