namespace HslEmbeddingZero;

/// <summary>Files that are there whole or not at all: written under a temporary name beside their own, then renamed.</summary>
internal static class AtomicFile
{
    /// <summary>
    /// Two seconds in all. A virus scanner or an indexer holds a new file for some milliseconds, a reader of weights for longer.
    /// </summary>
    internal const int Tries = 20;

    private const int SharingViolation = unchecked((int)0x80070020);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Writes a file, down to the disk.</summary>
    /// <param name="path">
    /// Its name. ".NAME.tmp" beside it is the temporary one: what a killed process leaves is replaced by the next.
    /// </param>
    /// <param name="write">Writes the content.</param>
    public static void Write(string path, Action<FileStream> write)
    {
        string temporary = TemporaryOf(path);
        FileStream file = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None); // Where another writes, its file must stay.
        try
        {
            using (file)
            {
                write(file);
                file.Flush(flushToDisk: true);
            }

            Replace(temporary, path);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>The same for what writes to a name.</summary>
    public static void Write(string path, Action<string> write)
    {
        string temporary = TemporaryOf(path);
        try
        {
            write(temporary);
            Replace(temporary, path);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Writes text. Lines end in "\n" on every system, so that the same results give the same file.</summary>
    public static void WriteText(string path, string text) =>
        Write(path, temporary => File.WriteAllText(temporary, text.Replace("\r\n", "\n", StringComparison.Ordinal)));

    /// <summary>Renames a file over another.</summary>
    /// <remarks>
    /// Linux and macOS rename over a file that others have open; Windows refuses until they close it. A scanner that looks at the last
    /// checkpoint shall not end a run of hours, so on Windows the rename waits for a while.
    /// </remarks>
    public static void Replace(string temporary, string path)
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

    private static string TemporaryOf(string path)
    {
        string target = Path.GetFullPath(path);
        return Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.tmp");
    }
}
