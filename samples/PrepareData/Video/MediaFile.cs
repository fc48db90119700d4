namespace HslEmbeddingZero.Samples.PrepareData;

/// <summary>Files that cannot be a film or its subtitles, whatever their name says.</summary>
internal static class MediaFile
{
    private const int LongestPointer = 1024;

    /// <summary>Refuses a file of 0 bytes, and a git-LFS pointer.</summary>
    /// <exception cref="InvalidDataException">It is one of them.</exception>
    public static void RequireContent(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] start = new byte[LongestPointer + 1];
        int length = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        if (length == 0) throw new InvalidDataException($"{path}: the file is empty (0 bytes). Copy or download it again.");
        RefusePointer(path, start.AsSpan(0, length));
    }

    /// <summary>Refuses a git-LFS pointer: the small text that stands for a large file until it is fetched.</summary>
    /// <exception cref="InvalidDataException">The bytes are one.</exception>
    public static void RefusePointer(string path, ReadOnlySpan<byte> content)
    {
        if (content.Length <= LongestPointer && content.StartsWith("version https://git-lfs"u8))
            throw new InvalidDataException(
                $"{path}: a git-LFS pointer of {content.Length} bytes, not the file itself. Fetch the file with 'git lfs pull'.");
    }
}
