namespace HslEmbeddingZero.Samples;

/// <summary>
/// The right to train a run, held through a locked file. Several processes, one a core or a device, can thus share a study; the system
/// gives the right back when a process ends, however it ends.
/// </summary>
internal sealed class RunClaim : IDisposable
{
    private readonly FileStream _file;

    private RunClaim(FileStream file) => _file = file;

    /// <summary>Claims a run, or gives null where another process has it.</summary>
    /// <param name="path">File of the claim. It stays behind, and then says nothing.</param>
    /// <exception cref="IOException">There can be no such file, as its name is too long or the disk full.</exception>
    public static RunClaim? TryTake(string path)
    {
        try
        {
            return new RunClaim(new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None));
        }
        catch (IOException) when (File.Exists(path)) // otherwise it cannot be made, and waiting would not help
        {
            return null;
        }
    }

    public void Dispose() => _file.Dispose();
}
