using System.Runtime.Versioning;

namespace HslEmbeddingZero;

/// <summary>
/// Writes files that appear whole or not at all: each is written under a temporary name in the same folder, then renamed. A symbolic link
/// stays, and its target is written. The permissions of an existing file stay.
/// </summary>
/// <remarks>A pipe or a device, such as /dev/stdout, cannot be replaced. It is written directly.</remarks>
internal static class AtomicFile
{
    /// <summary>
    /// Attempts at a rename, two seconds in total. A virus scanner or an indexer holds a new file for some milliseconds, a reader of
    /// weights for longer.
    /// </summary>
    internal const int Tries = 20;

    private const int SharingViolation = unchecked((int)0x80070020);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Writes a file and flushes it to the disk.</summary>
    /// <param name="path">
    /// The file. The temporary file is ".NAME.tmp" in the same folder. If a killed process leaves one, the next write replaces it.
    /// </param>
    /// <param name="write">Writes the content from its start to its end.</param>
    public static void Write(string path, Action<FileStream> write)
    {
        string target = FilePath.Resolve(path);
        if (FilePath.IsPipeOrDevice(target))
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            write(stream);
            return;
        }

        string temporary = TemporaryOf(target);
        FileStream file = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None); // If another writes, its file must stay.
        try
        {
            using (file)
            {
                write(file);
                file.Flush(flushToDisk: true);
            }

            Replace(temporary, target);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>The same for an action that writes to a path.</summary>
    public static void Write(string path, Action<string> write)
    {
        string target = FilePath.Resolve(path);
        if (FilePath.IsPipeOrDevice(target))
        {
            write(path);
            return;
        }

        string temporary = TemporaryOf(target);
        try
        {
            write(temporary);
            Replace(temporary, target);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Writes text. Lines end in "\n" on every system, so that the same results give the same file.</summary>
    public static void WriteText(string path, string text) =>
        Write(path, temporary => File.WriteAllText(temporary, text.Replace("\r\n", "\n", StringComparison.Ordinal)));

    /// <summary>Renames a file over another, which may be a symbolic link. The permissions of the other file stay.</summary>
    /// <remarks>
    /// Linux and macOS rename over a file that other processes have open; Windows refuses until they close it. A scanner that reads the
    /// last checkpoint must not end a run of hours, so on Windows the rename is repeated for a while.
    /// </remarks>
    public static void Replace(string temporary, string path)
    {
        string target = FilePath.Resolve(path);
        if (FilePath.IsPipeOrDevice(target)) throw new IOException($"{path}: a file cannot take the place of a pipe or a device.");
        if (!OperatingSystem.IsWindows()) KeepMode(temporary, target);
        if (OperatingSystem.IsWindows() && !Directory.Exists(target)) Repeat(() => File.Move(temporary, target, overwrite: true), Pause);
        else File.Move(temporary, target, overwrite: true);
    }

    /// <summary>Repeats an action while it fails with the errors that Windows gives if another process holds the file.</summary>
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

    private static string TemporaryOf(string target) => Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.tmp");

    [UnsupportedOSPlatform("windows")]
    private static void KeepMode(string temporary, string target)
    {
        if (File.Exists(target) && File.GetUnixFileMode(target) is var mode && mode != File.GetUnixFileMode(temporary))
            File.SetUnixFileMode(temporary, mode);
    }
}
