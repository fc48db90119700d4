namespace HslEmbeddingZero;

/// <summary>Gives a file that is whole its name, in place of an older one.</summary>
internal static class FileReplacement
{
    /// <summary>
    /// Two seconds in all. A virus scanner or an indexer holds a new file for some milliseconds, a reader of weights for longer.
    /// </summary>
    internal const int Tries = 20;

    private const int SharingViolation = unchecked((int)0x80070020);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Renames a file over another.</summary>
    /// <remarks>
    /// Linux and macOS rename over a file that others have open; Windows refuses until they close it. A scanner that looks at the last
    /// checkpoint shall not end a run of hours, so on Windows the rename waits for a while.
    /// </remarks>
    public static void Move(string temporary, string path)
    {
        if (OperatingSystem.IsWindows() && !Directory.Exists(path)) Repeat(() => File.Move(temporary, path, overwrite: true), Pause);
        else File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Does it again while it fails as Windows fails where another process holds the file.</summary>
    internal static void Repeat(Action action, TimeSpan pause)
    {
        for (int left = Tries; ; left--)
        {
            try
            {
                action();
                return;
            }
            catch (Exception error) when (left > 1 && (error is UnauthorizedAccessException || error.HResult == SharingViolation))
            {
                Thread.Sleep(pause);
            }
        }
    }
}
