using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace HslEmbeddingZero.Training.Tests.Data;

/// <summary>Compares ids of samples with bytes of files.</summary>
internal static class Ids
{
    public static short[] Of(ReadOnlySpan<byte> bytes)
    {
        short[] ids = new short[bytes.Length];
        for (int i = 0; i < ids.Length; i++) ids[i] = bytes[i];
        return ids;
    }

    /// <summary>128 bits instead of the ids, for millions of keys.</summary>
    public static UInt128 Digest(ReadOnlySpan<short> ids) => XxHash128.HashToUInt128(MemoryMarshal.AsBytes(ids));

    /// <summary>The ids as text, one character each. Keys are equal exactly where the ids are equal.</summary>
    public static string Key(ReadOnlySpan<short> ids) => string.Create(ids.Length, ids, (characters, all) =>
    {
        for (int i = 0; i < characters.Length; i++) characters[i] = (char)all[i];
    });
}
