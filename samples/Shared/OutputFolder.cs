namespace HslEmbeddingZero.Samples;

/// <summary>
/// The folder that a program writes to, held for one process. A lock of the system holds it: it ends with the process, also after a kill,
/// and the file that a kill leaves behind refuses nobody.
/// </summary>
internal sealed class OutputFolder : IDisposable
{
    public const string LockName = ".in-use";

    private readonly FileStream _lock;
    private readonly IReadOnlyList<string> _created;

    private OutputFolder(FileStream taken, IReadOnlyList<string> created) => (_lock, _created) = (taken, created);

    /// <summary>
    /// Creates the folder, checks that it is writable, and takes it. Do this before a long run, and before its inputs are read.
    /// </summary>
    /// <exception cref="IOException">
    /// The folder is not writable, or another process is using it. The message names the option and the folder.
    /// </exception>
    public static OutputFolder Take(DirectoryInfo folder)
    {
        List<string> created = Create(folder);
        string path = Path.Combine(folder.FullName, LockName);
        while (true)
        {
            try
            {
                FileStream taken = new(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
                if (File.Exists(path)) return new(taken, created);
                taken.Dispose(); // The process that had it has just deleted it. A third one may take the name anew.
            }
            catch (IOException error) when (File.Exists(path) && error is not (DirectoryNotFoundException or PathTooLongException))
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
            foreach (string folder in _created) Directory.Delete(folder);
        }
        catch (IOException)
        {
            // It is not empty, so it stays, with the folders around it.
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
