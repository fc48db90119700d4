namespace HslEmbeddingZero.Training.Tests.Data;

/// <summary>Ids of samples and bytes of files, one against the other.</summary>
internal static class Ids
{
    public static short[] Of(ReadOnlySpan<byte> bytes)
    {
        short[] ids = new short[bytes.Length];
        for (int i = 0; i < ids.Length; i++) ids[i] = bytes[i];
        return ids;
    }

    /// <summary>The ids as text, one character each: ids that are equal, and only those, have equal keys.</summary>
    public static string Key(ReadOnlySpan<short> ids) => string.Create(ids.Length, ids, (characters, all) =>
    {
        for (int i = 0; i < characters.Length; i++) characters[i] = (char)all[i];
    });
}
