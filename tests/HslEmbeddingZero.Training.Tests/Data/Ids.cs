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

    /// <summary>The ids as text, one character each. Keys are equal exactly where the ids are equal.</summary>
    public static string Key(ReadOnlySpan<short> ids) => string.Create(ids.Length, ids, (characters, all) =>
    {
        for (int i = 0; i < characters.Length; i++) characters[i] = (char)all[i];
    });
}
