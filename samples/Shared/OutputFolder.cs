namespace HslEmbeddingZero.Samples;

/// <summary>
/// The folder that a program writes to, held for one process, or for several that share it. A lock of the system holds it: it ends with the
/// process, also after a kill, and the file that a kill leaves behind refuses nobody.
/// </summary>
internal sealed class OutputFolder : IDisposable
{
    public const string LockName = ".in-use";

    /// <summary>What the system calls a lock of another process: EAGAIN of Linux and of macOS, and Windows' sharing violation.</summary>
    private static readonly int[] Locked = [11, 35, unchecked((int)0x80070020)];

    private readonly string _path;
    private readonly FileStream _lock;
    private readonly IReadOnlyList<string> _created;

    private OutputFolder(string path, FileStream taken, IReadOnlyList<string> created) =>
        (_path, _lock, _created) = (path, taken, created);

    /// <summary>
    /// Creates the folder, checks that it is writable, and takes it. Do this before a long run, and before its inputs are read.
    /// </summary>
    /// <param name="folder">The folder. It is created if it does not exist.</param>
    /// <param name="isShared">Whether other processes may share it that say so too. Each of their runs has its own lock.</param>
    /// <exception cref="IOException">
    /// The folder is not writable, or another process is using it. The message names the option and the folder.
    /// </exception>
    public static OutputFolder Take(DirectoryInfo folder, bool isShared = false)
    {
        List<string> created = Create(folder);
        string path = Path.Combine(folder.FullName, LockName);
        while (true)
        {
            try
            {
                FileStream taken = isShared
                    ? new(path, FileMode.OpenOrCreate, FileAccess.Read, FileShare.Read)
                    : new(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
                if (File.Exists(path)) return new(path, taken, created);
                taken.Dispose(); // The process that had it has just deleted it. A third one may take the name anew.
            }
            catch (IOException error) when (Locked.Contains(error.HResult))
            {
                throw new IOException(
                    $"--out {folder.FullName} is in use by another process. Wait for it to end, or choose another --out.", error);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw CannotBeWritten(folder, error);
            }
        }
    }

    /// <summary>Creates a folder that several processes may share, and checks that it is writable.</summary>
    /// <exception cref="IOException">The folder is not writable. The message names the option and the folder.</exception>
    public static void RequireWritable(DirectoryInfo folder)
    {
        Create(folder);
        try
        {
            string probe = Path.Combine(folder.FullName, $".write-test-{Environment.ProcessId}");
            File.WriteAllText(probe, "");
            File.Delete(probe);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CannotBeWritten(folder, error);
        }
    }

    /// <summary>Gives the folder back. Folders that were created for nothing, as nothing was written, are removed.</summary>
    public void Dispose()
    {
        _lock.Dispose();
        try
        {
            // Deleted only where nobody else holds it.
            new FileStream(_path, FileMode.Open, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose).Dispose();
            foreach (string folder in _created) Directory.Delete(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Another process shares the folder, or it is not empty. It stays, with the folders around it.
        }
    }

    /// <returns>The folders that did not exist, the innermost first.</returns>
    private static List<string> Create(DirectoryInfo folder)
    {
        List<string> created = [];
        try
        {
            for (DirectoryInfo? one = folder; one is not null && !Directory.Exists(one.FullName); one = one.Parent)
                created.Add(one.FullName);
            folder.Create();
            return created;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw CannotBeWritten(folder, error);
        }
    }

    private static IOException CannotBeWritten(DirectoryInfo folder, Exception error) =>
        new($"--out {folder.FullName} cannot be written: {error.Message}", error);
}
